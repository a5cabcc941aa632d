// Talks to the sensors that the settings name, through the ports, and makes one sample of them. Bytes to values is in
// the parsers, samples to readings in sampler.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "anemometer.h"
#include "bme280.h"
#include "gss_frame.h"
#include "mhz19_frame.h"
#include "ports.h"
#include "sampler.h"
#include "settings.h"

namespace ct {

// Those that the settings do not need may be null.
struct SensorPorts {
  Uart* co2_uart = nullptr;
  I2cBus* i2c = nullptr;
  SpiBus* thermocouple = nullptr;
  PulseCounter* pulses = nullptr;
  CurrentLoop* loop = nullptr;
};

class Instruments {
 public:
  Instruments(const Settings& settings, const SensorPorts& ports);

  // Once, and again after a sensor has been silent.
  void begin();
  // Takes in what has arrived; at every turn of the loop.
  void poll(uint64_t uptime_ms);
  // Reads all sensors and asks for the next CO2 value; every kSamplePeriodMs.
  Sample sample(uint64_t uptime_ms);
  // False when this sensor has no such way of being zeroed.
  bool zero(ZeroReference reference, uint64_t uptime_ms);

  // What went wrong last with a sensor, in words for the log; empty when nothing did.
  const char* last_fault() const { return last_fault_; }
  uint32_t fault_count() const { return fault_count_; }

 private:
  void ask_co2();
  void take_uart_byte(uint8_t byte, uint64_t uptime_ms);
  void note_co2(double co2_ppm, uint64_t uptime_ms);
  void sample_co2(uint64_t uptime_ms, Sample& sample);
  void sample_stc31(Sample& sample, uint64_t uptime_ms);
  void sample_temperature(Sample& sample);
  void sample_barometer(Sample& sample);
  void sample_velocity(uint64_t uptime_ms, Sample& sample);
  void sample_pitot(Sample& sample);
  void begin_barometer();
  void tell_stc31_conditions();
  bool read_register(uint8_t address, uint8_t from, uint8_t* bytes, size_t size);
  void failed(Sample* sample, uint8_t fault, const char* text);

  const Settings& settings_;
  SensorPorts ports_;
  Mhz19Parser mhz19_;
  GssParser gss_;
  PulseAnemometer pulse_;
  Bme280Calibration calibration_;
  bool has_calibration_ = false;
  double co2_ppm_ = NAN;
  uint64_t co2_at_ms_ = 0, begun_at_ms_ = 0, calibrating_until_ms_ = 0;
  bool has_begun_ = false, has_fault_this_round_ = false;
  double pressure_pa_ = NAN, humidity_pct_ = NAN;
  const char* last_fault_ = "";
  uint32_t fault_count_ = 0;
};

}  // namespace ct
