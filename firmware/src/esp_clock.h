// Time on the board: the 64-bit timer since boot, and the time of day once a time server has answered.
#pragma once

#include "ports.h"

namespace ct {

class EspClock : public Clock {
 public:
  uint64_t uptime_ms() override;
  // 0 until a server has answered since boot: a time from before a restart is not trusted.
  int64_t unix_ms() override;
  // Asks from now on, as soon as there is a network and every hour after. Null: the pool's servers alone.
  void start(const char* time_server);
};

}  // namespace ct
