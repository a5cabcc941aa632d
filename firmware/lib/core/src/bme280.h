// Bosch BME280 and BMP280: raw counts and the chip's own calibration to degrees, pascal and relative humidity, by the
// data sheet's form in double precision (it cannot overflow, whatever calibration is read). The registers
// are here too; instruments.h talks to the chip.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

inline constexpr uint8_t kBme280Address = 0x76;
inline constexpr uint8_t kBme280Id = 0x60, kBmp280Id = 0x58;
inline constexpr uint8_t kBme280IdRegister = 0xD0;
inline constexpr uint8_t kBme280CalibrationRegister = 0x88;  // 26 bytes: temperature, pressure, H1
inline constexpr uint8_t kBme280HumidityRegister = 0xE1;     // 7 bytes: H2..H6
inline constexpr uint8_t kBme280DataRegister = 0xF7;         // 8 bytes: pressure, temperature, humidity
inline constexpr size_t kBme280CalibrationBytes = 26, kBme280HumidityBytes = 7, kBme280DataBytes = 8;

struct Bme280Calibration {
  uint16_t t1 = 0;
  int16_t t2 = 0, t3 = 0;
  uint16_t p1 = 0;
  int16_t p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0, p8 = 0, p9 = 0;
  uint8_t h1 = 0, h3 = 0;
  int16_t h2 = 0, h4 = 0, h5 = 0;
  int8_t h6 = 0;
  bool has_humidity = false;  // BME280
};

struct Bme280Sample {
  double temperature_c = 0;
  double pressure_pa = 0;
  double humidity_pct = 0;  // only where the calibration has it
};

enum class Bme280Result { ok, not_measured, bad_calibration };

void bme280_read_calibration(const uint8_t bytes[kBme280CalibrationBytes], Bme280Calibration& calibration);
void bme280_read_humidity_calibration(const uint8_t bytes[kBme280HumidityBytes], Bme280Calibration& calibration);
Bme280Result bme280_sample(const uint8_t data[kBme280DataBytes], const Bme280Calibration& calibration,
                           Bme280Sample& sample);

}  // namespace ct
