// Readings on flash: segment files, their index in RAM, and what may be done to them. Which reading is sent when is in
// sender.h, what is still in RAM in outbox.h, how segments become means in thinning.h.
//
// A file is named after the numbers it stands for, <first>-<last>.seg: one number for readings as they were taken, a
// range for means that replaced several files. So a power cut between writing means and removing what they replace
// leaves nothing twice: on mount a sealed range wins over what lies inside it, and an unsealed one is removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "committed.h"
#include "config.h"
#include "ports.h"
#include "record.h"

namespace ct {

inline constexpr size_t kSegmentNameBytes = 24;

struct Segment {
  uint32_t first_number = 0, last_number = 0;
  uint32_t stream = 0, interval_ms = 0;
  uint32_t first_seq = 0, last_seq = 0;
  int64_t offset_ms = 0;  // what undated readings are moved by, once is_dated
  uint16_t bytes = 0;
  uint16_t count = 0;       // readings in it
  uint16_t live_count = 0;  // of them unanswered
  bool is_sent = false;     // some of it may have been sent: never thinned
  bool is_open = false;     // takes more
  bool is_thinned = false;  // holds means, or was found not to shrink
  bool has_undated = false;
  bool is_dated = false;
  uint8_t answered[config::kMaxSegmentRecords / 8] = {};

  bool is_answered(size_t record) const { return (answered[record / 8] >> (record % 8)) & 1u; }
  bool is_waiting_for_clock() const { return has_undated && !is_dated; }
};

struct MountReport {
  MountResult result = MountResult::failed;
  uint32_t undatable_count = 0;  // readings of boots that never had the time, now gone
  uint32_t corrupt_count = 0;    // places where a record should have been
  uint32_t readings_count = 0;
};

class Segments {
 public:
  explicit Segments(Storage& storage);

  // Reads what earlier boots left. Files of theirs are never added to again: their end may be torn.
  MountReport mount();

  // Writes readings of one stream, ascending; durable on return. Gives how many; fewer when the flash is full or fails.
  size_t append(const Reading* const* readings, size_t count);
  // Frees what lies in the range; gives how many readings that were.
  size_t answer(uint32_t stream, SeqRange range);
  // Dates what this boot wrote before the clock was set.
  void date(uint32_t stream, int64_t offset_ms);
  bool mark_sent(size_t place);
  // Loses the oldest segment, with so many unanswered readings; false when there is none, or it will not go.
  bool drop_oldest(size_t& lost_count);
  bool is_full() const;
  unsigned used_pct() const;

  size_t count() const { return index_.size(); }
  const Segment& at(size_t place) const { return index_[place]; }
  uint32_t live_count() const { return live_count_; }
  uint32_t failed_count() const { return failed_count_; }  // writes and removals that the flash refused
  // The highest seq of a stream on flash; 0 when there is none.
  uint32_t last_seq(uint32_t stream) const;

  // Walks the unanswered readings of a segment, dated where they can be: `open`, then `next` until false. One at a
  // time: the file lies in a buffer that every other call reuses.
  bool open(size_t place);
  bool next(Reading& reading);

  // For thinning: puts one file in the place of the segments [from, to], whose content it stands for.
  bool replace(size_t from, size_t to, const uint8_t* bytes, size_t size, const Segment& described);
  void set_unthinnable(size_t place) { index_[place].is_thinned = true; }

 private:
  enum class Loaded { kept, empty, unreadable };
  Loaded load(size_t place, MountReport& report);
  bool is_unreadable() const { return walk_size_ == 0 && !is_walk_empty_; }
  void forget_undatable(size_t place, uint32_t seen_before, MountReport& report);
  void set_answered(Segment& segment, size_t record);
  bool note_record(const Record& record, const SegmentHeader& header, Segment& segment, MountReport& report);
  void note_reading(const Reading& reading, Segment& segment, bool is_twice);
  void remove_unsealed();
  bool needs_new_segment(const Reading* const* readings, size_t count) const;
  size_t append_to_open(const Reading* const* readings, size_t count);
  bool start_segment(const Reading& reading);
  void close_failed();
  bool write_mark(Segment& segment, const uint8_t* bytes, size_t size);
  size_t readings_in(size_t place);
  void erase_from_index(size_t place);
  bool remove_file(const Segment& segment);

  Storage& storage_;
  std::vector<Segment> index_;
  std::vector<uint8_t> buffer_;
  uint32_t next_number_ = 1;
  uint32_t live_count_ = 0;
  uint32_t failed_count_ = 0;
  // Of the walk.
  bool is_walk_empty_ = false;  // the file could be read and holds nothing
  size_t walk_place_ = 0, walk_size_ = 0, walk_at_ = 0, walk_record_ = 0;
  SegmentHeader walk_header_;
  // Of the mount: the greatest seq seen so far of a stream.
  uint32_t seen_stream_ = 0, seen_seq_ = 0;
};

void segment_name(const Segment& segment, char out[kSegmentNameBytes]);
bool segment_from_name(const char* name, Segment& segment);

}  // namespace ct
