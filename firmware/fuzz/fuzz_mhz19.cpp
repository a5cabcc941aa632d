// Any bytes on the UART of an MH-Z19: a concentration comes from a whole frame with its checksum, or not at all.
#include "fuzzing.h"
#include "mhz19_frame.h"

using namespace ct;
using ct::fuzz::must;

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  Mhz19Parser parser;
  for (size_t i = 0; i < size; ++i) {
    if (parser.feed(bytes[i]) != Mhz19Result::co2) continue;
    must(i + 1 >= kMhz19FrameBytes, "nine bytes make a frame");
    const uint8_t* frame = bytes + i + 1 - kMhz19FrameBytes;
    unsigned sum = 0;
    for (size_t place = 1; place < kMhz19FrameBytes; ++place) sum += frame[place];
    must(frame[0] == 0xFF && frame[1] == 0x86 && sum % 256 == 0, "co2 is taken from a sound frame");
    must(parser.co2_ppm() == frame[2] * 256u + frame[3], "co2 is what the frame says");
  }
  must(parser.skipped_count() <= size, "no byte is skipped twice");
  return 0;
}
