// STUB: UARTs.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SERIAL_8N1 0x800001c

class Print {
 public:
  virtual ~Print() = default;
  size_t printf(const char* format, ...) __attribute__((format(printf, 2, 3)));
};

class HardwareSerial : public Print {
 public:
  explicit HardwareSerial(int uart_nr);
  void begin(unsigned long baud, uint32_t config = SERIAL_8N1, int8_t rxPin = -1, int8_t txPin = -1,
             bool invert = false, unsigned long timeout_ms = 20000UL, uint8_t rxfifo_full_thrhd = 112);
  int available();
  int read();
  size_t read(uint8_t* buffer, size_t size);
  size_t write(uint8_t byte);
  size_t write(const uint8_t* buffer, size_t size);
  void flush();
  size_t setRxBufferSize(size_t new_size);
};
extern HardwareSerial Serial;
