// The power goes at every byte written, at every sync and every removal. After each: mount again and look. What the
// outbox had reported as written is there, unless it was answered; nothing is there twice; no mean holds a reading that
// had been sent alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>

#include "fakes.h"
#include "outbox.h"
#include "outbox_contents.h"
#include "state_file.h"

using namespace ct;

namespace {

// What is known of each seq at the moment of the cut.
struct Ledger {
  std::set<uint32_t> written, answered, sent;
};

class Life {
 public:
  explicit Life(FakeStorage& storage) : storage_(storage), outbox_(storage) { outbox_.mount(); }

  void add_and_flush(uint32_t from, uint32_t to, Ledger& ledger) {
    add_span(outbox_, from, to);
    const uint32_t dropped = outbox_.dropped_count();
    const bool is_done = outbox_.flush();
    REQUIRE(outbox_.dropped_count() == dropped);
    if (is_done && !storage_.is_dead) {
      for (uint32_t seq : span(1, to)) ledger.written.insert(seq);
    }
  }
  void answer(uint32_t from, uint32_t to, Ledger& ledger) {
    // Named before the flash is touched: from here on nobody needs it.
    for (uint32_t seq = from; seq <= to; ++seq) ledger.answered.insert(seq);
    outbox_.answer(kStream, {from, to});
  }
  void send(size_t count, Ledger& ledger) {
    Reading batch[30];
    const size_t picked = outbox_.pick_replay(all_, 0, batch, count);
    if (storage_.is_dead) return;  // without power nothing leaves the device
    for (size_t i = 0; i < picked; ++i) {
      for (uint32_t seq = batch[i].first_seq(); seq <= batch[i].seq; ++seq) ledger.sent.insert(seq);
    }
  }

 private:
  FakeStorage& storage_;
  Outbox outbox_;
  TakeAllOnce all_;
};

void look(FakeStorage& storage, const Ledger& ledger) {
  Outbox outbox(storage);
  outbox.mount();
  const uint32_t count = outbox.count();
  const std::vector<Reading> found = contents(outbox);
  CHECK(count == found.size());  // `contents` would not show one that is there twice
  std::vector<uint32_t> seqs = seqs_of(found);
  std::sort(seqs.begin(), seqs.end());
  CHECK(std::adjacent_find(seqs.begin(), seqs.end()) == seqs.end());
  // One assertion at the end: hundreds of thousands of them would take longer than the cuts.
  uint32_t missing = 0, averaged = 0;
  bool are_values_right = true;
  for (uint32_t seq : ledger.written) {
    if (ledger.answered.count(seq) == 0 && !std::binary_search(seqs.begin(), seqs.end(), seq)) missing = seq;
  }
  for (const Reading& reading : found) {
    const float wanted = 90'000.0f + static_cast<float>(reading.seq + reading.first_seq()) / 2.0f;
    are_values_right = are_values_right && reading.values[kCo2Ppm] == wanted;
    for (uint32_t seq = reading.seq_from; reading.is_mean() && seq <= reading.seq; ++seq) {
      if (ledger.sent.count(seq) != 0) averaged = seq;
    }
  }
  CHECK(missing == 0);
  CHECK(averaged == 0);
  CHECK(are_values_right);
}

using Script = std::function<void(FakeStorage&, Ledger&)>;

// Runs the script from `start`, once whole and then cut at every step; gives the number of steps.
long cut_everywhere(const FakeStorage& start, const Ledger& known, const Script& script) {
  FakeStorage whole = start;
  whole.spent = 0;
  Ledger all = known;
  script(whole, all);
  const long steps = whole.spent;
  look(whole, all);
  for (long budget = 0; budget < steps; ++budget) {
    CAPTURE(budget);
    FakeStorage storage = start;
    storage.budget = budget;
    Ledger ledger = known;
    script(storage, ledger);
    REQUIRE(storage.is_dead);
    for (const bool keeps_unsynced : {true, false}) {
      FakeStorage later = storage;
      later.power_on(keeps_unsynced);
      look(later, ledger);
    }
  }
  return steps;
}

}  // namespace

TEST_SUITE_BEGIN("power_cut");

TEST_CASE("while readings are written, sent and answered") {
  const long steps = cut_everywhere(FakeStorage(), Ledger(), [](FakeStorage& storage, Ledger& ledger) {
    Life life(storage);
    life.add_and_flush(1, 4, ledger);
    life.add_and_flush(5, 9, ledger);
    life.send(3, ledger);
    life.add_and_flush(10, 14, ledger);
    life.answer(1, 2, ledger);
    life.answer(4, 9, ledger);
    life.add_and_flush(15, 17, ledger);
    life.answer(3, 3, ledger);
    life.answer(10, 17, ledger);
  });
  CHECK(steps > 600);
}

TEST_CASE("while a second boot goes on where the first ended") {
  FakeStorage start;
  Ledger known;
  {
    Life life(start);
    life.add_and_flush(1, 6, known);
    life.send(2, known);
  }
  cut_everywhere(start, known, [](FakeStorage& storage, Ledger& ledger) {
    Life life(storage);
    life.send(4, ledger);
    life.answer(1, 3, ledger);
    life.add_and_flush(7, 9, ledger);
    life.answer(4, 6, ledger);
  });
}

TEST_CASE("while readings become means, and their files are replaced") {
  FakeStorage start;
  start.capacity = 8 * 4096;
  Ledger known;
  uint32_t seq = 1;
  {
    Life life(start);
    life.add_and_flush(1, 30, known);
    life.send(10, known);
    // Up to just below the mark, so that the next flush is the one that thins.
    for (seq = 31; start.used_bytes() * 100 / start.capacity < 80; seq += 30) life.add_and_flush(seq, seq + 29, known);
  }
  const size_t files_before = start.files.size();
  const long steps = cut_everywhere(start, known, [&](FakeStorage& storage, Ledger& ledger) {
    Life life(storage);
    life.add_and_flush(seq, seq + 2, ledger);
    life.answer(1, 200, ledger);
  });
  CHECK(files_before == 5);
  CHECK(steps > 1000);
}

TEST_CASE("the state is the old one or the new one, never none") {
  FakeStorage start;
  KeptState state;
  state.stream = 1;
  state.seq = 100;
  REQUIRE(StateFile(start).save(state));
  for (long budget = 0; budget < 120; ++budget) {
    FakeStorage storage = start;
    KeptState loaded;
    StateFile file(storage);
    REQUIRE(file.load(loaded));
    storage.budget = budget;
    loaded.seq = 200;
    const bool is_saved = file.save(loaded);
    storage.power_on(budget % 2 == 0);
    KeptState found;
    REQUIRE(StateFile(storage).load(found));
    CHECK((found.seq == 200 || (!is_saved && found.seq == 100)));
  }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("state_file");

TEST_CASE("the latest of the two counts, and what is spoiled does not") {
  FakeStorage storage;
  KeptState state;
  CHECK_FALSE(StateFile(storage).load(state));
  StateFile file(storage);
  for (uint32_t seq = 1; seq <= 5; ++seq) {
    state.stream = 9;
    state.seq = seq;
    state.formatted_count = 2;
    std::strcpy(state.restart_command_id, "abc");
    CHECK(file.save(state));
  }
  KeptState found;
  REQUIRE(StateFile(storage).load(found));
  CHECK(found.seq == 5);
  CHECK(found.formatted_count == 2);
  CHECK(std::string(found.restart_command_id) == "abc");
  storage.files["state-a"].bytes[12] ^= 1;
  REQUIRE(StateFile(storage).load(found));
  CHECK(found.seq == 4);
  storage.files.erase("state-b");
  CHECK_FALSE(StateFile(storage).load(found));
}

TEST_CASE("an id that fills its place is ended all the same") {
  FakeStorage storage;
  KeptState state, found;
  std::memset(state.restart_command_id, 'x', sizeof state.restart_command_id);
  REQUIRE(StateFile(storage).save(state));
  REQUIRE(StateFile(storage).load(found));
  CHECK(std::memchr(found.restart_command_id, 0, sizeof found.restart_command_id) != nullptr);
}

TEST_SUITE_END();
