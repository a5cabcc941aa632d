// STUB: SPI.
#pragma once

#include <stdint.h>

#if CONFIG_IDF_TARGET_ESP32S3
#define FSPI 0
#define HSPI 1
#else
#define FSPI 1
#define HSPI 2
#define VSPI 3
#endif
#define MSBFIRST 1
#define SPI_MODE0 0

class SPISettings {
 public:
  SPISettings(uint32_t clock, uint8_t bitOrder, uint8_t dataMode);
};

class SPIClass {
 public:
  explicit SPIClass(uint8_t spi_bus);
  bool begin(int8_t sck = -1, int8_t miso = -1, int8_t mosi = -1, int8_t ss = -1);
  void beginTransaction(SPISettings settings);
  void endTransaction();
  uint8_t transfer(uint8_t data);
};
