// Sensors made of bytes, read by the real parsers; and the scenarios that move them.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "fakes.h"
#include "instruments.h"
#include "scenario.h"
#include "simulated_sensors.h"

using namespace ct;

namespace {

struct Bench {
  Settings settings;
  Chimney chimney;
  SimulatedUart uart;
  SimulatedI2c i2c{chimney};
  SimulatedSpi spi;
  Instruments instruments;
  uint64_t now_ms = 0;

  explicit Bench(Co2Sensor kind = Co2Sensor::gss, ThermocoupleChip chip = ThermocoupleChip::max31855)
      : settings(with(kind, chip)),
        uart(chimney, kind, kind == Co2Sensor::mhz19 ? 5000 : 200'000),
        spi(chimney, chip),
        instruments(settings, {&uart, &i2c, &spi, nullptr, nullptr}) {
    instruments.begin();
  }
  static Settings with(Co2Sensor kind, ThermocoupleChip chip) {
    Settings settings;
    settings.co2_sensor = kind;
    settings.thermocouple = chip;
    settings.warm_up_s = 60;
    settings.altitude_m = 2000;
    return settings;
  }
  Sample sample() {
    now_ms += 1000;
    return instruments.sample(now_ms);
  }
  Sample after(int seconds) {
    for (int i = 1; i < seconds; ++i) sample();
    return sample();
  }
};

}  // namespace

TEST_SUITE_BEGIN("instruments");

TEST_CASE("all sensors of the chimney build tell the truth they were given") {
  Bench bench;
  const Sample sample = bench.after(3);
  CHECK(sample.faults == 0);
  CHECK(sample.values[kCo2Ppm] == 93'250);
  CHECK(sample.values[kTemperatureC] == 181.5);
  CHECK(sample.values[kPressurePa] == doctest::Approx(79'480).epsilon(1e-4));
  CHECK(sample.values[kCellTemperatureC] == doctest::Approx(31.5).epsilon(1e-3));
  CHECK(sample.values[kHumidityPct] == doctest::Approx(41).epsilon(0.01));
  CHECK(sample.values[kDpPa] == doctest::Approx(5.3).epsilon(2e-3));
  // 0.84 sqrt(2 5.3 / 0.62031), density of the smoke at 181.5 C and 79,480 Pa.
  CHECK(sample.values[kVelocityMs] == doctest::Approx(3.4724).epsilon(2e-3));
}

TEST_CASE("MH-Z19, STC31 and MAX6675 do as well") {
  Bench bench(Co2Sensor::mhz19, ThermocoupleChip::max6675);
  bench.chimney.co2_ppm = 544;
  CHECK(bench.after(3).values[kCo2Ppm] == 544);
  CHECK(bench.sample().values[kTemperatureC] == 181.5);
  bench.chimney.co2_ppm = 93'250;
  CHECK(bench.after(2).values[kCo2Ppm] == 5000);  // its ceiling: the sampler flags it
  Bench stc(Co2Sensor::stc31);
  CHECK(stc.after(2).values[kCo2Ppm] == doctest::Approx(93'250).epsilon(1e-3));
}

TEST_CASE("warm-up lasts as long as the settings say") {
  Bench bench;
  CHECK(bench.sample().is_warm_up);
  CHECK(bench.after(59).is_warm_up);
  CHECK_FALSE(bench.after(2).is_warm_up);
}

TEST_CASE("a CO2 sensor that goes silent is a fault within seconds, and back by itself when it returns") {
  Bench bench;
  bench.after(3);
  bench.chimney.is_co2_unplugged = true;
  CHECK(bench.after(4).faults == 0);
  CHECK(bench.after(3).faults == kCo2Fault);
  CHECK(std::strstr(bench.instruments.last_fault(), "CO2 sensor") != nullptr);
  bench.chimney.is_co2_unplugged = false;
  CHECK(bench.after(10).faults == 0);
  CHECK(bench.sample().values[kCo2Ppm] == 93'250);
}

TEST_CASE("an open thermocouple takes the velocity with it, for there is no density without it") {
  Bench bench;
  bench.after(2);
  bench.chimney.is_thermocouple_open = true;
  const Sample sample = bench.sample();
  CHECK(sample.faults == (kTemperatureFault | kVelocityFault));
  CHECK(std::isnan(sample.values[kVelocityMs]));
  CHECK_FALSE(std::isnan(sample.values[kDpPa]));
}

TEST_CASE("without the barometer the pitot goes on with the site's altitude") {
  Bench bench;
  bench.after(2);
  bench.chimney.is_barometer_unplugged = true;
  const Sample sample = bench.sample();
  CHECK(sample.faults == kPressureFault);
  CHECK(std::isnan(sample.values[kPressurePa]));
  CHECK(sample.values[kVelocityMs] == doctest::Approx(3.472).epsilon(5e-3));
  bench.chimney.is_barometer_unplugged = false;
  CHECK(bench.sample().faults == 0);
}

TEST_CASE("swapped hoses are a fault with a remedy; noise around zero is no wind") {
  Bench bench;
  bench.after(2);
  bench.chimney.differential_pressure_pa = -3;
  CHECK(bench.sample().faults == kVelocityFault);
  CHECK(std::string(bench.instruments.last_fault()).find("swap") != std::string::npos);
  bench.chimney.differential_pressure_pa = -0.2;
  CHECK(bench.sample().values[kVelocityMs] == 0.0);
  bench.chimney.is_pitot_unplugged = true;
  CHECK(bench.sample().faults == kVelocityFault);
}

TEST_CASE("stray bytes on the line cost no reading, for either protocol") {
  for (const Co2Sensor kind : {Co2Sensor::mhz19, Co2Sensor::gss}) {
    Bench bench(kind);
    bench.chimney.co2_ppm = 1000;
    bench.after(3);
    bench.chimney.is_line_noisy = true;
    int missing = 0;
    for (int i = 0; i < 200; ++i) {
      const Sample sample = bench.sample();
      missing += sample.faults != 0 ? 1 : 0;
      // A stray digit can look like a reading of a protocol without a checksum; with one it cannot.
      if (kind == Co2Sensor::mhz19 && sample.faults == 0) CHECK(sample.values[kCo2Ppm] == 1000);
    }
    CHECK(missing < 5);
  }
}

TEST_CASE("zeroing flags what follows, and is refused where the sensor has no such thing") {
  Bench bench;
  bench.after(2);
  CHECK(bench.instruments.zero(ZeroReference::nitrogen, bench.now_ms));
  CHECK(bench.sample().is_calibrating);
  CHECK_FALSE(bench.after(61).is_calibrating);
  CHECK_FALSE(Bench(Co2Sensor::mhz19).instruments.zero(ZeroReference::nitrogen, 0));
  CHECK_FALSE(Bench(Co2Sensor::stc31).instruments.zero(ZeroReference::fresh_air, 0));
}

TEST_CASE("no ports at all: every value missing, nothing crashes") {
  Settings settings;
  for (const VelocitySensor kind : {VelocitySensor::sdp8xx, VelocitySensor::pulse, VelocitySensor::loop}) {
    settings.velocity_sensor = kind;
    Instruments instruments(settings, SensorPorts());
    instruments.begin();
    instruments.poll(0);
    const Sample sample = instruments.sample(1000);
    CHECK(sample.faults == (kCo2Fault | kTemperatureFault | kVelocityFault | kPressureFault));
    CHECK_FALSE(instruments.zero(ZeroReference::fresh_air, 0));
  }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("scenario");

TEST_CASE("events come in their order, and the chimney follows") {
  Scenario scenario;
  std::string error;
  REQUIRE(
      scenario.read("# a day\n0 firing\n10 idle # lunch\n20 saturation\n30 unplug thermocouple\n40 reboot\n"
                    "40 power_cut\n50 stop\n",
                    error));
  Chimney chimney;
  bool is_clock_set = true;
  CHECK(scenario.advance(5, chimney, is_clock_set) == NodeEvent::none);
  CHECK(chimney.co2_ppm > 70'000);
  scenario.advance(15, chimney, is_clock_set);
  CHECK(chimney.co2_ppm == 430);
  scenario.advance(35, chimney, is_clock_set);
  CHECK(chimney.co2_ppm == 1e6);
  CHECK(chimney.is_thermocouple_open);
  CHECK(scenario.advance(45, chimney, is_clock_set) == NodeEvent::reboot);
  CHECK(scenario.advance(45, chimney, is_clock_set) == NodeEvent::power_cut);
  CHECK(scenario.advance(45, chimney, is_clock_set) == NodeEvent::none);
  CHECK(scenario.advance(60, chimney, is_clock_set) == NodeEvent::stop);
}

TEST_CASE("drift, noise, the clock, supply and signal") {
  Scenario scenario;
  std::string error;
  REQUIRE(scenario.read("0 clock unset\n0 noise on\n0 drift 10\n5 clock set\n5 supply 4.61\n5 signal -71\n", error));
  Chimney chimney;
  bool is_clock_set = true;
  scenario.advance(4, chimney, is_clock_set);
  CHECK_FALSE(is_clock_set);
  CHECK(chimney.is_line_noisy);
  CHECK(chimney.co2_drift_ppm == 40);
  CHECK(chimney.supply_v == 0);
  scenario.advance(6, chimney, is_clock_set);
  CHECK(is_clock_set);
  CHECK(chimney.supply_v == 4.61);
  CHECK(chimney.rssi_dbm == -71);
}

TEST_CASE("a scenario may begin again") {
  Scenario scenario;
  std::string error;
  REQUIRE(scenario.read("10 unplug co2\n20 plug co2\n30 again\n", error));
  Chimney chimney;
  bool is_clock_set = true;
  for (const double round_s : {0.0, 30.0, 60.0}) {
    scenario.advance(round_s + 9, chimney, is_clock_set);
    CHECK_FALSE(chimney.is_co2_unplugged);
    scenario.advance(round_s + 11, chimney, is_clock_set);
    CHECK(chimney.is_co2_unplugged);
    scenario.advance(round_s + 21, chimney, is_clock_set);
  }
}

TEST_CASE("a gas table is followed between its moments and held outside of them") {
  GasTable gas;
  Scenario scenario;
  std::string error;
  REQUIRE(gas.read("# Unix s, ppm, C, Pa, Pa\n1000 90000 180 5 79000\n1100 100000 200 6 79100\n", error));
  scenario.use_gas(gas);
  Chimney chimney;
  bool is_clock_set = true;
  scenario.advance(1, chimney, is_clock_set, 1050);
  CHECK(chimney.co2_ppm == 95'000);
  CHECK(chimney.temperature_c == 190);
  CHECK(chimney.differential_pressure_pa == 5.5);
  CHECK(chimney.pressure_pa == 79'050);
  scenario.advance(2, chimney, is_clock_set, 1);
  CHECK(chimney.co2_ppm == 90'000);
  scenario.advance(3, chimney, is_clock_set, 9999);
  CHECK(chimney.co2_ppm == 100'000);
  for (const char* text : {"1 2 3 4", "1 2 3 4 5 6", "x 2 3 4 5", "5 1 1 1 1\n4 1 1 1 1", "1 2 3 4 high"}) {
    CAPTURE(text);
    GasTable other;
    CHECK_FALSE(other.read(text, error));
    CHECK(error.find("line ") == 0);
  }
}

TEST_CASE("a line that is not understood is named") {
  for (const char* text :
       {"x firing", "1 dance", "1 unplug nose", "1 clock", "5 idle\n1 firing", "1 idle now", "-1 idle", "0 again"}) {
    CAPTURE(text);
    Scenario scenario;
    std::string error;
    CHECK_FALSE(scenario.read(text, error));
    CHECK(error.find("line ") == 0);
  }
}

TEST_SUITE_END();
