#include "thermocouple.h"

namespace ct {

namespace {

// Two's complement of `bits` bits, without shifting a negative number.
int32_t sign_extended(uint32_t value, unsigned bits) {
  const int32_t plain = static_cast<int32_t>(value);
  return (value & (1u << (bits - 1))) ? plain - (static_cast<int32_t>(1) << bits) : plain;
}

}  // namespace

ThermocoupleResult max31855_sample(const uint8_t bytes[4], ThermocoupleSample& sample) {
  const uint32_t word = (static_cast<uint32_t>(bytes[0]) << 24) | (static_cast<uint32_t>(bytes[1]) << 16) |
                        (static_cast<uint32_t>(bytes[2]) << 8) | bytes[3];
  // A line that floats or is held reads as all ones or all zeros; a true chip at 0 C beside 0 C does not occur here.
  if (word == 0 || word == 0xFFFFFFFFu) return ThermocoupleResult::no_chip;
  if (word & 0x1u) return ThermocoupleResult::open;
  if (word & 0x2u) return ThermocoupleResult::short_to_ground;
  if (word & 0x4u) return ThermocoupleResult::short_to_supply;
  // Bits 3 and 17 are always 0; a fault bit without its cause is no frame of this chip.
  if (word & ((1u << 3) | (1u << 16) | (1u << 17))) return ThermocoupleResult::bad_frame;
  sample.temperature_c = sign_extended(word >> 18, 14) * 0.25;
  sample.cold_junction_c = sign_extended((word >> 4) & 0xFFFu, 12) * 0.0625;
  return ThermocoupleResult::ok;
}

ThermocoupleResult max6675_sample(const uint8_t bytes[2], ThermocoupleSample& sample) {
  const unsigned word = bytes[0] * 256u + bytes[1];
  if (word == 0 || word == 0xFFFFu) return ThermocoupleResult::no_chip;
  if (word & 0x8002u) return ThermocoupleResult::bad_frame;  // dummy sign bit and device id are 0
  if (word & 0x4u) return ThermocoupleResult::open;
  sample.temperature_c = ((word >> 3) & 0xFFFu) * 0.25;
  sample.cold_junction_c = 0;
  return ThermocoupleResult::ok;
}

}  // namespace ct
