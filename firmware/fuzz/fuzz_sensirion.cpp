// Any answer of an STC31 or SDP8xx. The first byte says whether the CRCs are put right, so that both what a broken bus
// and what an odd sensor says are tried.
#include "crc.h"
#include "fuzzing.h"
#include "sensirion.h"

using namespace ct;
using ct::fuzz::is_within;
using ct::fuzz::must;

namespace {

bool has_sound_crcs(const uint8_t* answer, size_t size) {
  bool is_sound = true;
  for (size_t at = 0; at < size; at += 3) is_sound = is_sound && crc8_sensirion(answer + at, 2) == answer[at + 2];
  return is_sound;
}

void put_crcs_right(uint8_t* answer, size_t size) {
  for (size_t at = 0; at < size; at += 3) answer[at + 2] = crc8_sensirion(answer + at, 2);
}

void try_stc31(const uint8_t* answer) {
  Stc31Sample sample;
  const WordResult result = stc31_sample(answer, sample);
  must((result == WordResult::ok) == has_sound_crcs(answer, kStc31AnswerBytes), "an STC31 answer stands on its CRCs");
  if (result != WordResult::ok) return;
  must(is_within(sample.co2_ppm, -500'000.0, 1'500'000.0), "sixteen bits of CO2");
  must(is_within(sample.temperature_c, -164.0, 164.0), "sixteen bits of temperature");
}

void try_sdp8xx(const uint8_t* answer) {
  Sdp8xxSample sample;
  const Sdp8xxResult result = sdp8xx_sample(answer, sample);
  must((result != Sdp8xxResult::bad_crc) == has_sound_crcs(answer, kSdp8xxAnswerBytes),
       "an SDP8xx answer stands on its CRCs");
  if (result != Sdp8xxResult::ok) return;
  must(sample.scale_per_pa != 0, "a pressure has a scale");
  must(is_within(sample.differential_pressure_pa, -32'768.0, 32'767.0), "sixteen bits of pressure");
  must(is_within(sample.temperature_c, -164.0, 164.0), "sixteen bits of temperature");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ct::fuzz::Input input(bytes, size);
  const bool puts_right = input.take_byte() % 2 == 1;
  uint8_t answer[kSdp8xxAnswerBytes];
  input.take(answer, sizeof answer);
  if (puts_right) put_crcs_right(answer, sizeof answer);
  try_stc31(answer);
  try_sdp8xx(answer);
  return 0;
}
