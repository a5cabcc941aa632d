// I2C and SPI answers against the tables of the data sheets.
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

#include "anemometer.h"
#include "bme280.h"
#include "crc.h"
#include "sensirion.h"
#include "thermocouple.h"

using namespace ct;

namespace {

void put_word(uint8_t* out, uint16_t word) {
  out[0] = static_cast<uint8_t>(word >> 8);
  out[1] = static_cast<uint8_t>(word & 0xFF);
  out[2] = crc8_sensirion(out, 2);
}

ThermocoupleResult max31855(uint32_t word, ThermocoupleSample& sample) {
  const uint8_t bytes[] = {static_cast<uint8_t>(word >> 24), static_cast<uint8_t>(word >> 16),
                           static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)};
  return max31855_sample(bytes, sample);
}

uint32_t word_of(uint32_t bits14, uint32_t bits12) { return (bits14 << 18) | (bits12 << 4); }

}  // namespace

TEST_SUITE_BEGIN("sensirion");

TEST_CASE("checksums match the published examples") {
  const uint8_t beef[] = {0xBE, 0xEF};
  CHECK(crc8_sensirion(beef, 2) == 0x92);
  CHECK(crc32(reinterpret_cast<const uint8_t*>("123456789"), 9) == 0xCBF43926u);
}

TEST_CASE("STC31: 16384 ticks are zero, 32768 more are all of it") {
  CHECK(stc31_ppm_from_ticks(16'384) == 0.0);
  CHECK(stc31_ppm_from_ticks(49'152) == 1e6);
  CHECK(stc31_ppm_from_ticks(16'384 + 3'277) == doctest::Approx(100'006.1).epsilon(1e-6));
  CHECK(stc31_ppm_from_ticks(16'000) < 0.0);
}

TEST_CASE("STC31: an answer is two words, each with its CRC") {
  uint8_t answer[6];
  put_word(answer, 19'661);
  put_word(answer + 3, static_cast<uint16_t>(-1000));
  Stc31Sample sample;
  REQUIRE(stc31_sample(answer, sample) == WordResult::ok);
  CHECK(sample.co2_ppm == doctest::Approx(100'006.1));
  CHECK(sample.temperature_c == -5.0);
  answer[4] ^= 0x10;
  CHECK(stc31_sample(answer, sample) == WordResult::bad_crc);
}

TEST_CASE("STC31: commands carry pressure in hPa and humidity in 16 bits") {
  uint8_t command[5];
  stc31_set_pressure(79'480, command);
  CHECK(command[0] == 0x36);
  CHECK(command[1] == 0x2F);
  CHECK(command[2] * 256 + command[3] == 794);
  CHECK(command[4] == crc8_sensirion(command + 2, 2));
  stc31_set_humidity(50, command);
  CHECK(command[2] * 256 + command[3] == 32'767);
  stc31_set_gas(0x0003, command);
  CHECK(command[3] == 3);
}

TEST_CASE("SDP810-125Pa: ticks over the scale that it sends itself, negative ones too") {
  uint8_t answer[9];
  put_word(answer, 1'272);
  put_word(answer + 3, 5'000);
  put_word(answer + 6, 240);
  Sdp8xxSample sample;
  REQUIRE(sdp8xx_sample(answer, sample) == Sdp8xxResult::ok);
  CHECK(sample.differential_pressure_pa == doctest::Approx(5.3));
  CHECK(sample.temperature_c == 25.0);
  put_word(answer, static_cast<uint16_t>(-240));
  REQUIRE(sdp8xx_sample(answer, sample) == Sdp8xxResult::ok);
  CHECK(sample.differential_pressure_pa == -1.0);
}

TEST_CASE("SDP810: a wrong CRC or no scale gives no value") {
  uint8_t answer[9];
  put_word(answer, 1'272);
  put_word(answer + 3, 5'000);
  put_word(answer + 6, 0);
  Sdp8xxSample sample;
  CHECK(sdp8xx_sample(answer, sample) == Sdp8xxResult::bad_scale);
  for (size_t i = 0; i < sizeof answer; ++i) {
    put_word(answer + 6, 240);
    answer[i] ^= 0x01;
    CHECK(sdp8xx_sample(answer, sample) == Sdp8xxResult::bad_crc);
    answer[i] ^= 0x01;
  }
}

TEST_CASE("a mass-flow sensor reads low in thin air, and is set right") {
  CHECK(sdp8xx_at_pressure(10.0, 96'600.0) == doctest::Approx(10.0));
  CHECK(sdp8xx_at_pressure(10.0, 79'480.0) == doctest::Approx(12.154).epsilon(1e-4));
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("thermocouple");

TEST_CASE("MAX31855: thermocouple temperatures of the data sheet's table") {
  ThermocoupleSample sample;
  const struct {
    uint32_t bits;
    double celsius;
  } table[] = {{0b01100100000000, 1600.0}, {0b00111110100000, 1000.0}, {0b00000110010011, 100.75},
               {0b00000001100100, 25.0},   {0b11111111111111, -0.25},  {0b11111111111100, -1.0},
               {0b11110000011000, -250.0}};
  for (const auto& row : table) {
    REQUIRE(max31855(word_of(row.bits, 0b000110010000), sample) == ThermocoupleResult::ok);
    CHECK(sample.temperature_c == row.celsius);
    CHECK(sample.cold_junction_c == 25.0);
  }
}

TEST_CASE("MAX31855: cold junctions of the data sheet's table") {
  ThermocoupleSample sample;
  const struct {
    uint32_t bits;
    double celsius;
  } table[] = {{0b011111110000, 127.0}, {0b011001001001, 100.5625}, {0b000110010000, 25.0}, {0b111111111111, -0.0625},
               {0b111111110000, -1.0},  {0b111011000000, -20.0},    {0b110010010000, -55.0}};
  for (const auto& row : table) {
    REQUIRE(max31855(word_of(100, row.bits), sample) == ThermocoupleResult::ok);
    CHECK(sample.cold_junction_c == row.celsius);
  }
}

TEST_CASE("MAX31855: each fault is told by its name") {
  ThermocoupleSample sample;
  const uint32_t good = word_of(0b00000001100100, 0b000110010000);
  CHECK(max31855(good | (1u << 16) | 1u, sample) == ThermocoupleResult::open);
  CHECK(max31855(good | (1u << 16) | 2u, sample) == ThermocoupleResult::short_to_ground);
  CHECK(max31855(good | (1u << 16) | 4u, sample) == ThermocoupleResult::short_to_supply);
  CHECK(max31855(good | (1u << 16), sample) == ThermocoupleResult::bad_frame);
  CHECK(max31855(good | (1u << 3), sample) == ThermocoupleResult::bad_frame);
  CHECK(max31855(0, sample) == ThermocoupleResult::no_chip);
  CHECK(max31855(0xFFFFFFFFu, sample) == ThermocoupleResult::no_chip);
}

TEST_CASE("MAX6675: quarter degrees, open input, no chip") {
  ThermocoupleSample sample;
  const auto read = [&sample](unsigned word) {
    const uint8_t bytes[] = {static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word & 0xFF)};
    return max6675_sample(bytes, sample);
  };
  REQUIRE(read(726u << 3) == ThermocoupleResult::ok);
  CHECK(sample.temperature_c == 181.5);
  REQUIRE(read(4095u << 3) == ThermocoupleResult::ok);
  CHECK(sample.temperature_c == 1023.75);
  CHECK(read((726u << 3) | 4u) == ThermocoupleResult::open);
  CHECK(read((726u << 3) | 2u) == ThermocoupleResult::bad_frame);
  CHECK(read(0) == ThermocoupleResult::no_chip);
  CHECK(read(0xFFFF) == ThermocoupleResult::no_chip);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("bme280");

namespace {

// The worked example of Bosch's data sheet (BMP280, 3.12): counts 519888 and 415148 are 25.08 C and 100653.27 Pa.
Bme280Calibration example() {
  Bme280Calibration c;
  c.t1 = 27504;
  c.t2 = 26435;
  c.t3 = -1000;
  c.p1 = 36477;
  c.p2 = -10685;
  c.p3 = 3024;
  c.p4 = 2855;
  c.p5 = 140;
  c.p6 = -7;
  c.p7 = 15500;
  c.p8 = -14600;
  c.p9 = 6000;
  return c;
}

void put20(uint8_t* out, uint32_t count) {
  out[0] = static_cast<uint8_t>(count >> 12);
  out[1] = static_cast<uint8_t>(count >> 4);
  out[2] = static_cast<uint8_t>((count & 0xF) << 4);
}

}  // namespace

TEST_CASE("the data sheet's worked example") {
  uint8_t data[8] = {};
  put20(data, 415'148);
  put20(data + 3, 519'888);
  Bme280Sample sample;
  REQUIRE(bme280_sample(data, example(), sample) == Bme280Result::ok);
  CHECK(sample.temperature_c == doctest::Approx(25.08).epsilon(1e-4));
  CHECK(sample.pressure_pa == doctest::Approx(100'653.27).epsilon(1e-6));
  CHECK(sample.humidity_pct == 0.0);
}

TEST_CASE("calibration is read little-endian, with signs, and H4 and H5 share a byte") {
  const uint8_t bytes[26] = {0x70, 0x6B, 0x43, 0x67, 0x18, 0xFC, 0x7D, 0x8E, 0x43, 0xD6, 0xD0, 0x0B, 0x27,
                             0x0B, 0x8C, 0x00, 0xF9, 0xFF, 0x8C, 0x3C, 0xF8, 0xC6, 0x70, 0x17, 0x00, 0x4B};
  const uint8_t humidity[7] = {0x6F, 0x01, 0x00, 0x13, 0xF5, 0xFF, 0x1E};
  Bme280Calibration c;
  bme280_read_calibration(bytes, c);
  const Bme280Calibration wanted = example();
  CHECK(c.t1 == wanted.t1);
  CHECK(c.t3 == wanted.t3);
  CHECK(c.p1 == wanted.p1);
  CHECK(c.p2 == wanted.p2);
  CHECK(c.p9 == wanted.p9);
  CHECK(c.h1 == 75);
  bme280_read_humidity_calibration(humidity, c);
  CHECK(c.h2 == 367);
  CHECK(c.h4 == 0x135);
  CHECK(c.h5 == -1);
  CHECK(c.h6 == 30);
}

TEST_CASE("humidity stays within 0 to 100 % and is plausible at the usual count") {
  Bme280Calibration c = example();
  c.h1 = 75;
  c.h2 = 367;
  c.h3 = 0;
  c.h4 = 309;
  c.h5 = 50;
  c.h6 = 30;
  c.has_humidity = true;
  uint8_t data[8] = {};
  put20(data, 415'148);
  put20(data + 3, 519'888);
  Bme280Sample sample;
  double before = -1;
  for (unsigned count = 0; count < 0xFFFF; count += 1111) {
    if (count == 0x8000) continue;
    data[6] = static_cast<uint8_t>(count >> 8);
    data[7] = static_cast<uint8_t>(count & 0xFF);
    REQUIRE(bme280_sample(data, c, sample) == Bme280Result::ok);
    CHECK(sample.humidity_pct >= before);
    CHECK(sample.humidity_pct <= 100.0);
    before = sample.humidity_pct;
  }
  CHECK(before == 100.0);
}

TEST_CASE("before the first measurement, without a chip or without calibration there is no value") {
  uint8_t data[8] = {0x80, 0, 0, 0x80, 0, 0, 0x80, 0};
  Bme280Sample sample;
  CHECK(bme280_sample(data, example(), sample) == Bme280Result::not_measured);
  for (uint8_t& byte : data) byte = 0xFF;
  CHECK(bme280_sample(data, example(), sample) == Bme280Result::not_measured);
  put20(data, 415'148);
  put20(data + 3, 519'888);
  CHECK(bme280_sample(data, Bme280Calibration(), sample) == Bme280Result::bad_calibration);
}

TEST_CASE("a plausible pressure with a temperature that the chip cannot measure is no value") {
  uint8_t data[8] = {};
  put20(data, 415'148);
  put20(data + 3, 519'888);
  Bme280Calibration c = example();
  c.t1 = 60'272;  // one bit read wrong: -142 C, beside 76.9 kPa, which is the air of Kericho
  Bme280Sample sample;
  CHECK(bme280_sample(data, c, sample) == Bme280Result::bad_calibration);
  CHECK(sample.pressure_pa == 0.0);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("anemometer");

TEST_CASE("pulses over time, through the counter's wrap") {
  PulseAnemometer anemometer(0.1, 0.2);
  CHECK(anemometer.feed(0xFFFFFFF0u, 1000) == AnemometerResult::need_more);
  CHECK(anemometer.feed(0xFFFFFFF0u, 1000) == AnemometerResult::need_more);
  CHECK(anemometer.feed(14, 2000) == AnemometerResult::ok);
  CHECK(anemometer.velocity_ms() == doctest::Approx(0.1 * 30 + 0.2));
}

TEST_CASE("no pulse is no wind, not the offset") {
  PulseAnemometer anemometer(0.1, 0.2);
  anemometer.feed(5, 0);
  CHECK(anemometer.feed(5, 1000) == AnemometerResult::ok);
  CHECK(anemometer.velocity_ms() == 0.0);
}

TEST_CASE("4 to 20 mA is zero to full scale; outside it is a fault with a name") {
  double velocity = -1;
  CHECK(velocity_from_loop(4.0, 20, velocity) == AnemometerResult::ok);
  CHECK(velocity == 0.0);
  CHECK(velocity_from_loop(3.8, 20, velocity) == AnemometerResult::ok);
  CHECK(velocity == 0.0);
  CHECK(velocity_from_loop(12.0, 20, velocity) == AnemometerResult::ok);
  CHECK(velocity == 10.0);
  CHECK(velocity_from_loop(20.0, 20, velocity) == AnemometerResult::ok);
  CHECK(velocity == 20.0);
  CHECK(velocity_from_loop(3.5, 20, velocity) == AnemometerResult::broken_wire);
  CHECK(velocity_from_loop(21.5, 20, velocity) == AnemometerResult::above_scale);
  CHECK(velocity_from_loop(NAN, 20, velocity) == AnemometerResult::broken_wire);
}

TEST_SUITE_END();
