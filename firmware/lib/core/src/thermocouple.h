// Type K thermocouple chips on SPI: MAX31855 (four bytes) and MAX6675 (two bytes).
#pragma once

#include <cstdint>

namespace ct {

enum class ThermocoupleResult { ok, no_chip, open, short_to_ground, short_to_supply, bad_frame };

struct ThermocoupleSample {
  double temperature_c = 0;
  double cold_junction_c = 0;  // MAX31855 only
};

ThermocoupleResult max31855_sample(const uint8_t bytes[4], ThermocoupleSample& sample);
ThermocoupleResult max6675_sample(const uint8_t bytes[2], ThermocoupleSample& sample);

}  // namespace ct
