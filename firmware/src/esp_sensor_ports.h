// The wires to the sensors: UART, I2C, SPI, pulse counter and current loop of the board. What the bytes mean is the
// core's.
#pragma once

#include <HardwareSerial.h>
#include <SPI.h>

#include "ports.h"

namespace ct {

class EspUart : public Uart {
 public:
  EspUart();
  void begin();
  void write(const uint8_t* bytes, size_t size) override;
  size_t read(uint8_t* bytes, size_t capacity) override;

 private:
  HardwareSerial serial_;
};

class EspI2c : public I2cBus {
 public:
  void begin();
  BusResult write(uint8_t address, const uint8_t* bytes, size_t size) override;
  BusResult read(uint8_t address, uint8_t* bytes, size_t size) override;
};

// The thermocouple chips only speak: they are clocked with their select line low.
class EspSpi : public SpiBus {
 public:
  EspSpi();
  void begin();
  BusResult read(uint8_t* bytes, size_t size) override;

 private:
  SPIClass spi_;
};

class EspPulses : public PulseCounter {
 public:
  void begin();
  uint32_t total() override;
};

class EspLoop : public CurrentLoop {
 public:
  double milliamperes() override;
};

// Millivolts at a pin of ADC1, as the chip's own calibration sees them, the mean of several.
double mean_millivolts(int pin);

}  // namespace ct
