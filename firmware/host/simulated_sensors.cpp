#include "simulated_sensors.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "crc.h"
#include "mhz19_frame.h"
#include "sensirion.h"

namespace ct {

// Bosch's worked example (BMP280 data sheet, 3.12), with a usual set of humidity coefficients.
const uint8_t kSimulatedBme280Calibration[kBme280CalibrationBytes] = {
    0x70, 0x6B, 0x43, 0x67, 0x18, 0xFC, 0x7D, 0x8E, 0x43, 0xD6, 0xD0, 0x0B, 0x27,
    0x0B, 0x8C, 0x00, 0xF9, 0xFF, 0x8C, 0x3C, 0xF8, 0xC6, 0x70, 0x17, 0x00, 0x4B};
const uint8_t kSimulatedBme280Humidity[kBme280HumidityBytes] = {0x6F, 0x01, 0x00, 0x13, 0x25, 0x03, 0x1E};

namespace {

constexpr uint32_t kGssMultiplier = 10;

void put_word(uint8_t* out, unsigned word) {
  out[0] = static_cast<uint8_t>(word >> 8);
  out[1] = static_cast<uint8_t>(word & 0xFF);
  out[2] = crc8_sensirion(out, 2);
}

unsigned ticks_of(double value) { return static_cast<unsigned>(static_cast<int>(std::lround(value))) & 0xFFFFu; }

void put20(uint8_t* out, uint32_t count) {
  out[0] = static_cast<uint8_t>(count >> 12);
  out[1] = static_cast<uint8_t>(count >> 4);
  out[2] = static_cast<uint8_t>((count & 0xF) << 4);
}

}  // namespace

// --- UART ---
double SimulatedUart::shown_ppm() const {
  return std::clamp(chimney_.co2_ppm + chimney_.co2_drift_ppm, 0.0, range_ppm_);
}

void SimulatedUart::write(const uint8_t* bytes, size_t size) {
  if (chimney_.is_co2_unplugged) return;
  heard_.append(reinterpret_cast<const char*>(bytes), size);
  if (kind_ == Co2Sensor::mhz19) {
    for (; heard_.size() >= kMhz19FrameBytes; heard_.erase(0, kMhz19FrameBytes)) {
      if (std::memcmp(heard_.data(), kMhz19ReadCo2, kMhz19FrameBytes) == 0) answer_mhz19();
    }
    return;
  }
  for (size_t end = 0; (end = heard_.find("\r\n")) != std::string::npos; heard_.erase(0, end + 2)) {
    answer_gss(heard_.substr(0, end));
  }
}

void SimulatedUart::answer_mhz19() {
  const unsigned ppm = static_cast<unsigned>(std::lround(shown_ppm()));
  uint8_t frame[kMhz19FrameBytes] = {0xFF, 0x86, static_cast<uint8_t>(ppm >> 8), static_cast<uint8_t>(ppm & 0xFF)};
  frame[8] = mhz19_checksum(frame);
  make_noise();
  answer_.insert(answer_.end(), frame, frame + sizeof frame);
}

void SimulatedUart::answer_gss(const std::string& line) {
  char text[48];
  const unsigned long shown = static_cast<unsigned long>(std::lround(shown_ppm() / kGssMultiplier));
  if (line == "Z") {
    std::snprintf(text, sizeof text, " Z %05lu\r\n", shown);
  } else if (line == ".") {
    std::snprintf(text, sizeof text, " . %05u\r\n", kGssMultiplier);
  } else if (line == "K 2" || line == "@ 0") {
    std::snprintf(text, sizeof text, " %c 00002\r\n", line[0]);
  } else if (line == "U" || line == "G") {
    std::snprintf(text, sizeof text, " %c 32950\r\n", line[0]);
  } else {
    std::snprintf(text, sizeof text, " ?\r\n");
  }
  make_noise();
  say(text);
}

void SimulatedUart::say(const char* text) { answer_.insert(answer_.end(), text, text + std::strlen(text)); }

void SimulatedUart::make_noise() {
  if (!chimney_.is_line_noisy) return;
  for (auto i = random_() % 5; i != 0; --i) answer_.push_back(static_cast<uint8_t>(random_()));
}

size_t SimulatedUart::read(uint8_t* bytes, size_t capacity) {
  if (chimney_.is_co2_unplugged) {
    answer_.clear();
    heard_.clear();
  }
  size_t count = 0;
  while (count < capacity && !answer_.empty()) {
    bytes[count++] = answer_.front();
    answer_.pop_front();
  }
  return count;
}

// --- I2C ---
SimulatedI2c::SimulatedI2c(const Chimney& chimney) : chimney_(chimney) {
  bme280_read_calibration(kSimulatedBme280Calibration, calibration_);
  bme280_read_humidity_calibration(kSimulatedBme280Humidity, calibration_);
}

BusResult SimulatedI2c::write(uint8_t address, const uint8_t* bytes, size_t size) {
  if (address == kBme280Address && !chimney_.is_barometer_unplugged) {
    if (size == 1) register_ = bytes[0];
    return BusResult::ok;
  }
  if (address == kSdp8xxAddress && !chimney_.is_pitot_unplugged) return BusResult::ok;
  if (address == kStc31Address && !chimney_.is_co2_unplugged) return BusResult::ok;
  return BusResult::no_answer;
}

BusResult SimulatedI2c::read(uint8_t address, uint8_t* bytes, size_t size) {
  if (address == kBme280Address && !chimney_.is_barometer_unplugged) {
    read_barometer(bytes, size);
    return BusResult::ok;
  }
  if (address == kSdp8xxAddress && !chimney_.is_pitot_unplugged && size == kSdp8xxAnswerBytes) {
    // In thin air it shows less than there is.
    const double shown_pa = chimney_.differential_pressure_pa * chimney_.pressure_pa / 96'600.0;
    put_word(bytes, ticks_of(shown_pa * 240));
    put_word(bytes + 3, ticks_of(chimney_.cell_temperature_c * 200));
    put_word(bytes + 6, 240);
    return BusResult::ok;
  }
  if (address == kStc31Address && !chimney_.is_co2_unplugged && size == kStc31AnswerBytes) {
    put_word(bytes, ticks_of((chimney_.co2_ppm + chimney_.co2_drift_ppm) * 1e-6 * 32'768 + 16'384));
    put_word(bytes + 3, ticks_of(chimney_.cell_temperature_c * 200));
    return BusResult::ok;
  }
  return BusResult::no_answer;
}

void SimulatedI2c::read_barometer(uint8_t* bytes, size_t size) const {
  if (register_ == kBme280IdRegister && size == 1) {
    bytes[0] = kBme280Id;
  } else if (register_ == kBme280CalibrationRegister && size == kBme280CalibrationBytes) {
    std::memcpy(bytes, kSimulatedBme280Calibration, size);
  } else if (register_ == kBme280HumidityRegister && size == kBme280HumidityBytes) {
    std::memcpy(bytes, kSimulatedBme280Humidity, size);
  } else if (register_ == kBme280DataRegister && size == kBme280DataBytes) {
    bme280_data_for(chimney_.cell_temperature_c, chimney_.pressure_pa, chimney_.humidity_pct, calibration_, bytes);
  } else {
    std::memset(bytes, 0, size);
  }
}

void bme280_data_for(double temperature_c, double pressure_pa, double humidity_pct,
                     const Bme280Calibration& calibration, uint8_t data[kBme280DataBytes]) {
  Bme280Sample sample;
  const auto find = [&](uint32_t most, auto put, auto is_below) {
    uint32_t low = 0, high = most;
    while (low < high) {
      const uint32_t middle = (low + high) / 2;
      put(middle);
      if (bme280_sample(data, calibration, sample) == Bme280Result::ok && is_below()) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    put(low);
  };
  put20(data, 415'148);
  put20(data + 3, 0);
  data[6] = data[7] = 0;
  find(
      0xFFFFF, [&](uint32_t count) { put20(data + 3, count); }, [&] { return sample.temperature_c < temperature_c; });
  // More counts are less pressure; outside the chip's range the formula gives no value, which counts as too little.
  uint32_t low = 0, high = 0xFFFFF;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    put20(data, middle);
    const bool is_sound = bme280_sample(data, calibration, sample) == Bme280Result::ok;
    const bool is_above = is_sound ? sample.pressure_pa > pressure_pa : middle < 300'000;
    if (is_above) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  put20(data, low);
  find(
      0xFFFF,
      [&](uint32_t count) {
        data[6] = static_cast<uint8_t>(count >> 8);
        data[7] = static_cast<uint8_t>(count & 0xFF);
      },
      [&] { return sample.humidity_pct < humidity_pct; });
}

// --- SPI ---
BusResult SimulatedSpi::read(uint8_t* bytes, size_t size) {
  const uint32_t quarters = static_cast<uint32_t>(std::lround(chimney_.temperature_c * 4)) & 0x3FFFu;
  uint32_t word = quarters << 18;
  if (chip_ == ThermocoupleChip::max6675) {
    word = (chimney_.is_thermocouple_open ? 4u : quarters << 3) << 16;
  } else {
    const uint32_t sixteenths = static_cast<uint32_t>(std::lround(chimney_.cell_temperature_c * 16)) & 0xFFFu;
    word |= sixteenths << 4;
    if (chimney_.is_thermocouple_open) word |= (1u << 16) | 1u;
  }
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(word >> (24 - 8 * i));
  return BusResult::ok;
}

}  // namespace ct
