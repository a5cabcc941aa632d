// Everything that an outbox would send as backlog, in its order.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "fakes.h"
#include "outbox.h"

namespace ct {

class TakeAllOnce : public Outbox::Chooser {
 public:
  Outbox::Choice choose(const Reading& reading) override {
    return seen_.insert({reading.stream, reading.seq}).second ? Outbox::Choice::take : Outbox::Choice::skip;
  }

 private:
  std::set<std::pair<uint32_t, uint32_t>> seen_;
};

// Marks all of it as sent: look once.
inline std::vector<Reading> contents(Outbox& outbox) {
  TakeAllOnce all;
  std::vector<Reading> found;
  Reading batch[30];
  while (const size_t count = outbox.pick_replay(all, 0, batch, 30)) found.insert(found.end(), batch, batch + count);
  return found;
}

// The seqs of one stream that these stand for, means written out.
inline std::vector<uint32_t> seqs_of(const std::vector<Reading>& readings, uint32_t stream = kStream) {
  std::vector<uint32_t> seqs;
  for (const Reading& reading : readings) {
    if (reading.stream != stream) continue;
    for (uint32_t seq = reading.first_seq(); seq <= reading.seq; ++seq) seqs.push_back(seq);
  }
  return seqs;
}

inline std::vector<uint32_t> span(uint32_t from, uint32_t to) {
  std::vector<uint32_t> seqs;
  for (uint32_t seq = from; seq <= to; ++seq) seqs.push_back(seq);
  return seqs;
}

inline void add_span(Outbox& outbox, uint32_t from, uint32_t to, uint64_t uptime_ms = 0) {
  for (uint32_t seq = from; seq <= to; ++seq) outbox.add(make_reading(seq), uptime_ms);
}

}  // namespace ct
