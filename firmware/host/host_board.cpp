#include "host_board.h"

#include <cstdio>
#include <utility>

namespace ct {

uint64_t HostClock::uptime_ms() {
  const auto passed = std::chrono::steady_clock::now() - booted_;
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
}

int64_t HostClock::unix_ms() {
  if (!is_known_) return 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

void HostBoard::log(const char* text) {
  std::printf("%9.3f %s\n", static_cast<double>(clock_.uptime_ms()) / 1000.0, text);
  std::fflush(stdout);
}

bool HostBoard::take_restart() { return std::exchange(wants_restart_, false); }

}  // namespace ct
