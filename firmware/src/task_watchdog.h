// The chip's task watchdog, set to watch our loop.
#pragma once

namespace ct {

void start_task_watchdog();
void feed_task_watchdog();

}  // namespace ct
