#include "crc.h"

namespace ct {

uint8_t crc8_sensirion(const uint8_t* bytes, size_t size) {
  unsigned crc = 0xFF;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x80) ? ((crc << 1) ^ 0x31) & 0xFF : (crc << 1) & 0xFF;
  }
  return static_cast<uint8_t>(crc);
}

uint32_t crc32(const uint8_t* bytes, size_t size) {
  // By half bytes: a quarter of the time of bit by bit for 64 bytes of table instead of 1 KB.
  static constexpr uint32_t kTable[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
                                          0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                          0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < size; ++i) {
    crc = kTable[(crc ^ bytes[i]) & 0xF] ^ (crc >> 4);
    crc = kTable[(crc ^ (bytes[i] >> 4)) & 0xF] ^ (crc >> 4);
  }
  return ~crc;
}

}  // namespace ct
