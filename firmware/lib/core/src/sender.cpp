#include "sender.h"

#include <algorithm>
#include <cstdio>

#include "backoff.h"

namespace ct {

namespace {

constexpr char kNoAnswer[] = "no_answer";

bool is_in(SeqRange range, uint32_t seq) { return seq >= range.from && seq <= range.to; }

}  // namespace

size_t Sender::next_message(uint64_t uptime_ms, char* buffer, size_t capacity) {
  now_ms_ = uptime_ms;
  const bool is_long_silence =
      doubled(config::kFirstResendMs, silence_, config::kLongestResendMs) >= config::kLongestResendMs;
  uint64_t oldest_ms = uptime_ms;
  const size_t fresh = outbox_.fresh_count(oldest_ms);
  const bool is_due = fresh >= live_batch_ || uptime_ms - oldest_ms >= config::kLongestLiveWaitMs;
  // Live first: current values matter more than old ones.
  if (fresh != 0 && is_due && !is_long_silence && free_flight(true) != nullptr) {
    return write(outbox_.pick_live(picked_, config::kLiveBatch), true, buffer, capacity);
  }
  if (uptime_ms < rest_until_ms_ || free_flight(false) == nullptr) return 0;
  const size_t live_tail = is_long_silence ? 0 : config::kLiveBatch;
  return write(outbox_.pick_replay(*this, live_tail, picked_, config::kReplayBatch), false, buffer, capacity);
}

Outbox::Choice Sender::choose(const Reading& reading) {
  if (is_in_flight(reading.stream, reading.seq)) return Outbox::Choice::skip;
  const Suspect* known = suspect(reading.stream, reading.seq);
  if (known == nullptr) return Outbox::Choice::take;
  if (now_ms_ < known->not_before_ms) return Outbox::Choice::skip;
  return known->passed_over < config::kPassedOverLimit ? Outbox::Choice::take : Outbox::Choice::take_alone;
}

size_t Sender::write(size_t picked, bool is_live, char* buffer, size_t capacity) {
  if (picked == 0) return 0;
  ReadingsMessage message(buffer, capacity, picked_[0].stream, picked_[0].interval_ms);
  const uint8_t extra_flags = is_live ? 0 : kReplayed;
  size_t count = 0;
  // Readings that do not fit go with the next message: they count as sent, but in no flight.
  while (count < picked && message.add(picked_[count], extra_flags)) ++count;
  const size_t size = message.finish();
  if (count == 0 || size == 0) return 0;
  Flight& flight = *free_flight(is_live);
  flight.number = ++sent_count_;
  flight.stream = picked_[0].stream;
  flight.count = count;
  for (size_t i = 0; i < count; ++i) flight.seqs[i] = picked_[i].seq;
  flight.sent_ms = now_ms_;
  flight.is_live = is_live;
  flight.was_alone = count == 1;
  last_flight_ = &flight;
  return size;
}

void Sender::hand_over_failed() {
  if (last_flight_ != nullptr) last_flight_->number = 0;
  last_flight_ = nullptr;
}

Sender::Flight* Sender::free_flight(bool is_live) {
  Flight* free = nullptr;
  size_t replay_count = 0;
  for (Flight& flight : flights_) {
    if (flight.number == 0) free = &flight;
    if (flight.number != 0 && !flight.is_live) ++replay_count;
  }
  return is_live || replay_count + 1 < config::kWindow ? free : nullptr;
}

bool Sender::is_in_flight(uint32_t stream, uint32_t seq) const {
  for (const Flight& flight : flights_) {
    if (flight.number == 0 || flight.stream != stream) continue;
    if (std::find(flight.seqs, flight.seqs + flight.count, seq) != flight.seqs + flight.count) return true;
  }
  return false;
}

size_t Sender::in_flight_count() const {
  size_t count = 0;
  for (const Flight& flight : flights_) count += flight.number != 0 ? 1 : 0;
  return count;
}

Sender::Suspect* Sender::suspect(uint32_t stream, uint32_t seq) {
  for (Suspect& one : suspects_) {
    if (one.passed_over != 0 && one.stream == stream && one.seq == seq) return &one;
  }
  return nullptr;
}

void Sender::settle(const Committed& committed) {
  SeqRange range;
  char reason[kReasonBytes];
  size_t at = 0;
  while (committed.next_range(at, range)) answer(committed.stream(), range);
  at = 0;
  while (committed.next_refused(at, range, reason)) {
    const uint32_t before = outbox_.count();
    answer(committed.stream(), range);
    move_aside(committed.stream(), range, reason, before - outbox_.count());
  }
}

void Sender::answer(uint32_t stream, SeqRange range) {
  bool is_news = outbox_.answer(stream, range) != 0;
  for (Flight& flight : flights_) {
    if (flight.number == 0 || flight.stream != stream) continue;
    uint32_t* end = flight.seqs + flight.count;
    uint32_t* rest = std::remove_if(flight.seqs, end, [range](uint32_t seq) { return is_in(range, seq); });
    if (rest == end) continue;
    is_news = true;
    last_answered_ = std::max(last_answered_, flight.number);
    flight.count = static_cast<size_t>(rest - flight.seqs);
    if (flight.count == 0) flight.number = 0;
  }
  for (Suspect& one : suspects_) {
    if (one.stream == stream && is_in(range, one.seq)) one.passed_over = 0;
  }
  if (!is_news) return;
  silence_ = 0;
  rest_until_ms_ = 0;
}

void Sender::expire(uint64_t uptime_ms) {
  for (Flight& flight : flights_) {
    if (flight.number != 0 && uptime_ms - flight.sent_ms >= config::kFirstResendMs) land(flight);
  }
}

// Its place is free for others at once; it itself rests as long as its attempts say.
void Sender::land(Flight& flight) {
  if (flight.number < last_answered_) {
    for (size_t i = 0; i < flight.count; ++i) pass_over(flight, flight.seqs[i]);
  } else if (flight.number > silence_after_) {
    const uint64_t rest_until = flight.sent_ms + doubled(config::kFirstResendMs, silence_, config::kLongestResendMs);
    rest_until_ms_ = std::max(rest_until_ms_, rest_until);
    ++silence_;
    silence_after_ = sent_count_;  // messages sent at the same time give no further information
  }
  flight.number = 0;
}

void Sender::pass_over(const Flight& flight, uint32_t seq) {
  Suspect* one = suspect(flight.stream, seq);
  if (one == nullptr) {
    one = std::find_if(suspects_, suspects_ + config::kSuspects, [](const Suspect& s) { return s.passed_over == 0; });
    // With no place left it is not counted against the reading, which goes on being sent.
    if (one == suspects_ + config::kSuspects) return;
    *one = Suspect{flight.stream, seq, 0, 0};
  }
  ++one->passed_over;
  const uint32_t wait_ms = doubled(config::kFirstResendMs, one->passed_over - 1, config::kLongestResendMs);
  one->not_before_ms = flight.sent_ms + wait_ms;
  if (flight.was_alone && one->passed_over >= 2 * config::kPassedOverLimit) {
    one->passed_over = 0;
    move_aside(flight.stream, {seq, seq}, kNoAnswer, outbox_.answer(flight.stream, {seq, seq}));
  }
}

void Sender::move_aside(uint32_t stream, SeqRange range, const char* reason, size_t count) {
  if (count == 0) return;  // answered before
  Refused& place = refused_[refused_next_];
  refused_next_ = (refused_next_ + 1) % config::kRefusedKept;
  place.stream = stream;
  place.range = range;
  std::snprintf(place.reason, sizeof place.reason, "%s", reason);
  refused_count_ += static_cast<uint32_t>(count);
}

const Refused& Sender::refused(size_t back) const {
  return refused_[(refused_next_ + config::kRefusedKept - 1 - back % config::kRefusedKept) % config::kRefusedKept];
}

void Sender::connection_lost() {
  for (Flight& flight : flights_) flight.number = 0;
  // One attempt at once, in case only the broker was missing; the time without answers still counts.
  rest_until_ms_ = 0;
}

void Sender::hurry(uint32_t stream, SeqRange range) {
  rest_until_ms_ = 0;
  for (Suspect& one : suspects_) {
    if (one.stream == stream && is_in(range, one.seq)) one.not_before_ms = 0;
  }
}

}  // namespace ct
