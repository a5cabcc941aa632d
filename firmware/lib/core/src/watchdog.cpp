#include "watchdog.h"

namespace ct {

void Watchdog::set_sampling_interval(uint32_t interval_ms) {
  const uint32_t three = interval_ms * 3;
  deadline_ms_[0] = three > config::kSamplingDeadlineMs ? three : config::kSamplingDeadlineMs;
}

Task Watchdog::overdue(uint64_t uptime_ms) const {
  for (size_t task = 0; task < kTasks; ++task) {
    if (uptime_ms - last_ms_[task] > deadline_ms_[task]) return static_cast<Task>(task);
  }
  return Task::count;
}

}  // namespace ct
