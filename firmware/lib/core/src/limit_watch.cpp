#include "limit_watch.h"

namespace ct {

namespace {

constexpr unsigned kCrossedReadings = 2;   // one reading alone may be a spike
constexpr double kHysteresisShare = 0.05;  // of the limit
constexpr uint8_t kFaults = kCo2Fault | kTemperatureFault | kVelocityFault | kPressureFault;

}  // namespace

void LimitWatch::set_limits(const Limits& limits) {
  limits_ = limits;
  // An alert against another limit says nothing about this one; a sensor fault stays.
  for (size_t kind = 0; kind < kKinds; ++kind) {
    if (static_cast<AlertKind>(kind) != AlertKind::sensor_fault) watches_[kind] = Watch();
  }
}

bool LimitWatch::begins(AlertKind kind, double value, double limit, bool is_high) {
  Watch& watch = watches_[static_cast<size_t>(kind)];
  if (std::isnan(value) || std::isnan(limit)) return false;
  const bool is_crossed = is_high ? value > limit : value < limit;
  const double margin = std::fabs(limit) * kHysteresisShare;
  if (watch.is_raised) {
    const bool is_back = is_high ? value < limit - margin : value > limit + margin;
    if (is_back) watch = Watch();
    return false;
  }
  watch.crossed_count = is_crossed ? watch.crossed_count + 1 : 0;
  watch.is_raised = watch.crossed_count >= kCrossedReadings;
  return watch.is_raised;
}

size_t LimitWatch::check(const Reading& reading, double flow_m3s, Alert out[kKinds]) {
  size_t count = 0;
  const auto note = [&](AlertKind kind, double value, double limit) {
    out[count].kind = kind;
    out[count].t_ms = reading.t_ms;
    out[count].value = value;
    out[count].limit = limit;
    ++count;
  };
  if (reading.flags & (kWarmUp | kCalibrating)) return 0;
  if (begins(AlertKind::sensor_fault, (reading.flags & kFaults) ? 1.0 : 0.0, 0.5, true)) {
    note(AlertKind::sensor_fault, NAN, NAN);
  }
  const double co2_ppm = static_cast<double>(reading.values[kCo2Ppm]);
  const double temperature_c = static_cast<double>(reading.values[kTemperatureC]);
  const struct {
    double value, limit;
    AlertKind kind;
    bool is_high;
  } checks[] = {
      {co2_ppm, limits_.co2_high_ppm, AlertKind::co2_high, true},
      {temperature_c, limits_.temperature_high_c, AlertKind::temperature_high, true},
      {temperature_c, limits_.temperature_low_c, AlertKind::temperature_low, false},
      {flow_m3s, limits_.flow_high_m3s, AlertKind::flow_high, true},
      {flow_m3s, limits_.flow_low_m3s, AlertKind::flow_low, false},
  };
  for (const auto& one : checks) {
    if (begins(one.kind, one.value, one.limit, one.is_high)) note(one.kind, one.value, one.limit);
  }
  return count;
}

}  // namespace ct
