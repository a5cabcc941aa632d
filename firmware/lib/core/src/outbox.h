// Every reading that has no answer in `committed` yet: the newest in RAM, the rest on flash. RAM is flushed when one
// has waited 60 s, before a planned restart and when it runs full, so a power cut costs at most 60 s and a healthy node
// writes nothing. Above 80 % of the flash, readings never sent become one-minute means; above 95 % the oldest segment
// is lost. Both are counted. When and in what order readings go out is in sender.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.h"
#include "segments.h"
#include "thinning.h"

namespace ct {

class Outbox {
 public:
  explicit Outbox(Storage& storage) : segments_(storage), thinner_(segments_) {}

  MountReport mount();

  void add(const Reading& reading, uint64_t uptime_ms);
  // Flushes readings that have waited long enough.
  void tick(uint64_t uptime_ms);
  // Puts all of RAM on flash; false when some of it had to stay in RAM.
  bool flush();
  // Frees what lies in the range; gives how many readings that were.
  size_t answer(uint32_t stream, SeqRange range);
  // Gives its undated readings their time: they were measured at uptime + offset.
  void date(uint32_t stream, int64_t offset_ms);

  uint32_t count() const { return static_cast<uint32_t>(ram_count_) + segments_.live_count(); }
  uint32_t flash_count() const { return segments_.live_count(); }
  uint32_t dropped_count() const { return dropped_count_; }
  uint32_t thinned_count() const { return thinned_count_; }
  uint32_t failed_count() const { return segments_.failed_count(); }
  uint32_t last_seq_on_flash(uint32_t stream) const { return segments_.last_seq(stream); }
  bool has(uint32_t stream, SeqRange range, uint32_t& kept_count);

  // --- For the sender ---
  enum class Choice { take, skip, stop, take_alone };
  // Decides about one reading that could go; called oldest first.
  class Chooser {
   public:
    virtual ~Chooser() = default;
    virtual Choice choose(const Reading& reading) = 0;
  };
  // The backlog to send: oldest first, from flash, then from RAM readings that were sent before or are more than
  // `live_tail` readings old. All of one stream and interval. Marks it as sent, durably where it lies on flash.
  size_t pick_replay(Chooser& chooser, size_t live_tail, Reading* out, size_t capacity);
  // The live readings to send: the newest in RAM that were never sent, ascending, of one stream and interval.
  size_t pick_live(Reading* out, size_t capacity);
  // How many would be live, and since when the oldest of them waits.
  size_t fresh_count(uint64_t& oldest_added_ms) const;

 private:
  struct Kept {
    Reading reading;
    uint64_t added_ms = 0;
  };
  bool is_live(const Kept& kept) const;
  size_t pick_from_segment(size_t place, Chooser& chooser, Reading* out, size_t taken, size_t capacity, bool& is_done);
  void make_room();
  void drop_from_ram(size_t count);

  Segments segments_;
  Thinner thinner_;
  Kept ram_[config::kRamReadings];
  size_t ram_count_ = 0;
  uint32_t dropped_count_ = 0;
  uint32_t thinned_count_ = 0;
};

}  // namespace ct
