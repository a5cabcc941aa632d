// Anemometers that count pulses or drive a 4-20 mA loop: to metres a second, or why not. For a cooled side duct:
// plastic vanes end at 60 to 80 C. A pitot tube is in stack.h and sensirion.h.
#pragma once

#include <cstdint>

namespace ct {

enum class AnemometerResult { ok, need_more, broken_wire, above_scale };

// velocity = ms_per_hz * frequency + offset_ms, and 0 when no pulse came.
class PulseAnemometer {
 public:
  PulseAnemometer(double ms_per_hz, double offset_ms) : ms_per_hz_(ms_per_hz), offset_ms_(offset_ms) {}
  // Takes the counter's running total; the first call has nothing to compare with.
  AnemometerResult feed(uint32_t total, uint64_t uptime_ms);
  double velocity_ms() const { return velocity_ms_; }

 private:
  double ms_per_hz_, offset_ms_;
  double velocity_ms_ = 0;
  uint32_t total_ = 0;
  uint64_t uptime_ms_ = 0;
  bool has_first_ = false;
};

// NAMUR NE 43: below 3.6 mA the wire is broken, above 21 mA the transmitter reports a failure.
AnemometerResult velocity_from_loop(double milliamperes, double full_scale_ms, double& velocity_ms);

}  // namespace ct
