#include "backoff.h"

namespace ct {

uint32_t doubled(uint32_t first_ms, unsigned doublings, uint32_t longest_ms) {
  uint32_t ms = first_ms;
  for (unsigned i = 0; i < doublings && ms < longest_ms; ++i) ms = ms > longest_ms / 2 ? longest_ms : ms * 2;
  return ms < longest_ms ? ms : longest_ms;
}

uint32_t with_jitter(uint32_t ms, Entropy& entropy) {
  const uint32_t half = ms / 2;
  return ms - (half == 0 ? 0 : entropy.random_u32() % (half + 1));
}

uint32_t Backoff::next_ms(Entropy& entropy) {
  const uint32_t ms = doubled(first_ms_, failures_, longest_ms_);
  if (failures_ < 32) ++failures_;
  return with_jitter(ms, entropy);
}

}  // namespace ct
