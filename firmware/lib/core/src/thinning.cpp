#include "thinning.h"

#include <cstring>

namespace ct {

namespace {

int64_t minute_of(int64_t t_ms) { return (t_ms - 1) / config::kThinSpanMs; }  // (0, 60] s is one minute

bool has_same_values(const Reading& a, const Reading& b) {
  for (size_t i = 0; i < kQuantities; ++i) {
    if (a.has(i) != b.has(i)) return false;
  }
  return true;
}

}  // namespace

bool MeanOfReadings::takes(const Reading& next) const {
  if (count_ == 0) return true;
  // Up to half an interval late counts as adjacent; more is a gap, and a gap is missing time, not part of a mean.
  const int64_t step_ms = next.t_ms - last_.t_ms;
  return next.seq == last_.seq + 1 && step_ms > 0 && step_ms * 2 <= static_cast<int64_t>(next.interval_ms) * 3 &&
         minute_of(next.t_ms) == minute_of(first_.t_ms) && next.flags == first_.flags && !next.is_mean() &&
         !first_.is_mean() && has_same_values(first_, next);
}

void MeanOfReadings::add(const Reading& reading) {
  if (count_ == 0) first_ = reading;
  for (size_t i = 0; i < kQuantities; ++i) {
    if (reading.has(i)) sums_[i] += static_cast<double>(reading.values[i]);
  }
  last_ = reading;
  ++count_;
}

Reading MeanOfReadings::take() {
  Reading mean = last_;
  if (count_ > 1) {
    for (size_t i = 0; i < kQuantities; ++i) {
      if (mean.has(i)) mean.values[i] = static_cast<float>(sums_[i] / count_);
    }
    // From one interval before the first: each reading stands for the time up to itself.
    mean.span_ms = static_cast<uint32_t>(last_.t_ms - first_.t_ms) + first_.interval_ms;
    mean.seq_from = first_.seq;
    mean.n = static_cast<uint16_t>(count_);
  }
  *this = MeanOfReadings();
  return mean;
}

Thinner::Thinner(Segments& segments) : segments_(segments) { out_.resize(config::kSegmentBytes); }

bool Thinner::can_thin(size_t place) const {
  const Segment& segment = segments_.at(place);
  return !segment.is_sent && !segment.is_open && !segment.is_thinned && !segment.is_waiting_for_clock() &&
         segment.live_count == segment.count;
}

// The oldest two or more neighbours of one stream and interval; as many as there are.
bool Thinner::find_run(size_t& from, size_t& to) const {
  for (size_t place = 0; place + 1 < segments_.count(); ++place) {
    if (!can_thin(place)) continue;
    const Segment& first = segments_.at(place);
    size_t last = place;
    while (last + 1 < segments_.count() && can_thin(last + 1) && segments_.at(last + 1).stream == first.stream &&
           segments_.at(last + 1).interval_ms == first.interval_ms) {
      ++last;
    }
    if (last == place) continue;
    from = place;
    to = last;
    return true;
  }
  return false;
}

size_t Thinner::thin_once() {
  size_t from = 0, to = 0;
  while (find_run(from, to)) {
    described_ = Segment();
    described_.stream = segments_.at(from).stream;
    described_.interval_ms = segments_.at(from).interval_ms;
    described_.is_thinned = true;
    mean_ = MeanOfReadings();
    averaged_count_ = 0;
    size_ = encode_header({described_.stream, described_.interval_ms}, out_.data());
    size_t place = from;
    for (; place <= to; ++place) {
      // A segment that does not fit is taken out again completely.
      const size_t size = size_;
      const Segment described = described_;
      const uint32_t averaged = averaged_count_;
      const MeanOfReadings mean = mean_;
      if (add_segment(place)) continue;
      size_ = size;
      described_ = described;
      averaged_count_ = averaged;
      mean_ = mean;
      break;
    }
    if (place - from >= 2) {
      if (!mean_.is_empty()) put(mean_.take());
      size_ += encode_mark(RecordKind::seal, out_.data() + size_);
      return segments_.replace(from, place - 1, out_.data(), size_, described_) ? averaged_count_ : 0;
    }
    // Its readings differ too much, or are unreadable: it stays as it is, and the next run continues.
    segments_.set_unthinnable(from);
  }
  return 0;
}

bool Thinner::add_segment(size_t place) {
  if (!segments_.open(place)) return false;
  const size_t expected = segments_.at(place).live_count;
  size_t seen = 0;
  Reading reading;
  while (segments_.next(reading)) {
    ++seen;
    if (!mean_.takes(reading)) {
      if (!has_room()) return false;
      put(mean_.take());
    }
    mean_.add(reading);
  }
  // A record that was damaged since must not disappear in a mean uncounted.
  return seen == expected;
}

// For this mean and the last one, the seal and the marks that may come later.
bool Thinner::has_room() const {
  return size_ + 2 * kMaxRecordBytes + kRecordOverhead + kMarkReserveBytes <= out_.size() &&
         described_.count + 2u <= config::kMaxSegmentRecords;
}

void Thinner::put(const Reading& reading) {
  size_ += encode_reading(reading, out_.data() + size_);
  if (described_.count == 0) described_.first_seq = reading.first_seq();
  described_.last_seq = reading.seq;
  ++described_.count;
  ++described_.live_count;
  if (reading.is_mean()) averaged_count_ += reading.n;
}

}  // namespace ct
