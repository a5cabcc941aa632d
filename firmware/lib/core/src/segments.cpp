// Writing, freeing and walking; what happens on mount is in segments_mount.cpp.
#include "segments.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace ct {

namespace {

// A minute of readings: fewer are not worth a block.
constexpr size_t kUnsentRun = 12;

// Readings that were sent lie apart from those that were not, or one of them would keep a whole segment from being
// thinned. The other way round a few are let in: they only stay as they are.
bool fits(const Segment& segment, const Reading* const* readings, size_t count) {
  if (segment.stream != readings[0]->stream || segment.interval_ms != readings[0]->interval_ms) return false;
  if (!segment.is_sent) return !readings[0]->was_sent;
  size_t unsent = 0;
  while (unsent < count && !readings[unsent]->was_sent) ++unsent;
  return unsent < kUnsentRun;
}

}  // namespace

void segment_name(const Segment& segment, char out[kSegmentNameBytes]) {
  std::snprintf(out, kSegmentNameBytes, "%08" PRIx32 "-%08" PRIx32 ".seg", segment.first_number, segment.last_number);
}

Segments::Segments(Storage& storage) : storage_(storage) {
  index_.reserve(config::kMaxSegments);
  buffer_.resize(config::kSegmentBytes);
}

size_t Segments::append(const Reading* const* readings, size_t count) {
  size_t done = 0;
  while (done < count) {
    if (needs_new_segment(readings + done, count - done) && !start_segment(*readings[done])) break;
    const size_t written = append_to_open(readings + done, count - done);
    if (written == 0) break;
    done += written;
  }
  return done;
}

bool Segments::needs_new_segment(const Reading* const* readings, size_t count) const {
  if (index_.empty() || !index_.back().is_open) return true;
  const Segment& open = index_.back();
  return !fits(open, readings, count) || open.count >= config::kMaxSegmentRecords ||
         open.bytes + kMaxRecordBytes + kMarkReserveBytes > config::kSegmentBytes;
}

// In RAM only: the file comes into being with its first readings, in one write.
bool Segments::start_segment(const Reading& reading) {
  if (!index_.empty()) index_.back().is_open = false;
  if (is_full()) return false;
  Segment segment;
  segment.first_number = segment.last_number = next_number_++;
  segment.stream = reading.stream;
  segment.interval_ms = reading.interval_ms;
  segment.is_sent = reading.was_sent;
  segment.is_open = true;
  index_.push_back(segment);
  return true;
}

size_t Segments::append_to_open(const Reading* const* readings, size_t count) {
  Segment& segment = index_.back();
  const bool is_new = segment.bytes == 0;
  size_t size = is_new ? encode_header({segment.stream, segment.interval_ms}, buffer_.data()) : 0;
  size_t taken = 0;
  while (taken < count && fits(segment, readings + taken, count - taken) &&
         segment.count + taken < config::kMaxSegmentRecords &&
         segment.bytes + size + kMaxRecordBytes + kMarkReserveBytes <= config::kSegmentBytes) {
    size += encode_reading(*readings[taken++], buffer_.data() + size);
  }
  char name[kSegmentNameBytes];
  segment_name(segment, name);
  if (storage_.append(name, buffer_.data(), size) != StorageResult::ok || storage_.sync(name) != StorageResult::ok) {
    close_failed();
    return 0;
  }
  segment.bytes = static_cast<uint16_t>(segment.bytes + size);
  for (size_t i = 0; i < taken; ++i) note_reading(*readings[i], segment, false);
  return taken;
}

// A part of a refused write may be on flash; RAM keeps it too. On the next mount it would look like
// readings that were never sent, so the file is marked, or removed where nothing else is in it.
void Segments::close_failed() {
  ++failed_count_;
  Segment& segment = index_.back();
  segment.is_open = false;
  if (segment.count == 0) {
    remove_file(segment);
    index_.pop_back();
    return;
  }
  segment.is_sent = true;
  uint8_t mark[kMaxRecordBytes];
  write_mark(segment, mark, encode_mark(RecordKind::sent, mark));
}

void Segments::note_reading(const Reading& reading, Segment& segment, bool is_twice) {
  if (segment.count == 0) segment.first_seq = reading.first_seq();
  segment.last_seq = reading.seq;
  if (reading.is_undated) segment.has_undated = true;
  if (reading.was_sent) segment.is_sent = true;
  if (is_twice) {
    segment.answered[segment.count / 8] |= static_cast<uint8_t>(1u << (segment.count % 8));
  } else {
    ++segment.live_count;
    ++live_count_;
  }
  ++segment.count;
}

bool Segments::write_mark(Segment& segment, const uint8_t* bytes, size_t size) {
  char name[kSegmentNameBytes];
  segment_name(segment, name);
  if (storage_.append(name, bytes, size) != StorageResult::ok || storage_.sync(name) != StorageResult::ok) {
    ++failed_count_;
    segment.is_open = false;
    return false;
  }
  segment.bytes = static_cast<uint16_t>(segment.bytes + size);
  return true;
}

bool Segments::mark_sent(size_t place) {
  Segment& segment = index_[place];
  if (segment.is_sent) return true;
  segment.is_sent = true;
  segment.is_open = false;
  uint8_t mark[kMaxRecordBytes];
  return write_mark(segment, mark, encode_mark(RecordKind::sent, mark));
}

void Segments::date(uint32_t stream, int64_t offset_ms) {
  uint8_t mark[kMaxRecordBytes];
  const size_t size = encode_dated(offset_ms, mark);
  for (Segment& segment : index_) {
    if (segment.stream != stream || !segment.is_waiting_for_clock()) continue;
    // Dated in RAM even when the mark could not be written: they can be sent now, and a time once sent stays. After a
    // restart before their answer they would count as undatable, which is the truth about what is then on flash.
    segment.offset_ms = offset_ms;
    segment.is_dated = true;
    segment.is_open = false;
    write_mark(segment, mark, size);
  }
}

size_t Segments::answer(uint32_t stream, SeqRange range) {
  size_t freed = 0;
  for (size_t place = 0; place < index_.size();) {
    Segment& segment = index_[place];
    if (segment.stream != stream || segment.last_seq < range.from || segment.first_seq > range.to) {
      ++place;
      continue;
    }
    if (range.from <= segment.first_seq && segment.last_seq <= range.to) {
      freed += segment.live_count;
      live_count_ -= segment.live_count;
      segment.live_count = 0;
    } else if (open(place)) {
      Reading reading;
      while (next(reading)) {
        if (reading.seq < range.from || reading.seq > range.to) continue;
        set_answered(segment, walk_record_ - 1);
        ++freed;
      }
    }
    if (segment.live_count != 0) {
      ++place;
      continue;
    }
    // A file that cannot be deleted appears again on the next mount; the server then answers its readings once more.
    remove_file(segment);
    erase_from_index(place);
  }
  return freed;
}

void Segments::set_answered(Segment& segment, size_t record) {
  segment.answered[record / 8] |= static_cast<uint8_t>(1u << (record % 8));
  --segment.live_count;
  --live_count_;
}

bool Segments::drop_oldest(size_t& lost_count) {
  if (index_.empty()) return false;
  lost_count = readings_in(0);
  if (!remove_file(index_.front())) return false;
  live_count_ -= index_.front().live_count;
  erase_from_index(0);
  return true;
}

// A mean counts as the readings that it was made of; an unreadable segment counts by its records.
size_t Segments::readings_in(size_t place) {
  size_t count = 0;
  Reading reading;
  if (open(place)) {
    while (next(reading)) count += reading.is_mean() ? reading.n : 1;
  }
  return std::max<size_t>(count, index_[place].live_count);
}

bool Segments::is_full() const { return index_.size() >= config::kMaxSegments || used_pct() >= config::kDropAbovePct; }

unsigned Segments::used_pct() const {
  const uint64_t capacity = storage_.capacity_bytes();
  const unsigned by_bytes = capacity == 0 ? 100 : static_cast<unsigned>(storage_.used_bytes() * 100ull / capacity);
  const unsigned by_index = static_cast<unsigned>(index_.size() * 100 / config::kMaxSegments);
  return std::max(by_bytes, by_index);
}

uint32_t Segments::last_seq(uint32_t stream) const {
  uint32_t last = 0;
  for (const Segment& segment : index_) {
    if (segment.stream == stream) last = std::max(last, segment.last_seq);
  }
  return last;
}

bool Segments::open(size_t place) {
  char name[kSegmentNameBytes];
  segment_name(index_[place], name);
  walk_place_ = place;
  walk_at_ = walk_record_ = walk_size_ = 0;
  is_walk_empty_ = false;
  if (storage_.read(name, buffer_.data(), buffer_.size(), walk_size_) != StorageResult::ok) {
    ++failed_count_;
    walk_size_ = 0;
    return false;
  }
  is_walk_empty_ = walk_size_ == 0;
  Record record;
  uint32_t skipped = 0;
  return next_record(buffer_.data(), walk_size_, walk_at_, record, skipped) && decode_header(record, walk_header_);
}

bool Segments::next(Reading& reading) {
  const Segment& segment = index_[walk_place_];
  Record record;
  uint32_t skipped = 0;
  // Not beyond what the index knows: a write that was refused may have left more behind it.
  while (walk_record_ < segment.count && next_record(buffer_.data(), walk_size_, walk_at_, record, skipped)) {
    if (!decode_reading(record, walk_header_, reading)) continue;
    if (segment.is_answered(walk_record_++)) continue;
    if (reading.is_undated && segment.is_dated) {
      reading.t_ms += segment.offset_ms;
      reading.is_undated = false;
    }
    return true;
  }
  return false;
}

bool Segments::replace(size_t from, size_t to, const uint8_t* bytes, size_t size, const Segment& described) {
  Segment merged = described;
  merged.first_number = index_[from].first_number;
  merged.last_number = index_[to].last_number;
  merged.bytes = static_cast<uint16_t>(size);
  char name[kSegmentNameBytes];
  segment_name(merged, name);
  if (storage_.append(name, bytes, size) != StorageResult::ok || storage_.sync(name) != StorageResult::ok) {
    ++failed_count_;
    remove_file(merged);
    return false;
  }
  // From here on the means count, even after a power cut.
  for (size_t place = from; place <= to; ++place) {
    live_count_ -= index_[place].live_count;
    remove_file(index_[place]);
  }
  live_count_ += merged.live_count;
  index_[from] = merged;
  index_.erase(index_.begin() + static_cast<std::ptrdiff_t>(from) + 1,
               index_.begin() + static_cast<std::ptrdiff_t>(to) + 1);
  return true;
}

void Segments::erase_from_index(size_t place) { index_.erase(index_.begin() + static_cast<std::ptrdiff_t>(place)); }

bool Segments::remove_file(const Segment& segment) {
  char name[kSegmentNameBytes];
  segment_name(segment, name);
  const StorageResult result = storage_.remove(name);
  const bool is_gone = result == StorageResult::ok || result == StorageResult::not_found;
  if (!is_gone) ++failed_count_;
  return is_gone;
}

}  // namespace ct
