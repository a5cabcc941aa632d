// One reading as it is kept and sent, its flags, and the optional values. The wire form is in payload.h, the flash form
// in record.h.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace ct {

// Of the wire format: docs/wire-format.md, science/readings.py.
enum Flag : uint8_t {
  kCo2Fault = 1,
  kTemperatureFault = 2,
  kVelocityFault = 4,
  kWarmUp = 8,
  kOverRange = 16,
  kPressureFault = 32,
  kCalibrating = 64,
  kReplayed = 128,
};

// In the order of the message.
enum Quantity : size_t {
  kCo2Ppm,
  kTemperatureC,
  kVelocityMs,
  kPressurePa,
  kDpPa,
  kCellTemperatureC,
  kCellPressurePa,
  kHumidityPct,
  kO2Pct,
  kCh4Ppm,
  kQuantities,
};
inline constexpr size_t kRequiredQuantities = 3;

inline constexpr uint32_t kMaxSeq = 0x7fffffff;

struct Reading {
  uint32_t stream = 0;
  uint32_t seq = 0;
  int64_t t_ms = 0;          // Unix; milliseconds since boot while is_undated
  uint32_t interval_ms = 0;  // spacing in force when it was measured
  uint32_t span_ms = 0;      // of a mean; 0: one reading
  uint32_t seq_from = 0;     // of a mean
  uint16_t n = 0;            // of a mean
  uint8_t flags = 0;
  bool is_undated = false;
  bool was_sent = false;
  float values[kQuantities] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};  // NAN: the sensor gave none

  bool is_mean() const { return span_ms != 0; }
  bool has(size_t quantity) const { return !std::isnan(values[quantity]); }
  uint32_t first_seq() const { return is_mean() ? seq_from : seq; }
};

}  // namespace ct
