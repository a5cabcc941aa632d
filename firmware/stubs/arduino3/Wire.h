// STUB: I2C of core 3.x.
#pragma once

#include <stddef.h>
#include <stdint.h>

class TwoWire {
 public:
  bool begin(int sda, int scl, uint32_t frequency = 0);
  bool begin(uint8_t slaveAddr, int sda, int scl, uint32_t frequency);
  void setTimeOut(uint16_t timeOutMillis);
  void beginTransmission(uint8_t address);
  uint8_t endTransmission(bool stopBit);
  uint8_t endTransmission();
  size_t requestFrom(uint8_t address, size_t len, bool stopBit);
  size_t requestFrom(uint8_t address, size_t len);
  size_t write(uint8_t byte);
  size_t write(const uint8_t* bytes, size_t size);
  int available();
  int read();
};
extern TwoWire Wire;
