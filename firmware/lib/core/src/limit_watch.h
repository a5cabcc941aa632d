// Local limits with hysteresis: an alert when one is crossed permanently, then none until the value is clearly back.
#pragma once

#include <cstddef>

#include "commands.h"
#include "payload.h"
#include "reading.h"

namespace ct {

class LimitWatch {
 public:
  static constexpr size_t kKinds = 6;

  void set_limits(const Limits& limits);
  const Limits& limits() const { return limits_; }
  // Takes a reading and the flow it implies (NAN: unknown); writes the alerts that begin now, gives their number.
  // Warm-up and calibration decide nothing, a missing value neither raises nor ends anything but sensor_fault.
  size_t check(const Reading& reading, double flow_m3s, Alert out[kKinds]);
  bool is_raised(AlertKind kind) const { return watches_[static_cast<size_t>(kind)].is_raised; }

 private:
  struct Watch {
    bool is_raised = false;
    unsigned crossed_count = 0;
  };
  bool begins(AlertKind kind, double value, double limit, bool is_high);

  Limits limits_;
  Watch watches_[kKinds];
};

}  // namespace ct
