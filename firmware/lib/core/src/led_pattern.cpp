#include "led_pattern.h"

namespace ct {

namespace {

constexpr uint64_t kFlashMs = 150, kGapMs = 250, kPauseMs = 1600;

}  // namespace

LedState led_state(const LedFacts& facts) {
  if (facts.is_portal_open) return LedState::portal;
  if (facts.is_updating) return LedState::updating;
  if (!facts.has_settings) return LedState::no_settings;
  if (!facts.has_flash) return LedState::no_flash;
  if (!facts.has_wifi) return LedState::no_wifi;
  if (!facts.is_clock_set) return LedState::no_clock;
  if (!facts.is_connected) return LedState::no_broker;
  return facts.has_sensor_fault ? LedState::sensor_fault : LedState::measuring;
}

unsigned led_flashes(LedState state) {
  switch (state) {
    case LedState::portal:
    case LedState::updating: return 0;
    case LedState::measuring: return 1;
    case LedState::no_wifi: return 2;
    case LedState::no_clock: return 3;
    case LedState::no_broker: return 4;
    case LedState::sensor_fault: return 5;
    case LedState::no_flash: return 6;
    case LedState::no_settings: return 7;
  }
  return 0;
}

bool is_led_on(LedState state, uint64_t uptime_ms) {
  if (state == LedState::portal) return uptime_ms % 1000 < 500;
  if (state == LedState::updating) return uptime_ms % 100 < 50;
  const uint64_t flashes = led_flashes(state);
  const uint64_t at_ms = uptime_ms % (flashes * (kFlashMs + kGapMs) + kPauseMs);
  return at_ms < flashes * (kFlashMs + kGapMs) && at_ms % (kFlashMs + kGapMs) < kFlashMs;
}

}  // namespace ct
