#include "anemometer.h"

namespace ct {

namespace {
constexpr double kZeroMa = 4.0, kSpanMa = 16.0, kBrokenMa = 3.6, kFailureMa = 21.0;
}

AnemometerResult PulseAnemometer::feed(uint32_t total, uint64_t uptime_ms) {
  if (!has_first_ || uptime_ms == uptime_ms_) {
    if (!has_first_) {
      total_ = total;
      uptime_ms_ = uptime_ms;
      has_first_ = true;
    }
    return AnemometerResult::need_more;
  }
  const uint32_t pulses = total - total_;  // unsigned: also right when the counter wraps
  const double hz = pulses * 1000.0 / static_cast<double>(uptime_ms - uptime_ms_);
  velocity_ms_ = pulses == 0 ? 0.0 : ms_per_hz_ * hz + offset_ms_;
  total_ = total;
  uptime_ms_ = uptime_ms;
  return AnemometerResult::ok;
}

AnemometerResult velocity_from_loop(double milliamperes, double full_scale_ms, double& velocity_ms) {
  // A NaN fails this comparison, too.
  if (!(milliamperes >= kBrokenMa)) return AnemometerResult::broken_wire;
  if (milliamperes > kFailureMa) return AnemometerResult::above_scale;
  const double share = (milliamperes - kZeroMa) / kSpanMa;
  velocity_ms = share <= 0.0 ? 0.0 : share * full_scale_ms;
  return AnemometerResult::ok;
}

}  // namespace ct
