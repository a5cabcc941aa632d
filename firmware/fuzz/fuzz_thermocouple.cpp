// Any four bytes of a MAX31855 and any two of a MAX6675: a temperature of the chip's range, or what is wrong.
#include "fuzzing.h"
#include "thermocouple.h"

using namespace ct;
using ct::fuzz::is_within;
using ct::fuzz::must;

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ct::fuzz::Input input(bytes, size);
  uint8_t frame[4];
  input.take(frame, sizeof frame);
  ThermocoupleSample sample;
  if (max31855_sample(frame, sample) == ThermocoupleResult::ok) {
    must((frame[3] & 0x0F) == 0 && (frame[1] & 0x03) == 0, "bits that are always 0 are 0");
    must(is_within(sample.temperature_c, -2048.0, 2047.75), "fourteen bits of a quarter degree");
    must(is_within(sample.cold_junction_c, -128.0, 127.9375), "twelve bits of a sixteenth degree");
  }
  if (max6675_sample(frame, sample) == ThermocoupleResult::ok) {
    must((frame[0] & 0x80) == 0 && (frame[1] & 0x06) == 0, "bits that are always 0 are 0");
    must(is_within(sample.temperature_c, 0.0, 1023.75), "twelve bits of a quarter degree");
  }
  return 0;
}
