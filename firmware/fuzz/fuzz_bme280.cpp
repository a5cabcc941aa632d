// Any calibration and any counts of a BME280 or BMP280: values that the chip can give, or a refusal.
#include <cmath>

#include "bme280.h"
#include "fuzzing.h"

using namespace ct;
using ct::fuzz::is_within;
using ct::fuzz::must;

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ct::fuzz::Input input(bytes, size);
  uint8_t calibration_bytes[kBme280CalibrationBytes], humidity_bytes[kBme280HumidityBytes], data[kBme280DataBytes];
  input.take(data, sizeof data);
  input.take(calibration_bytes, sizeof calibration_bytes);
  const bool has_humidity = input.left() != 0;
  input.take(humidity_bytes, sizeof humidity_bytes);

  Bme280Calibration calibration;
  bme280_read_calibration(calibration_bytes, calibration);
  if (has_humidity) bme280_read_humidity_calibration(humidity_bytes, calibration);
  Bme280Sample sample;
  if (bme280_sample(data, calibration, sample) != Bme280Result::ok) return 0;
  must(is_within(sample.pressure_pa, 30'000.0, 110'000.0), "the pressure is one that the chip measures");
  must(is_within(sample.humidity_pct, 0.0, 100.0), "the humidity is one that the chip measures");
  must(is_within(sample.temperature_c, -40.0, 85.0), "the temperature is one that the chip measures");
  return 0;
}
