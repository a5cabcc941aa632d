// Any text on the UART of a SprintIR or ExplorIR: no concentration without a multiplier, and none that its digits and
// multiplier cannot give.
#include <string>

#include "fuzzing.h"
#include "gss_frame.h"

using namespace ct;
using ct::fuzz::must;

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  GssParser parser;
  std::string line;
  for (size_t i = 0; i < size; ++i) {
    const GssResult result = parser.feed(bytes[i]);
    if (bytes[i] != '\n') line += static_cast<char>(bytes[i]);
    if (result == GssResult::co2) {
      must(parser.multiplier() != 0, "a number without its multiplier is no concentration");
      must(ct::fuzz::is_within(parser.co2_ppm(), 0.0, 99'999.0 * 100.0), "five digits times 100 is the most");
      must(line.find('Z') != std::string::npos, "co2 stands behind a Z");
    }
    if (bytes[i] == '\n') line.clear();
    const uint32_t multiplier = parser.multiplier();
    must(multiplier == 0 || multiplier == 1 || multiplier == 10 || multiplier == 100, "a multiplier is 1, 10 or 100");
  }
  return 0;
}
