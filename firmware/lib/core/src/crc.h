// Checksums: CRC-8 of Sensirion's sensors, CRC-32 of the records on flash.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

// Polynomial 0x31, start 0xFF, no reflection. Sensirion: 0xBEEF gives 0x92.
uint8_t crc8_sensirion(const uint8_t* bytes, size_t size);

// IEEE 802.3, reflected: "123456789" gives 0xCBF43926.
uint32_t crc32(const uint8_t* bytes, size_t size);

}  // namespace ct
