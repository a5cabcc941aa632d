// Decides which readings go out when: the window, the resend timers, single readings, and giving up. The
// rules are those of docs/wire-format.md:
//
// 1. A reading leaves the outbox when `committed` names it; the broker's own acknowledgement means nothing here.
// 2. At most kWindow messages are on their way; the last place is for live readings only.
// 3. An unanswered message is sent again after 15 s, then after twice that, up to 5 min.
// 4. That counts against a reading only if something sent after it was answered. After five such it goes alone; passed
//    over five times more, alone, it is moved aside as `no_answer`. While nothing is answered, nothing is moved aside.
// 5. When nothing has been answered for so long that the wait is 5 min, only that one attempt goes out: what is
//    measured meanwhile stays "never sent", so that it may be thinned should the flash run full.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.h"
#include "outbox.h"
#include "payload.h"

namespace ct {

struct Refused {
  uint32_t stream = 0;
  SeqRange range;
  char reason[kReasonBytes] = {};
};

class Sender : private Outbox::Chooser {
 public:
  explicit Sender(Outbox& outbox) : outbox_(outbox) {}

  void set_live_batch(size_t count) { live_batch_ = count; }
  // Writes the next message and counts it as sent; 0 when nothing is to go now.
  size_t next_message(uint64_t uptime_ms, char* buffer, size_t capacity);
  // The message just written could not be handed over: treat it as lost on the way.
  void hand_over_failed();
  void settle(const Committed& committed);
  void expire(uint64_t uptime_ms);
  // Unknown what of it arrived: it is sent again at once.
  void connection_lost();
  // The server asks for these readings: send them at once.
  void hurry(uint32_t stream, SeqRange range);

  uint32_t refused_count() const { return refused_count_; }
  const Refused& refused(size_t back) const;  // 0: the last one; at most kRefusedKept - 1
  size_t in_flight_count() const;
  uint32_t longest_silence() const { return silence_; }

 private:
  struct Flight {
    uint32_t number = 0;  // 0: free
    uint32_t stream = 0;
    uint32_t seqs[config::kReplayBatch] = {};
    size_t count = 0;
    uint64_t sent_ms = 0;
    bool is_live = false;
    bool was_alone = false;
  };
  struct Suspect {
    uint32_t stream = 0, seq = 0;
    unsigned passed_over = 0;  // 0: free
    uint64_t not_before_ms = 0;
  };

  Outbox::Choice choose(const Reading& reading) override;
  size_t write(size_t picked, bool is_live, char* buffer, size_t capacity);
  Flight* free_flight(bool is_live);
  bool is_in_flight(uint32_t stream, uint32_t seq) const;
  Suspect* suspect(uint32_t stream, uint32_t seq);
  void answer(uint32_t stream, SeqRange range);
  void land(Flight& flight);
  void pass_over(const Flight& flight, uint32_t seq);
  void move_aside(uint32_t stream, SeqRange range, const char* reason, size_t count);

  Outbox& outbox_;
  Flight flights_[config::kWindow];
  Suspect suspects_[config::kSuspects];
  Refused refused_[config::kRefusedKept];
  Reading picked_[config::kReplayBatch];
  size_t live_batch_ = 1;
  uint32_t refused_count_ = 0, refused_next_ = 0;
  Flight* last_flight_ = nullptr;
  uint32_t sent_count_ = 0, last_answered_ = 0;
  // While nothing is answered: how often in a row, since which flight, and until when nothing is repeated.
  uint32_t silence_ = 0, silence_after_ = 0;
  uint64_t rest_until_ms_ = 0;
  uint64_t now_ms_ = 0;
};

}  // namespace ct
