#include "wall_clock.h"

#include "config.h"

namespace ct {

int64_t WallClock::unix_ms() {
  const int64_t unix_ms = clock_.unix_ms();
  return unix_ms < config::kEarliestUnixMs ? static_cast<int64_t>(clock_.uptime_ms()) + offset_ms_ : unix_ms;
}

bool WallClock::has_just_been_set() {
  if (is_set_) return false;
  const int64_t unix_ms = clock_.unix_ms();
  // A clock chip without its battery reports 1970 or 2000 as the time.
  if (unix_ms < config::kEarliestUnixMs) return false;
  offset_ms_ = unix_ms - static_cast<int64_t>(clock_.uptime_ms());
  is_set_ = true;
  return true;
}

}  // namespace ct
