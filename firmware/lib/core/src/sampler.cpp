#include "sampler.h"

#include "config.h"

namespace ct {

namespace {

// Digits beyond the resolution of the sensors would only make messages longer.
constexpr double kResolution[kQuantities] = {0.1, 0.01, 0.001, 1.0, 0.01, 0.01, 1.0, 0.1, 0.01, 1.0};

float rounded(double value, double resolution) {
  return static_cast<float>(std::floor(value / resolution + 0.5) * resolution);
}

}  // namespace

void Sampler::add(const Sample& sample) {
  ++sample_count_;
  faults_ |= sample.faults;
  is_warm_up_ = is_warm_up_ || sample.is_warm_up;
  is_calibrating_ = is_calibrating_ || sample.is_calibrating;
  for (size_t i = 0; i < kQuantities; ++i) {
    if (!std::isfinite(sample.values[i])) continue;
    sums_[i].total += sample.values[i];
    ++sums_[i].count;
  }
  const double co2_ppm = sample.values[kCo2Ppm];
  if (!std::isfinite(co2_ppm)) return;
  if (sums_[kCo2Ppm].count == 1 || co2_ppm > highest_co2_ppm_) highest_co2_ppm_ = co2_ppm;
  is_over_range_ = is_over_range_ || co2_ppm >= config::kOverRangeShare * range_ppm_;
}

Reading Sampler::take() {
  Reading reading;
  unsigned flags = 0;
  for (size_t i = 0; i < kQuantities; ++i) {
    if (is_missing(i)) continue;
    reading.values[i] = rounded(sums_[i].total / static_cast<double>(sums_[i].count), kResolution[i]);
  }
  // A value at the end of the scale is a lower bound; a mean with others would hide that.
  if (is_over_range_) {
    reading.values[kCo2Ppm] = rounded(highest_co2_ppm_, kResolution[kCo2Ppm]);
    flags |= kOverRange;
  }
  // A null value needs its flag, whatever the sensor reported; one failed sample among good ones does not.
  if (is_missing(kCo2Ppm)) flags |= kCo2Fault;
  if (is_missing(kTemperatureC)) flags |= kTemperatureFault;
  if (is_missing(kVelocityMs)) flags |= kVelocityFault;
  if (is_missing(kPressurePa) && (faults_ & kPressureFault)) flags |= kPressureFault;
  if (is_warm_up_) flags |= kWarmUp;
  if (is_calibrating_) flags |= kCalibrating;
  reading.flags = static_cast<uint8_t>(flags);
  const double range_ppm = range_ppm_;
  *this = Sampler();
  range_ppm_ = range_ppm;
  return reading;
}

}  // namespace ct
