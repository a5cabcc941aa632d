// Several samples to one reading: means of good samples, null and a flag for missing values, the highest value and a
// flag for values beyond the sensor's range. Asking sensors is in instruments.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reading.h"

namespace ct {

// One round of the sensors; NAN: it gave no value, and then `faults` says so where it should have.
struct Sample {
  double values[kQuantities] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  uint8_t faults = 0;  // kCo2Fault, kTemperatureFault, kVelocityFault, kPressureFault
  bool is_warm_up = false;
  bool is_calibrating = false;
};

class Sampler {
 public:
  void set_range_ppm(double range_ppm) { range_ppm_ = range_ppm; }
  void add(const Sample& sample);
  bool is_empty() const { return sample_count_ == 0; }
  // Values and flags of a reading; then starts the next one. stream, seq and time are the caller's.
  Reading take();

 private:
  struct Sum {
    double total = 0;
    size_t count = 0;
  };
  bool is_missing(size_t quantity) const { return sums_[quantity].count == 0; }

  double range_ppm_ = HUGE_VAL;
  Sum sums_[kQuantities];
  double highest_co2_ppm_ = 0;
  size_t sample_count_ = 0;
  uint8_t faults_ = 0;
  bool is_over_range_ = false, is_warm_up_ = false, is_calibrating_ = false;
};

}  // namespace ct
