#include "outbox.h"

#include <algorithm>

namespace ct {

namespace {

bool fits(const Reading* out, size_t taken, const Reading& reading) {
  return taken == 0 || (out[0].stream == reading.stream && out[0].interval_ms == reading.interval_ms);
}

}  // namespace

MountReport Outbox::mount() { return segments_.mount(); }

void Outbox::add(const Reading& reading, uint64_t uptime_ms) {
  if (ram_count_ == config::kRamReadings && !flush() && ram_count_ == config::kRamReadings) {
    drop_from_ram(1);
    ++dropped_count_;
  }
  ram_[ram_count_].reading = reading;
  ram_[ram_count_].added_ms = uptime_ms;
  ++ram_count_;
}

void Outbox::tick(uint64_t uptime_ms) {
  if (ram_count_ != 0 && uptime_ms - ram_[0].added_ms >= config::kFlushAfterMs) {
    // A refused write is repeated one flush time later, not at every turn of the loop.
    if (!flush()) {
      for (size_t i = 0; i < ram_count_; ++i) ram_[i].added_ms = uptime_ms;
    }
  }
}

bool Outbox::flush() {
  const Reading* readings[config::kRamReadings];
  for (size_t i = 0; i < ram_count_; ++i) readings[i] = &ram_[i].reading;
  // Room is made for one segment at a time; what was sent and what was not take segments of their own.
  size_t written = 0;
  while (written < ram_count_) {
    make_room();
    const size_t more = segments_.append(readings + written, ram_count_ - written);
    written += more;
    if (more == 0 || !segments_.is_full()) break;
  }
  drop_from_ram(written);
  return ram_count_ == 0;
}

// Thins before it loses anything, and loses old readings only to make room for new ones.
void Outbox::make_room() {
  while (segments_.used_pct() >= config::kThinAbovePct) {
    const size_t averaged = thinner_.thin_once();
    if (averaged == 0) break;
    thinned_count_ += static_cast<uint32_t>(averaged);
  }
  size_t lost_count = 0;
  while (segments_.is_full() && segments_.drop_oldest(lost_count)) dropped_count_ += static_cast<uint32_t>(lost_count);
}

void Outbox::drop_from_ram(size_t count) {
  std::move(ram_ + count, ram_ + ram_count_, ram_);
  ram_count_ -= count;
}

size_t Outbox::answer(uint32_t stream, SeqRange range) {
  size_t kept = 0;
  for (size_t i = 0; i < ram_count_; ++i) {
    const Reading& reading = ram_[i].reading;
    const bool is_answered = reading.stream == stream && reading.seq >= range.from && reading.seq <= range.to;
    if (!is_answered) ram_[kept++] = ram_[i];
  }
  const size_t freed = ram_count_ - kept;
  ram_count_ = kept;
  return freed + segments_.answer(stream, range);
}

void Outbox::date(uint32_t stream, int64_t offset_ms) {
  for (size_t i = 0; i < ram_count_; ++i) {
    Reading& reading = ram_[i].reading;
    if (reading.stream != stream || !reading.is_undated) continue;
    reading.t_ms += offset_ms;
    reading.is_undated = false;
  }
  segments_.date(stream, offset_ms);
}

bool Outbox::has(uint32_t stream, SeqRange range, uint32_t& kept_count) {
  kept_count = 0;
  const auto count = [&](const Reading& reading) {
    if (reading.stream != stream || reading.seq < range.from || reading.first_seq() > range.to) return;
    kept_count += std::min(reading.seq, range.to) - std::max(reading.first_seq(), range.from) + 1;
  };
  for (size_t place = 0; place < segments_.count(); ++place) {
    const Segment& segment = segments_.at(place);
    if (segment.stream != stream || segment.last_seq < range.from || segment.first_seq > range.to) continue;
    Reading reading;
    if (!segments_.open(place)) continue;
    while (segments_.next(reading)) count(reading);
  }
  for (size_t i = 0; i < ram_count_; ++i) count(ram_[i].reading);
  return kept_count == range.to - range.from + 1;
}

bool Outbox::is_live(const Kept& kept) const { return !kept.reading.was_sent && !kept.reading.is_undated; }

size_t Outbox::fresh_count(uint64_t& oldest_added_ms) const {
  size_t count = 0;
  for (size_t i = ram_count_; i-- != 0;) {
    if (!is_live(ram_[i])) continue;
    oldest_added_ms = ram_[i].added_ms;
    ++count;
  }
  return count;
}

size_t Outbox::pick_live(Reading* out, size_t capacity) {
  // From the newest back to the oldest that fits, then forwards.
  size_t from = ram_count_, count = 0;
  const Reading* newest = nullptr;
  for (size_t i = ram_count_; i-- != 0 && count < capacity;) {
    if (!is_live(ram_[i])) continue;
    if (newest == nullptr) newest = &ram_[i].reading;
    if (!fits(newest, 1, ram_[i].reading)) break;
    from = i;
    ++count;
  }
  size_t taken = 0;
  for (size_t i = from; i < ram_count_ && taken < count; ++i) {
    if (!is_live(ram_[i])) continue;
    ram_[i].reading.was_sent = true;
    out[taken++] = ram_[i].reading;
  }
  return taken;
}

size_t Outbox::pick_from_segment(size_t place, Chooser& chooser, Reading* out, size_t taken, size_t capacity,
                                 bool& is_done) {
  if (!segments_.open(place)) return taken;
  Reading reading;
  while (taken < capacity && segments_.next(reading)) {
    if (reading.is_undated) continue;
    const Choice choice = chooser.choose(reading);
    if (choice == Choice::skip) continue;
    is_done = choice != Choice::take;
    if (choice == Choice::stop || (choice == Choice::take_alone && taken != 0)) break;
    out[taken++] = reading;
    if (is_done) break;
  }
  is_done = is_done || taken == capacity;
  return taken;
}

size_t Outbox::pick_replay(Chooser& chooser, size_t live_tail, Reading* out, size_t capacity) {
  size_t taken = 0;
  bool is_done = false;
  for (size_t place = 0; place < segments_.count() && !is_done; ++place) {
    const Segment& segment = segments_.at(place);
    Reading head;
    head.stream = segment.stream;
    head.interval_ms = segment.interval_ms;
    if (!fits(out, taken, head)) break;
    const size_t before = taken;
    taken = pick_from_segment(place, chooser, out, taken, capacity, is_done);
    // Before anything of it leaves: else nothing would say after a restart that it may not be thinned.
    if (taken != before) segments_.mark_sent(place);
  }
  uint64_t ignored = 0;
  size_t fresh = fresh_count(ignored);
  for (size_t i = 0; i < ram_count_ && taken < capacity && !is_done; ++i) {
    Kept& kept = ram_[i];
    if (kept.reading.is_undated || !fits(out, taken, kept.reading)) continue;
    const bool is_fresh = is_live(kept);
    if (is_fresh && fresh-- <= live_tail) continue;
    const Choice choice = chooser.choose(kept.reading);
    if (choice == Choice::skip) continue;
    is_done = choice != Choice::take;
    if (choice == Choice::stop || (choice == Choice::take_alone && taken != 0)) break;
    kept.reading.was_sent = true;
    out[taken++] = kept.reading;
  }
  for (size_t i = 0; i < taken; ++i) out[i].was_sent = true;
  return taken;
}

}  // namespace ct
