#include "status_led.h"

#include <Arduino.h>

#include "board_pins.h"

namespace ct {

void start_status_led() { pinMode(pins::kLed, OUTPUT); }

void show_status_led(LedState state, uint64_t uptime_ms) {
  digitalWrite(pins::kLed, is_led_on(state, uptime_ms) == pins::kIsLedOnHigh ? HIGH : LOW);
}

}  // namespace ct
