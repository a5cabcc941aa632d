// Two clocks, never mixed: the uptime, which never jumps and measures every delay, and the time of day, which is unset
// until a time server answers. A reading from before is dated afterwards, once, by the offset found then; what is dated
// is never dated again, wherever the time of day moves later.
#pragma once

#include <cstdint>

#include "ports.h"

namespace ct {

class WallClock {
 public:
  explicit WallClock(Clock& clock) : clock_(clock) {}

  // True once: when the time of day has just become known. Undated readings can be dated from then on.
  bool has_just_been_set();
  bool is_set() const { return is_set_; }
  // Of a reading taken now; only while is_set(). By the uptime where the clock has lost its time again.
  int64_t unix_ms();
  // Unix time less uptime, as found when the clock was set.
  int64_t offset_ms() const { return offset_ms_; }

 private:
  Clock& clock_;
  bool is_set_ = false;
  int64_t offset_ms_ = 0;
};

}  // namespace ct
