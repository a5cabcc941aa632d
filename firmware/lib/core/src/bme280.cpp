#include "bme280.h"

namespace ct {

namespace {

uint16_t u16(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] + bytes[1] * 256u); }
int16_t s16(const uint8_t* bytes) { return static_cast<int16_t>(u16(bytes)); }
int32_t count20(const uint8_t* bytes) { return (bytes[0] * 4096) + (bytes[1] * 16) + (bytes[2] / 16); }

constexpr int32_t kSkipped20 = 0x80000;  // what the chip gives before its first measurement
constexpr int32_t kSkipped16 = 0x8000;
constexpr double kLowestPa = 30'000.0, kHighestPa = 110'000.0;
constexpr double kLowestC = -40.0, kHighestC = 85.0;

// The data sheet's "fine temperature", which the other two build on.
double fine_temperature(int32_t count, const Bme280Calibration& c) {
  const double a = (count / 16'384.0 - c.t1 / 1'024.0) * c.t2;
  const double delta = count / 131'072.0 - c.t1 / 8'192.0;
  return a + delta * delta * c.t3;
}

// 0 where the calibration would divide by zero.
double pressure_pa(int32_t count, double fine, const Bme280Calibration& c) {
  double var1 = fine / 2.0 - 64'000.0;
  double var2 = var1 * var1 * c.p6 / 32'768.0;
  var2 += var1 * c.p5 * 2.0;
  var2 = var2 / 4.0 + c.p4 * 65'536.0;
  var1 = (c.p3 * var1 * var1 / 524'288.0 + c.p2 * var1) / 524'288.0;
  var1 = (1.0 + var1 / 32'768.0) * c.p1;
  if (var1 == 0.0) return 0.0;
  double p = (1'048'576.0 - count - var2 / 4'096.0) * 6'250.0 / var1;
  var1 = c.p9 * p * p / 2'147'483'648.0;
  var2 = p * c.p8 / 32'768.0;
  return p + (var1 + var2 + c.p7) / 16.0;
}

double humidity(int32_t count, double fine, const Bme280Calibration& c) {
  double h = fine - 76'800.0;
  h = (count - (c.h4 * 64.0 + c.h5 / 16'384.0 * h)) *
      (c.h2 / 65'536.0 * (1.0 + c.h6 / 67'108'864.0 * h * (1.0 + c.h3 / 67'108'864.0 * h)));
  h *= 1.0 - c.h1 * h / 524'288.0;
  return h > 100.0 ? 100.0 : h < 0.0 ? 0.0 : h;
}

}  // namespace

void bme280_read_calibration(const uint8_t bytes[kBme280CalibrationBytes], Bme280Calibration& c) {
  c.t1 = u16(bytes);
  c.t2 = s16(bytes + 2);
  c.t3 = s16(bytes + 4);
  c.p1 = u16(bytes + 6);
  c.p2 = s16(bytes + 8);
  c.p3 = s16(bytes + 10);
  c.p4 = s16(bytes + 12);
  c.p5 = s16(bytes + 14);
  c.p6 = s16(bytes + 16);
  c.p7 = s16(bytes + 18);
  c.p8 = s16(bytes + 20);
  c.p9 = s16(bytes + 22);
  c.h1 = bytes[25];
}

void bme280_read_humidity_calibration(const uint8_t bytes[kBme280HumidityBytes], Bme280Calibration& c) {
  c.h2 = s16(bytes);
  c.h3 = bytes[2];
  // H4 and H5 are twelve bits each and share the byte in the middle.
  c.h4 = static_cast<int16_t>(static_cast<int8_t>(bytes[3]) * 16 + (bytes[4] & 0x0F));
  c.h5 = static_cast<int16_t>(static_cast<int8_t>(bytes[5]) * 16 + (bytes[4] >> 4));
  c.h6 = static_cast<int8_t>(bytes[6]);
  c.has_humidity = true;
}

Bme280Result bme280_sample(const uint8_t data[kBme280DataBytes], const Bme280Calibration& c, Bme280Sample& sample) {
  const int32_t pressure_count = count20(data), temperature_count = count20(data + 3);
  const int32_t humidity_count = data[6] * 256 + data[7];
  if (pressure_count == kSkipped20 || temperature_count == kSkipped20) return Bme280Result::not_measured;
  // An absent chip on a bus with pull-ups answers with ones.
  if (pressure_count == 0xFFFFF && temperature_count == 0xFFFFF) return Bme280Result::not_measured;
  const double fine = fine_temperature(temperature_count, c);
  const double temperature_c = fine / 5'120.0;
  const double pressure = pressure_pa(pressure_count, fine, c);
  // The chip measures 300 to 1100 hPa and -40 to 85 C; anything else is a calibration that was not read. Both are looked
  // at: the pressure builds on the temperature, and one wrong bit of calibration can leave it plausible.
  if (!(pressure >= kLowestPa && pressure <= kHighestPa)) return Bme280Result::bad_calibration;
  if (!(temperature_c >= kLowestC && temperature_c <= kHighestC)) return Bme280Result::bad_calibration;
  sample.temperature_c = temperature_c;
  sample.pressure_pa = pressure;
  const bool is_measured = c.has_humidity && humidity_count != kSkipped16;
  sample.humidity_pct = is_measured ? humidity(humidity_count, fine, c) : 0.0;
  return Bme280Result::ok;
}

}  // namespace ct
