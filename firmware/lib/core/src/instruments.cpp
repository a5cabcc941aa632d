#include "instruments.h"

#include <cstring>

#include "config.h"
#include "sensirion.h"
#include "stack.h"
#include "thermocouple.h"

namespace ct {

namespace {

constexpr uint64_t kCo2StaleMs = 5000;       // an MH-Z19 answers within a second; five lost answers are a fault
constexpr uint64_t kCalibratingMs = 60'000;  // readings are flagged so long after a zero
constexpr uint8_t kMhz19ZeroAt400Ppm[] = {0xFF, 0x01, 0x87, 0, 0, 0, 0, 0, 0x78};
constexpr char kGssZeroInFreshAir[] = "G\r\n";
constexpr uint16_t kStc31Co2InAir25Pct = 0x0003;

void write_text(Uart& uart, const char* text) { uart.write(reinterpret_cast<const uint8_t*>(text), std::strlen(text)); }

const char* fault_text(ThermocoupleResult result) {
  switch (result) {
    case ThermocoupleResult::ok: return "";
    case ThermocoupleResult::no_chip: return "thermocouple: the chip does not answer; check its wiring and supply";
    case ThermocoupleResult::open: return "thermocouple: open; the sensor is broken or not connected";
    case ThermocoupleResult::short_to_ground: return "thermocouple: shorted to ground; check its insulation";
    case ThermocoupleResult::short_to_supply: return "thermocouple: shorted to the supply";
    case ThermocoupleResult::bad_frame: return "thermocouple: no frame of this chip; is it the other type?";
  }
  return "";
}

}  // namespace

Instruments::Instruments(const Settings& settings, const SensorPorts& ports)
    : settings_(settings), ports_(ports), pulse_(settings.pulse_ms_per_hz, settings.pulse_offset_ms) {}

void Instruments::failed(Sample* sample, uint8_t fault, const char* text) {
  if (sample != nullptr) sample->faults |= fault;
  // The first of a round is the cause, the others may be its consequences.
  if (!has_fault_this_round_) last_fault_ = text;
  has_fault_this_round_ = true;
  ++fault_count_;
}

void Instruments::begin() {
  if (ports_.co2_uart != nullptr && settings_.co2_sensor == Co2Sensor::mhz19) {
    ports_.co2_uart->write(kMhz19AutoBaselineOff, kMhz19FrameBytes);
  }
  if (ports_.co2_uart != nullptr && settings_.co2_sensor == Co2Sensor::gss) {
    write_text(*ports_.co2_uart, kGssPolling);
    write_text(*ports_.co2_uart, kGssAutoZeroOff);
    write_text(*ports_.co2_uart, kGssAskMultiplier);
  }
  if (ports_.i2c != nullptr && settings_.co2_sensor == Co2Sensor::stc31) {
    uint8_t command[5];
    stc31_set_gas(kStc31Co2InAir25Pct, command);
    ports_.i2c->write(kStc31Address, command, sizeof command);
  }
  if (ports_.i2c != nullptr && settings_.velocity_sensor == VelocitySensor::sdp8xx) {
    ports_.i2c->write(kSdp8xxAddress, kSdp8xxMeasure, sizeof kSdp8xxMeasure);
  }
  if (settings_.has_barometer) begin_barometer();
  ask_co2();
}

void Instruments::begin_barometer() {
  static constexpr uint8_t kHumidityOn[] = {0xF2, 0x01}, kNormalMode[] = {0xF4, 0x27};
  uint8_t id = 0, bytes[kBme280CalibrationBytes], humidity[kBme280HumidityBytes];
  has_calibration_ = false;
  if (!read_register(kBme280Address, kBme280IdRegister, &id, 1)) return;
  if (id != kBme280Id && id != kBmp280Id) return;
  if (!read_register(kBme280Address, kBme280CalibrationRegister, bytes, sizeof bytes)) return;
  calibration_ = Bme280Calibration();
  bme280_read_calibration(bytes, calibration_);
  if (id == kBme280Id) {
    if (!read_register(kBme280Address, kBme280HumidityRegister, humidity, sizeof humidity)) return;
    bme280_read_humidity_calibration(humidity, calibration_);
    ports_.i2c->write(kBme280Address, kHumidityOn, sizeof kHumidityOn);
  }
  has_calibration_ = ports_.i2c->write(kBme280Address, kNormalMode, sizeof kNormalMode) == BusResult::ok;
}

bool Instruments::read_register(uint8_t address, uint8_t from, uint8_t* bytes, size_t size) {
  return ports_.i2c != nullptr && ports_.i2c->write(address, &from, 1) == BusResult::ok &&
         ports_.i2c->read(address, bytes, size) == BusResult::ok;
}

void Instruments::ask_co2() {
  if (settings_.co2_sensor == Co2Sensor::stc31) {
    if (ports_.i2c != nullptr) ports_.i2c->write(kStc31Address, kStc31Measure, sizeof kStc31Measure);
  } else if (ports_.co2_uart == nullptr) {
    return;
  } else if (settings_.co2_sensor == Co2Sensor::mhz19) {
    ports_.co2_uart->write(kMhz19ReadCo2, kMhz19FrameBytes);
  } else {
    // A sensor that lost its power meanwhile may have another multiplier in its place.
    write_text(*ports_.co2_uart, gss_.multiplier() == 0 ? kGssAskMultiplier : kGssAskCo2);
  }
}

void Instruments::poll(uint64_t uptime_ms) {
  uint8_t bytes[32];
  size_t count = 0;
  while (ports_.co2_uart != nullptr && (count = ports_.co2_uart->read(bytes, sizeof bytes)) != 0) {
    for (size_t i = 0; i < count; ++i) take_uart_byte(bytes[i], uptime_ms);
  }
}

void Instruments::take_uart_byte(uint8_t byte, uint64_t uptime_ms) {
  if (settings_.co2_sensor == Co2Sensor::mhz19) {
    const Mhz19Result result = mhz19_.feed(byte);
    if (result == Mhz19Result::co2) note_co2(mhz19_.co2_ppm(), uptime_ms);
    if (result == Mhz19Result::bad_checksum) failed(nullptr, 0, "CO2 sensor: a frame failed its checksum");
    return;
  }
  const GssResult result = gss_.feed(byte);
  if (result == GssResult::co2) note_co2(gss_.co2_ppm(), uptime_ms);
  if (result == GssResult::multiplier) write_text(*ports_.co2_uart, kGssAskCo2);
  if (result == GssResult::bad_line) failed(nullptr, 0, "CO2 sensor: a line could not be read");
  if (result == GssResult::not_understood) failed(nullptr, 0, "CO2 sensor: it does not know a command; is it a GSS?");
}

void Instruments::note_co2(double co2_ppm, uint64_t uptime_ms) {
  co2_ppm_ = co2_ppm;
  co2_at_ms_ = uptime_ms;
}

Sample Instruments::sample(uint64_t uptime_ms) {
  if (!has_begun_) {
    has_begun_ = true;
    begun_at_ms_ = uptime_ms;
    co2_at_ms_ = uptime_ms;
  }
  has_fault_this_round_ = false;
  poll(uptime_ms);
  Sample sample;
  sample.is_warm_up = static_cast<double>(uptime_ms - begun_at_ms_) < settings_.warm_up_s * 1000.0;
  sample.is_calibrating = uptime_ms < calibrating_until_ms_;
  sample_barometer(sample);
  sample_temperature(sample);
  sample_co2(uptime_ms, sample);
  sample_velocity(uptime_ms, sample);
  ask_co2();
  return sample;
}

void Instruments::sample_co2(uint64_t uptime_ms, Sample& sample) {
  if (settings_.co2_sensor == Co2Sensor::stc31) {
    sample_stc31(sample, uptime_ms);
    return;
  }
  if (std::isnan(co2_ppm_) || uptime_ms - co2_at_ms_ > kCo2StaleMs) {
    failed(&sample, kCo2Fault, "CO2 sensor: no answer; check its wiring and supply");
    co2_ppm_ = NAN;
    gss_.set_multiplier(0);
    if (uptime_ms - co2_at_ms_ > kCo2StaleMs) {
      co2_at_ms_ = uptime_ms;
      begin();  // it may have lost its power, and with it what it was told
    }
    return;
  }
  sample.values[kCo2Ppm] = co2_ppm_;
}

void Instruments::sample_stc31(Sample& sample, uint64_t uptime_ms) {
  uint8_t answer[kStc31AnswerBytes];
  Stc31Sample measured;
  if (ports_.i2c == nullptr || ports_.i2c->read(kStc31Address, answer, sizeof answer) != BusResult::ok) {
    failed(&sample, kCo2Fault, "STC31: no answer; check its wiring and supply");
    return;
  }
  if (stc31_sample(answer, measured) != WordResult::ok) {
    failed(&sample, kCo2Fault, "STC31: an answer failed its CRC");
    return;
  }
  note_co2(measured.co2_ppm, uptime_ms);
  sample.values[kCo2Ppm] = measured.co2_ppm;
  tell_stc31_conditions();
}

// It measures the heat conducted by the gas, on which pressure and water work too.
void Instruments::tell_stc31_conditions() {
  uint8_t command[5];
  if (!std::isnan(pressure_pa_)) {
    stc31_set_pressure(pressure_pa_, command);
    ports_.i2c->write(kStc31Address, command, sizeof command);
  }
  if (!std::isnan(humidity_pct_)) {
    stc31_set_humidity(humidity_pct_, command);
    ports_.i2c->write(kStc31Address, command, sizeof command);
  }
}

void Instruments::sample_temperature(Sample& sample) {
  uint8_t bytes[4] = {};
  ThermocoupleSample measured;
  ThermocoupleResult result = ThermocoupleResult::no_chip;
  const bool is_55 = settings_.thermocouple == ThermocoupleChip::max31855;
  if (ports_.thermocouple != nullptr && ports_.thermocouple->read(bytes, is_55 ? 4 : 2) == BusResult::ok) {
    result = is_55 ? max31855_sample(bytes, measured) : max6675_sample(bytes, measured);
  }
  if (result != ThermocoupleResult::ok) {
    failed(&sample, kTemperatureFault, fault_text(result));
    return;
  }
  sample.values[kTemperatureC] = measured.temperature_c;
}

void Instruments::sample_barometer(Sample& sample) {
  if (!settings_.has_barometer) return;
  uint8_t data[kBme280DataBytes];
  Bme280Sample measured;
  pressure_pa_ = NAN;
  if (!has_calibration_) begin_barometer();
  if (!has_calibration_ || !read_register(kBme280Address, kBme280DataRegister, data, sizeof data) ||
      bme280_sample(data, calibration_, measured) != Bme280Result::ok) {
    has_calibration_ = false;  // begun anew with the next sample
    failed(&sample, kPressureFault, "barometer: no sound answer; check its wiring and address");
    return;
  }
  pressure_pa_ = measured.pressure_pa;
  sample.values[kPressurePa] = measured.pressure_pa;
  sample.values[kCellTemperatureC] = measured.temperature_c;
  if (!calibration_.has_humidity) return;
  humidity_pct_ = measured.humidity_pct;
  sample.values[kHumidityPct] = measured.humidity_pct;
}

void Instruments::sample_velocity(uint64_t uptime_ms, Sample& sample) {
  double velocity_ms = NAN;
  AnemometerResult result = AnemometerResult::broken_wire;
  switch (settings_.velocity_sensor) {
    case VelocitySensor::sdp8xx: sample_pitot(sample); return;
    case VelocitySensor::pulse:
      if (ports_.pulses != nullptr) result = pulse_.feed(ports_.pulses->total(), uptime_ms);
      velocity_ms = pulse_.velocity_ms();
      break;
    case VelocitySensor::loop:
      if (ports_.loop == nullptr) break;
      result = velocity_from_loop(ports_.loop->milliamperes(), settings_.loop_full_scale_ms, velocity_ms);
      break;
  }
  if (result == AnemometerResult::ok) {
    sample.values[kVelocityMs] = velocity_ms;
  } else if (result != AnemometerResult::need_more) {
    failed(&sample, kVelocityFault,
           result == AnemometerResult::above_scale ? "anemometer: more than 21 mA, its own alarm"
                                                   : "anemometer: less than 3.6 mA, or not connected");
  }
}

void Instruments::sample_pitot(Sample& sample) {
  uint8_t answer[kSdp8xxAnswerBytes];
  Sdp8xxSample measured;
  if (ports_.i2c == nullptr || ports_.i2c->read(kSdp8xxAddress, answer, sizeof answer) != BusResult::ok) {
    failed(&sample, kVelocityFault, "SDP8xx: no answer; check its wiring and supply");
    if (ports_.i2c != nullptr) ports_.i2c->write(kSdp8xxAddress, kSdp8xxMeasure, sizeof kSdp8xxMeasure);
    return;
  }
  if (sdp8xx_sample(answer, measured) != Sdp8xxResult::ok) {
    failed(&sample, kVelocityFault, "SDP8xx: an answer failed its CRC");
    return;
  }
  double pressure_pa = pressure_pa_, density = 0, velocity_ms = 0;
  if (std::isnan(pressure_pa)) stack::isa_pressure_pa(settings_.altitude_m, pressure_pa);
  const double dp_pa = sdp8xx_at_pressure(measured.differential_pressure_pa, pressure_pa);
  sample.values[kDpPa] = dp_pa;
  if (dp_pa < -config::kDifferentialPressureNoisePa) {
    failed(&sample, kVelocityFault, "pitot: the pressure is negative; swap its two hoses");
    return;
  }
  // Without the gas temperature there is no density, and so no velocity.
  const double temperature_k = sample.values[kTemperatureC] + stack::kZeroCelsiusK;
  const stack::Result known =
      stack::gas_density_kg_per_m3(pressure_pa, temperature_k, stack::kMolarMassFlueGasKgPerMol, density);
  if (known != stack::Result::ok) {
    failed(&sample, kVelocityFault, "pitot: no velocity without the gas temperature");
    return;
  }
  stack::pitot_velocity_ms(dp_pa < 0 ? 0 : dp_pa, density, settings_.pitot_coefficient, velocity_ms);
  sample.values[kVelocityMs] = velocity_ms;
}

bool Instruments::zero(ZeroReference reference, uint64_t uptime_ms) {
  if (ports_.co2_uart == nullptr || settings_.co2_sensor == Co2Sensor::stc31) return false;
  if (settings_.co2_sensor == Co2Sensor::mhz19) {
    if (reference != ZeroReference::fresh_air) return false;  // its "zero" means 400 ppm, never 0
    ports_.co2_uart->write(kMhz19ZeroAt400Ppm, sizeof kMhz19ZeroAt400Ppm);
  } else {
    write_text(*ports_.co2_uart, reference == ZeroReference::nitrogen ? kGssZeroInNitrogen : kGssZeroInFreshAir);
  }
  calibrating_until_ms_ = uptime_ms + kCalibratingMs;
  return true;
}

}  // namespace ct
