// Sensors made of bytes: what MH-Z19, GSS, STC31, SDP8xx, BME280, MAX31855 and MAX6675 would answer on their buses for
// a given state of a chimney. The real parsers read them. What the chimney does when is in scenario.h.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string>

#include "bme280.h"
#include "ports.h"
#include "settings.h"

namespace ct {

// The true values for the sensors, and their faults.
struct Chimney {
  double co2_ppm = 93'250;
  double temperature_c = 181.5;
  double differential_pressure_pa = 5.3;
  double pressure_pa = 79'480;
  double cell_temperature_c = 31.5;
  double humidity_pct = 41;
  double co2_drift_ppm = 0;  // added by the sensor, not in the gas
  bool is_co2_unplugged = false, is_thermocouple_open = false, is_pitot_unplugged = false,
       is_barometer_unplugged = false;
  bool is_line_noisy = false;  // stray bytes between the UART's answers
  double supply_v = 0;         // of the board, not of the chimney; 0: it does not know
  int rssi_dbm = 0;
};

class SimulatedUart : public Uart {
 public:
  SimulatedUart(const Chimney& chimney, Co2Sensor kind, double range_ppm)
      : chimney_(chimney), kind_(kind), range_ppm_(range_ppm) {}
  void write(const uint8_t* bytes, size_t size) override;
  size_t read(uint8_t* bytes, size_t capacity) override;

 private:
  double shown_ppm() const;
  void answer_mhz19();
  void answer_gss(const std::string& line);
  void say(const char* text);
  void make_noise();

  const Chimney& chimney_;
  Co2Sensor kind_;
  double range_ppm_;
  std::string heard_;
  std::deque<uint8_t> answer_;
  std::mt19937 random_{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same noise at every run
};

class SimulatedI2c : public I2cBus {
 public:
  explicit SimulatedI2c(const Chimney& chimney);
  BusResult write(uint8_t address, const uint8_t* bytes, size_t size) override;
  BusResult read(uint8_t address, uint8_t* bytes, size_t size) override;

 private:
  void read_barometer(uint8_t* bytes, size_t size) const;

  const Chimney& chimney_;
  Bme280Calibration calibration_;
  uint8_t register_ = 0;
};

class SimulatedSpi : public SpiBus {
 public:
  SimulatedSpi(const Chimney& chimney, ThermocoupleChip chip) : chimney_(chimney), chip_(chip) {}
  BusResult read(uint8_t* bytes, size_t size) override;

 private:
  const Chimney& chimney_;
  ThermocoupleChip chip_;
};

// The counts at which the BME280's own formula gives these values: found by halving, so that nothing is inverted twice.
void bme280_data_for(double temperature_c, double pressure_pa, double humidity_pct,
                     const Bme280Calibration& calibration, uint8_t data[kBme280DataBytes]);
extern const uint8_t kSimulatedBme280Calibration[kBme280CalibrationBytes];
extern const uint8_t kSimulatedBme280Humidity[kBme280HumidityBytes];

}  // namespace ct
