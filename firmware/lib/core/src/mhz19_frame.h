// The UART frames of Winsen's MH-Z19 family (MH-Z19B/C/E, MH-410D): nine bytes, FF first, checksum last.
// Reaches 0.2 to 1 % CO2: for the bench, never for a chimney, where it reads its maximum all day.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

inline constexpr size_t kMhz19FrameBytes = 9;

extern const uint8_t kMhz19ReadCo2[kMhz19FrameBytes];
// "Automatic baseline" takes the lowest value of a day for 400 ppm. In a chimney that must be off; sent at each boot,
// since the sensor may have forgotten it.
extern const uint8_t kMhz19AutoBaselineOff[kMhz19FrameBytes];

uint8_t mhz19_checksum(const uint8_t* frame);

enum class Mhz19Result { need_more, co2, bad_checksum, other_answer };

// Takes bytes one by one and recovers after garbage: inside a frame with a wrong checksum it searches for the next FF.
class Mhz19Parser {
 public:
  Mhz19Result feed(uint8_t byte);
  unsigned co2_ppm() const { return co2_ppm_; }
  uint32_t skipped_count() const { return skipped_count_; }  // bytes that belonged to no frame

 private:
  void drop_first();

  uint8_t frame_[kMhz19FrameBytes] = {};
  size_t size_ = 0;
  unsigned co2_ppm_ = 0;
  uint32_t skipped_count_ = 0;
};

}  // namespace ct
