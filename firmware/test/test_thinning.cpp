// One-minute means when the flash runs full: what may go into one, and that nothing is counted twice.
#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <set>

#include "fakes.h"
#include "outbox.h"
#include "outbox_contents.h"
#include "thinning.h"

using namespace ct;

namespace {

Reading mean_of(std::initializer_list<Reading> readings) {
  MeanOfReadings mean;
  for (const Reading& reading : readings) {
    REQUIRE(mean.takes(reading));
    mean.add(reading);
  }
  return mean.take();
}

}  // namespace

TEST_SUITE_BEGIN("thinning");

TEST_CASE("a mean covers the time of its readings and stands for their seqs") {
  const Reading mean = mean_of({make_reading(1), make_reading(2), make_reading(3)});
  CHECK(mean.seq == 3);
  CHECK(mean.seq_from == 1);
  CHECK(mean.n == 3);
  CHECK(mean.t_ms == make_reading(3).t_ms);
  CHECK(mean.span_ms == 15'000);
  CHECK(mean.values[kCo2Ppm] == 90'002.0f);
  CHECK_FALSE(mean.has(kO2Pct));
}

TEST_CASE("one reading alone stays what it is") {
  const Reading mean = mean_of({make_reading(5)});
  CHECK_FALSE(mean.is_mean());
  CHECK(mean.values[kCo2Ppm] == 90'005.0f);
}

TEST_CASE("what is never averaged away") {
  MeanOfReadings mean;
  mean.add(make_reading(1));
  CHECK(mean.takes(make_reading(2)));
  CHECK_FALSE(mean.takes(make_reading(3)));  // a hole in seq
  Reading next = make_reading(2);
  next.t_ms += 4000;
  CHECK_FALSE(mean.takes(next));  // a gap in time
  next = make_reading(2);
  next.flags = kOverRange;
  CHECK_FALSE(mean.takes(next));
  next = make_reading(2);
  next.values[kVelocityMs] = NAN;
  CHECK_FALSE(mean.takes(next));  // a missing value
  next = make_reading(2);
  next.t_ms = make_reading(1).t_ms;
  CHECK_FALSE(mean.takes(next));  // the clock went back
  CHECK_FALSE(mean.takes(make_reading(13)));
}

TEST_CASE("a minute ends at its sixtieth second") {
  MeanOfReadings mean;
  mean.add(make_reading(1));  // :05
  for (uint32_t seq = 2; seq <= 12; ++seq) {
    REQUIRE(mean.takes(make_reading(seq)));
    mean.add(make_reading(seq));
  }
  CHECK_FALSE(mean.takes(make_reading(13)));
  CHECK(mean.take().span_ms == 60'000);
}

TEST_CASE("above 80 % the never sent become means, all seqs stay covered, nothing is lost") {
  FakeStorage storage;
  storage.capacity = 16 * 4096;
  auto outbox = std::make_unique<Outbox>(storage);
  outbox->mount();
  for (uint32_t seq = 1; seq <= 4000; seq += 40) {
    add_span(*outbox, seq, seq + 39);
    REQUIRE(outbox->flush());
  }
  CHECK(outbox->thinned_count() > 2000);
  CHECK(outbox->dropped_count() == 0);
  SUBCASE("as they are") {}
  SUBCASE("after a restart") {
    outbox = std::make_unique<Outbox>(storage);
    outbox->mount();
  }
  const std::vector<Reading> all = contents(*outbox);
  CHECK(seqs_of(all) == span(1, 4000));
  for (const Reading& reading : all) {
    if (!reading.is_mean()) continue;
    CHECK(reading.n == reading.seq - reading.seq_from + 1);
    CHECK(reading.span_ms == reading.n * 5000u);
    CHECK(reading.span_ms <= 60'000);
    CHECK(reading.values[kCo2Ppm] == doctest::Approx(90'000 + (reading.seq + reading.seq_from) / 2.0));
  }
  CHECK(all.front().is_mean());
  CHECK_FALSE(all.back().is_mean());
  CHECK(outbox->answer(kStream, {1, 4000}) == all.size());
  CHECK(outbox->count() == 0);
}

TEST_CASE("means that cannot be read at one boot are there at the next") {
  FakeStorage storage;
  storage.capacity = 16 * 4096;
  auto outbox = std::make_unique<Outbox>(storage);
  outbox->mount();
  for (uint32_t seq = 1; seq <= 2000; seq += 40) {
    add_span(*outbox, seq, seq + 39);
    outbox->flush();
  }
  REQUIRE(outbox->thinned_count() > 0);
  storage.fails_reading = true;
  std::make_unique<Outbox>(storage)->mount();
  storage.fails_reading = false;
  outbox = std::make_unique<Outbox>(storage);
  outbox->mount();
  CHECK(seqs_of(contents(*outbox)) == span(1, 2000));
}

TEST_CASE("what may have been sent stays as it is, this boot and after a restart") {
  for (const bool restarts : {false, true}) {
    FakeStorage storage;
    storage.capacity = 16 * 4096;
    auto outbox = std::make_unique<Outbox>(storage);
    outbox->mount();
    add_span(*outbox, 1, 110);
    outbox->flush();
    TakeAllOnce all;
    Reading batch[30];
    REQUIRE(outbox->pick_replay(all, 0, batch, 30) == 30);
    if (restarts) {
      outbox = std::make_unique<Outbox>(storage);
      outbox->mount();
    }
    for (uint32_t seq = 111; seq <= 2510; seq += 40) {
      add_span(*outbox, seq, seq + 39);
      outbox->flush();
    }
    CHECK(outbox->thinned_count() > 0);
    for (const Reading& reading : contents(*outbox)) {
      if (reading.is_mean()) CHECK(reading.seq_from > 30);
    }
  }
}

TEST_CASE("readings with ever changing flags do not shrink, and the oldest goes in the end, counted") {
  FakeStorage storage;
  storage.capacity = 10 * 4096;
  Outbox outbox(storage);
  outbox.mount();
  for (uint32_t seq = 1; seq <= 2000; ++seq) {
    Reading reading = make_reading(seq);
    reading.flags = seq % 2 ? kOverRange : 0;
    outbox.add(reading, 0);
    if (seq % 40 == 0) outbox.flush();
  }
  CHECK(outbox.thinned_count() == 0);
  CHECK(outbox.dropped_count() > 0);
  CHECK(seqs_of(contents(outbox)).size() + outbox.dropped_count() == 2000);
}

TEST_CASE("means that are lost are counted by the readings they stand for") {
  FakeStorage storage;
  storage.capacity = 10 * 4096;
  Outbox outbox(storage);
  outbox.mount();
  for (uint32_t seq = 1; seq <= 20'000; seq += 40) {
    add_span(outbox, seq, seq + 39);
    outbox.flush();
  }
  REQUIRE(outbox.thinned_count() > 0);
  CHECK(outbox.dropped_count() > 0);
  CHECK(seqs_of(contents(outbox)).size() + outbox.dropped_count() == 20'000);
}

TEST_CASE("on a flash that is always full, what is gone without an answer is counted, whatever came in which order") {
  uint32_t thinned = 0, dropped = 0;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 chance(seed);
    FakeStorage storage;
    storage.capacity = (6 + seed % 6) * 4096;
    auto outbox = std::make_unique<Outbox>(storage);
    outbox->mount();
    std::set<uint32_t> known;  // answered; in the end also what is still there
    uint32_t seq = 0, lost = 0;
    const auto end_life = [&] {
      CHECK(outbox->flush());
      thinned += outbox->thinned_count();
      lost += outbox->dropped_count();
      outbox = std::make_unique<Outbox>(storage);
      outbox->mount();
    };
    while (seq < 4000) {
      const uint32_t count = 1 + static_cast<uint32_t>(chance() % 60);
      add_span(*outbox, seq + 1, seq + count);
      seq += count;
      Reading batch[30];
      size_t picked = 0;
      switch (chance() % 8) {
        case 0: picked = outbox->pick_live(batch, 12); break;
        case 1: {
          TakeAllOnce all;
          picked = outbox->pick_replay(all, 1, batch, 30);
          break;
        }
        case 2: outbox->flush(); break;
        case 3:
          if (chance() % 8 == 0) end_life();
          break;
        default: break;
      }
      if (chance() % 2 == 0) continue;  // the answer is lost
      for (size_t i = 0; i < picked; ++i) {
        outbox->answer(kStream, {batch[i].first_seq(), batch[i].seq});
        for (uint32_t one = batch[i].first_seq(); one <= batch[i].seq; ++one) known.insert(one);
      }
    }
    end_life();
    for (const uint32_t one : seqs_of(contents(*outbox))) known.insert(one);
    CAPTURE(seed);
    CHECK(seq - known.size() <= lost);
    dropped += lost;
  }
  CHECK(thinned > 0);
  CHECK(dropped > 0);
}

TEST_SUITE_END();
