// Sensirion's I2C words: STC31 (CO2 by thermal conductivity) and SDP8xx (differential pressure). Each word of two bytes
// has a CRC-8 of its own. Which commands to send, and when, is in the instruments.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

enum class WordResult { ok, bad_crc };

// Reads `count` words of three bytes each (two and their CRC).
WordResult read_words(const uint8_t* bytes, size_t count, uint16_t* words);

// --- STC31 ---
inline constexpr uint8_t kStc31Address = 0x29;
inline constexpr size_t kStc31AnswerBytes = 6;
extern const uint8_t kStc31Measure[2];  // 0x3639

struct Stc31Sample {
  double co2_ppm = 0;
  double temperature_c = 0;
};

// Set which gas it measures in: 0x0001 CO2 in air 0-100 %, 0x0003 0-25 %; STC31-C 0x0013 0-40 %. Five bytes with CRC.
void stc31_set_gas(uint16_t binary_gas, uint8_t command[5]);
void stc31_set_pressure(double pressure_pa, uint8_t command[5]);
void stc31_set_humidity(double humidity_pct, uint8_t command[5]);
WordResult stc31_sample(const uint8_t answer[kStc31AnswerBytes], Stc31Sample& sample);
// 100 * (ticks - 16384) / 32768 volume %, as ppm; below zero where the sensor's zero is off.
double stc31_ppm_from_ticks(uint16_t ticks);

// --- SDP8xx ---
inline constexpr uint8_t kSdp8xxAddress = 0x25;
inline constexpr size_t kSdp8xxAnswerBytes = 9;
extern const uint8_t kSdp8xxMeasure[2];  // 0x3615: continuous, averaged, compensated for differential pressure

struct Sdp8xxSample {
  double differential_pressure_pa = 0;
  double temperature_c = 0;
  uint16_t scale_per_pa = 0;  // 240: SDP810-125Pa, 60: SDP810-500Pa
};

enum class Sdp8xxResult { ok, bad_crc, bad_scale };

Sdp8xxResult sdp8xx_sample(const uint8_t answer[kSdp8xxAnswerBytes], Sdp8xxSample& sample);
// The sensor measures a mass flow and is trimmed at 966 hPa: at a lower pressure it reads low by the ratio.
double sdp8xx_at_pressure(double differential_pressure_pa, double pressure_pa);

}  // namespace ct
