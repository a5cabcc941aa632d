// When the hardware watchdog may be fed: only while every task still does its work. Else a loop that does not sample
// would look healthy. Being offline is no reason to restart; a link that is never driven is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.h"

namespace ct {

enum class Task : size_t { sampling, outbox, link, count };

class Watchdog {
 public:
  // The sampling deadline follows the interval in force: at 10 min nothing is wrong for 10 min.
  void set_sampling_interval(uint32_t interval_ms);
  void worked(Task task, uint64_t uptime_ms) { last_ms_[static_cast<size_t>(task)] = uptime_ms; }
  // The first task that is overdue, or Task::count: feed.
  Task overdue(uint64_t uptime_ms) const;

 private:
  static constexpr size_t kTasks = static_cast<size_t>(Task::count);
  uint64_t last_ms_[kTasks] = {};
  uint32_t deadline_ms_[kTasks] = {config::kSamplingDeadlineMs, config::kOutboxDeadlineMs, config::kLinkDeadlineMs};
};

}  // namespace ct
