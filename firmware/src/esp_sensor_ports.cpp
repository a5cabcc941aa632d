#include "esp_sensor_ports.h"

#include <Arduino.h>
#include <Wire.h>

#include <atomic>

#include "board_pins.h"

namespace ct {

namespace {

constexpr int kAnalogSamples = 16;
constexpr size_t kUartBytes = 512;
constexpr uint16_t kI2cTimeoutMs = 50;

std::atomic<uint32_t> pulse_count{0};

void IRAM_ATTR count_pulse() { pulse_count.fetch_add(1, std::memory_order_relaxed); }

#if CONFIG_IDF_TARGET_ESP32S3
constexpr uint8_t kSpiHost = FSPI;
#else
constexpr uint8_t kSpiHost = VSPI;
#endif

}  // namespace

EspUart::EspUart() : serial_(pins::kCo2UartNumber) {}

void EspUart::begin() {
  serial_.setRxBufferSize(kUartBytes);
  serial_.begin(pins::kCo2Baud, SERIAL_8N1, static_cast<int8_t>(pins::kCo2Rx), static_cast<int8_t>(pins::kCo2Tx));
}

void EspUart::write(const uint8_t* bytes, size_t size) { serial_.write(bytes, size); }

size_t EspUart::read(uint8_t* bytes, size_t capacity) {
  const int waiting = serial_.available();
  if (waiting <= 0) return 0;
  const size_t wanted = static_cast<size_t>(waiting) < capacity ? static_cast<size_t>(waiting) : capacity;
  return serial_.read(bytes, wanted);
}

void EspI2c::begin() {
  Wire.begin(pins::kSda, pins::kScl, pins::kI2cHz);
  Wire.setTimeOut(kI2cTimeoutMs);
}

BusResult EspI2c::write(uint8_t address, const uint8_t* bytes, size_t size) {
  Wire.beginTransmission(address);
  const bool is_taken = Wire.write(bytes, size) == size;
  return Wire.endTransmission() == 0 && is_taken ? BusResult::ok : BusResult::no_answer;
}

BusResult EspI2c::read(uint8_t address, uint8_t* bytes, size_t size) {
  // These very types: core 2.x has nine overloads, of which most calls fit two, core 3.x has only this one.
  const size_t got = Wire.requestFrom(address, size, true);
  for (size_t i = 0; i < got; ++i) {
    const int byte = Wire.read();
    if (i < size) bytes[i] = static_cast<uint8_t>(byte);
  }
  return got == size ? BusResult::ok : BusResult::no_answer;
}

EspSpi::EspSpi() : spi_(kSpiHost) {}

void EspSpi::begin() {
  pinMode(pins::kThermocoupleSelect, OUTPUT);
  digitalWrite(pins::kThermocoupleSelect, HIGH);
  spi_.begin(pins::kSpiClock, pins::kSpiMiso, pins::kSpiMosi, pins::kNone);
}

BusResult EspSpi::read(uint8_t* bytes, size_t size) {
  spi_.beginTransaction(SPISettings(pins::kSpiHz, MSBFIRST, SPI_MODE0));
  digitalWrite(pins::kThermocoupleSelect, LOW);
  delayMicroseconds(1);
  for (size_t i = 0; i < size; ++i) bytes[i] = spi_.transfer(0);
  digitalWrite(pins::kThermocoupleSelect, HIGH);
  spi_.endTransaction();
  return BusResult::ok;  // nobody acknowledges on SPI: a missing chip reads all 0 or all 1, which the parser knows
}

void EspPulses::begin() {
  pinMode(pins::kPulses, INPUT_PULLUP);
  attachInterrupt(digitalPinToInterrupt(pins::kPulses), count_pulse, FALLING);
}

uint32_t EspPulses::total() { return pulse_count.load(std::memory_order_relaxed); }

double EspLoop::milliamperes() { return mean_millivolts(pins::kLoop) / pins::kLoopOhm; }

double mean_millivolts(int pin) {
  uint32_t sum = 0;
  for (int i = 0; i < kAnalogSamples; ++i) sum += analogReadMilliVolts(static_cast<uint8_t>(pin));
  return static_cast<double>(sum) / kAnalogSamples;
}

}  // namespace ct
