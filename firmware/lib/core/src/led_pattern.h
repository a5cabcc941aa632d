// The meaning of the status light. When several states hold, it shows the first of the list, because a later one cannot
// be corrected before it.
#pragma once

#include <cstdint>

namespace ct {

struct LedFacts {
  bool is_portal_open = false;
  bool is_updating = false;
  bool has_settings = false;
  bool has_flash = false;
  bool has_wifi = false;
  bool is_clock_set = false;
  bool is_connected = false;
  bool has_sensor_fault = false;
};

enum class LedState { portal, updating, no_settings, no_flash, no_wifi, no_clock, no_broker, sensor_fault, measuring };

LedState led_state(const LedFacts& facts);
// Whether the light is on at this moment: so many short flashes, then a pause; evenly for the first two.
bool is_led_on(LedState state, uint64_t uptime_ms);
// Number of flashes that a person counts; 0 for a pattern without a count.
unsigned led_flashes(LedState state);

}  // namespace ct
