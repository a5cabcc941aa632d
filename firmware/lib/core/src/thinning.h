// Turns the oldest readings on flash that were never sent into one-minute means, when the flash runs full. A mean
// stands for readings next to each other in seq and time, of one minute and with the same flags and values: a fault, an
// over-range value or a gap is never averaged away. A reading that may have been sent stays as it is: the server would
// otherwise count it once alone and once in the mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "segments.h"

namespace ct {

// Adds up readings and gives the mean of them; exact for one: that stays itself.
class MeanOfReadings {
 public:
  bool is_empty() const { return count_ == 0; }
  // Whether the next reading may go into the same mean.
  bool takes(const Reading& next) const;
  void add(const Reading& reading);
  // The mean; then starts the next one.
  Reading take();

 private:
  Reading first_, last_;
  double sums_[kQuantities] = {};
  uint32_t count_ = 0;
};

class Thinner {
 public:
  explicit Thinner(Segments& segments);

  // One step: replaces one run of segments by one of means. Gives how many readings went into means; 0 when nothing is
  // left that could shrink.
  size_t thin_once();

 private:
  bool find_run(size_t& from, size_t& to) const;
  bool can_thin(size_t place) const;
  bool add_segment(size_t place);
  bool has_room() const;
  void put(const Reading& reading);

  Segments& segments_;
  std::vector<uint8_t> out_;
  size_t size_ = 0;
  Segment described_;
  uint32_t averaged_count_ = 0;
  MeanOfReadings mean_;
};

}  // namespace ct
