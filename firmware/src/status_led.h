// The light: led_pattern.h says when it is on.
#pragma once

#include <cstdint>

#include "led_pattern.h"

namespace ct {

void start_status_led();
void show_status_led(LedState state, uint64_t uptime_ms);

}  // namespace ct
