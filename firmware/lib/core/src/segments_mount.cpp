// Reads the flash of earlier boots: which files count, what they hold, what a power cut damaged.
#include <algorithm>
#include <cstring>

#include "segments.h"

namespace ct {

namespace {

constexpr size_t kNumberDigits = 8;

bool read_hex(const char* text, uint32_t& value) {
  value = 0;
  for (size_t i = 0; i < kNumberDigits; ++i) {
    const char c = text[i];
    const bool is_decimal = c >= '0' && c <= '9';
    if (!is_decimal && !(c >= 'a' && c <= 'f')) return false;
    value = value * 16 + static_cast<uint32_t>(is_decimal ? c - '0' : c - 'a' + 10);
  }
  return true;
}

}  // namespace

bool segment_from_name(const char* name, Segment& segment) {
  return std::strlen(name) == 2 * kNumberDigits + 5 && read_hex(name, segment.first_number) &&
         name[kNumberDigits] == '-' && read_hex(name + kNumberDigits + 1, segment.last_number) &&
         std::strcmp(name + 2 * kNumberDigits + 1, ".seg") == 0 && segment.first_number <= segment.last_number;
}

MountReport Segments::mount() {
  MountReport report;
  report.result = storage_.mount();
  if (report.result == MountResult::failed) return report;
  char name[kSegmentNameBytes * 2];
  for (size_t place = 0; storage_.name_at(place, name, sizeof name); ++place) {
    Segment segment;
    if (!segment_from_name(name, segment)) continue;
    next_number_ = std::max(next_number_, segment.last_number + 1);
    // At most as many as this firmware writes; files of a larger partition wait for the next boot.
    if (index_.size() < config::kMaxSegments) index_.push_back(segment);
  }
  // Oldest first; a range before what lies inside it.
  std::sort(index_.begin(), index_.end(), [](const Segment& a, const Segment& b) {
    return a.first_number != b.first_number ? a.first_number < b.first_number : a.last_number > b.last_number;
  });
  remove_unsealed();
  for (size_t place = 0; place < index_.size();) {
    const Loaded loaded = load(place, report);
    if (loaded == Loaded::kept) {
      ++place;
      continue;
    }
    // An unreadable file stays: the next boot may be able to read it.
    if (loaded == Loaded::empty) remove_file(index_[place]);
    erase_from_index(place);
  }
  report.readings_count = live_count_;
  return report;
}

// A file of means without its seal was never finished: what it stands for is still there. A sealed one sorts before
// what it stands for, whose readings `note_record` then knows already.
void Segments::remove_unsealed() {
  for (size_t place = 0; place < index_.size();) {
    if (index_[place].first_number == index_[place].last_number) {
      ++place;
      continue;
    }
    bool is_sealed = false;
    if (open(place)) {
      Record record;
      uint32_t skipped = 0;
      while (next_record(buffer_.data(), walk_size_, walk_at_, record, skipped)) {
        is_sealed = is_sealed || record.kind == RecordKind::seal;
      }
    } else if (is_unreadable()) {
      is_sealed = true;  // nobody knows: `load` leaves it where it is
    }
    if (!is_sealed) {
      remove_file(index_[place]);
      erase_from_index(place);
      continue;
    }
    ++place;
  }
}

// Fills the index from the file.
Segments::Loaded Segments::load(size_t place, MountReport& report) {
  Segment& segment = index_[place];
  if (!open(place)) {
    ++report.corrupt_count;
    return is_unreadable() ? Loaded::unreadable : Loaded::empty;
  }
  segment.stream = walk_header_.stream;
  segment.interval_ms = walk_header_.interval_ms;
  segment.is_thinned = segment.first_number != segment.last_number;
  segment.bytes = static_cast<uint16_t>(walk_size_);
  if (segment.stream != seen_stream_) {
    seen_stream_ = segment.stream;
    seen_seq_ = 0;
  }
  const uint32_t seen_before = seen_seq_;
  Record record;
  uint32_t skipped = 0;
  while (next_record(buffer_.data(), walk_size_, walk_at_, record, skipped)) {
    if (!note_record(record, walk_header_, segment, report)) break;
  }
  if (skipped != 0) ++report.corrupt_count;
  if (segment.is_waiting_for_clock()) forget_undatable(place, seen_before, report);
  return segment.live_count != 0 ? Loaded::kept : Loaded::empty;
}

// Its boot never learned the time, and nobody knows how long ago that was. Nor is it seen: after a refused write the same
// reading may stand in a later file, by then with its time.
void Segments::forget_undatable(size_t place, uint32_t seen_before, MountReport& report) {
  Segment& segment = index_[place];
  Reading reading;
  seen_seq_ = seen_before;
  open(place);
  while (next(reading)) {
    if (!reading.is_undated) {
      seen_seq_ = std::max(seen_seq_, reading.seq);
      continue;
    }
    set_answered(segment, walk_record_ - 1);
    ++report.undatable_count;
  }
}

bool Segments::note_record(const Record& record, const SegmentHeader& header, Segment& segment, MountReport& report) {
  Reading reading;
  int64_t offset_ms = 0;
  if (record.kind == RecordKind::sent) segment.is_sent = true;
  if (decode_dated(record, offset_ms)) {
    segment.offset_ms = offset_ms;
    segment.is_dated = true;
  }
  if (!decode_reading(record, header, reading)) return true;
  if (segment.count >= config::kMaxSegmentRecords) {
    ++report.corrupt_count;
    return false;
  }
  // Seqs ascend through the files of a stream. One that does not was written again after a refused write.
  const bool is_twice = reading.seq <= seen_seq_;
  if (is_twice) segment.is_sent = true;
  seen_seq_ = std::max(seen_seq_, reading.seq);
  note_reading(reading, segment, is_twice);
  return true;
}

}  // namespace ct
