#include "sensirion.h"

#include "crc.h"

namespace ct {

const uint8_t kStc31Measure[2] = {0x36, 0x39};
const uint8_t kSdp8xxMeasure[2] = {0x36, 0x15};

namespace {

constexpr double kSdpTrimPressurePa = 96'600.0;
constexpr double kTicksPerDegree = 200.0;

double signed_ticks(uint16_t ticks) { return static_cast<double>(static_cast<int16_t>(ticks)); }

void command_with_word(uint16_t opcode, uint16_t word, uint8_t command[5]) {
  command[0] = static_cast<uint8_t>(opcode >> 8);
  command[1] = static_cast<uint8_t>(opcode & 0xFF);
  command[2] = static_cast<uint8_t>(word >> 8);
  command[3] = static_cast<uint8_t>(word & 0xFF);
  command[4] = crc8_sensirion(command + 2, 2);
}

double clamped(double value, double low, double high) { return value < low ? low : value > high ? high : value; }

}  // namespace

WordResult read_words(const uint8_t* bytes, size_t count, uint16_t* words) {
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* word = bytes + 3 * i;
    if (crc8_sensirion(word, 2) != word[2]) return WordResult::bad_crc;
    words[i] = static_cast<uint16_t>(word[0] * 256u + word[1]);
  }
  return WordResult::ok;
}

void stc31_set_gas(uint16_t binary_gas, uint8_t command[5]) { command_with_word(0x3615, binary_gas, command); }

void stc31_set_pressure(double pressure_pa, uint8_t command[5]) {
  command_with_word(0x362F, static_cast<uint16_t>(clamped(pressure_pa / 100.0, 0, 65'535)), command);
}

void stc31_set_humidity(double humidity_pct, uint8_t command[5]) {
  command_with_word(0x3624, static_cast<uint16_t>(clamped(humidity_pct, 0, 100) / 100.0 * 65'535.0), command);
}

WordResult stc31_sample(const uint8_t answer[kStc31AnswerBytes], Stc31Sample& sample) {
  uint16_t words[2];
  if (read_words(answer, 2, words) != WordResult::ok) return WordResult::bad_crc;
  sample.co2_ppm = stc31_ppm_from_ticks(words[0]);
  sample.temperature_c = signed_ticks(words[1]) / kTicksPerDegree;
  return WordResult::ok;
}

double stc31_ppm_from_ticks(uint16_t ticks) { return (static_cast<double>(ticks) - 16'384.0) / 32'768.0 * 1e6; }

Sdp8xxResult sdp8xx_sample(const uint8_t answer[kSdp8xxAnswerBytes], Sdp8xxSample& sample) {
  uint16_t words[3];
  if (read_words(answer, 3, words) != WordResult::ok) return Sdp8xxResult::bad_crc;
  if (words[2] == 0) return Sdp8xxResult::bad_scale;
  sample.scale_per_pa = words[2];
  sample.differential_pressure_pa = signed_ticks(words[0]) / words[2];
  sample.temperature_c = signed_ticks(words[1]) / kTicksPerDegree;
  return Sdp8xxResult::ok;
}

double sdp8xx_at_pressure(double differential_pressure_pa, double pressure_pa) {
  return differential_pressure_pa * kSdpTrimPressurePa / pressure_pa;
}

}  // namespace ct
