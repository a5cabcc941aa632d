#include "host_board.h"

#include <cstdio>
#include <utility>

namespace ct {

uint64_t HostClock::uptime_ms() {
  const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - booted_;
  return static_cast<uint64_t>(passed.count() * speed_);
}

int64_t HostClock::unix_ms() { return is_known_ ? shown_unix_ms() : 0; }

int64_t HostClock::booted_unix_ms() { return shown_unix_ms() - static_cast<int64_t>(uptime_ms()); }

int64_t HostClock::shown_unix_ms() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t true_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return equal_at_unix_ms_ + static_cast<int64_t>(static_cast<double>(true_ms - equal_at_unix_ms_) * speed_);
}

void HostClock::hurry(double speed, int64_t equal_at_unix_ms) {
  speed_ = speed;
  equal_at_unix_ms_ = equal_at_unix_ms;
}

void HostBoard::log(const char* text) {
  std::printf("%9.3f %s\n", static_cast<double>(clock_.uptime_ms()) / 1000.0, text);
  std::fflush(stdout);
}

bool HostBoard::take_restart() { return std::exchange(wants_restart_, false); }

}  // namespace ct
