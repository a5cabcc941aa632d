// When to try to connect again: doubling, with jitter, so that a fleet does not connect at once to a restarted broker.
#pragma once

#include <cstdint>

#include "config.h"
#include "ports.h"

namespace ct {

class Backoff {
 public:
  Backoff(uint32_t first_ms, uint32_t longest_ms) : first_ms_(first_ms), longest_ms_(longest_ms) {}

  // Notes a failure; gives how long to wait, between half of the doubled time and all of it.
  uint32_t next_ms(Entropy& entropy);
  void succeeded() { failures_ = 0; }
  unsigned failures() const { return failures_; }

 private:
  uint32_t first_ms_, longest_ms_;
  unsigned failures_ = 0;
};

// A random part of `ms`, from a half to all of it.
uint32_t with_jitter(uint32_t ms, Entropy& entropy);
// first * 2^doublings, at most `longest_ms`; cannot overflow.
uint32_t doubled(uint32_t first_ms, unsigned doublings, uint32_t longest_ms);

}  // namespace ct
