// A button that means something only when it is held: one that bounces, or is leant on during boot, does not.
#pragma once

#include <cstdint>

namespace ct {

class HoldButton {
 public:
  explicit HoldButton(uint32_t hold_ms) : hold_ms_(hold_ms) {}

  // True once a hold.
  bool feed(bool is_pressed, uint64_t uptime_ms) {
    if (!is_pressed) {
      is_down_ = has_rung_ = false;
      return false;
    }
    if (!is_down_) {
      is_down_ = true;
      since_ms_ = uptime_ms;
    }
    if (has_rung_ || uptime_ms - since_ms_ < hold_ms_) return false;
    return has_rung_ = true;
  }

 private:
  uint32_t hold_ms_;
  uint64_t since_ms_ = 0;
  bool is_down_ = false, has_rung_ = false;
};

}  // namespace ct
