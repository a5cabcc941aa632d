// When readings go out: the window, the timers of docs/wire-format.md, singles, and what is given up.
#include <doctest/doctest.h>

#include <memory>
#include <random>

#include "fake_server.h"
#include "fakes.h"
#include "outbox_contents.h"
#include "sender.h"

using namespace ct;

namespace {

struct Stand {
  FakeStorage storage;
  Outbox outbox{storage};
  Sender sender{outbox};
  FakeServer server;
  uint64_t now_ms = 0;
  char buffer[config::kPayloadBytes];

  std::string next() {
    sender.expire(now_ms);
    return std::string(buffer, sender.next_message(now_ms, buffer, sizeof buffer));
  }
  void settle(const std::string& text) {
    Committed committed;
    REQUIRE(Committed::parse(text.data(), text.size(), committed) == CommittedResult::ok);
    sender.settle(committed);
  }
  void refuse(uint32_t from, uint32_t to, const char* reason) {
    settle("{\"v\":1,\"stream\":7,\"ranges\":[],\"refused\":[[" + std::to_string(from) + "," + std::to_string(to) +
           ",\"" + reason + "\"]]}");
  }
};

}  // namespace

TEST_SUITE_BEGIN("sender");

TEST_CASE("a live reading goes at once and is freed by committed alone") {
  Stand stand;
  add_span(stand.outbox, 1, 1);
  const std::string message = stand.next();
  CHECK(readings_in(message) == 1);
  CHECK(message.find("\"flags\":0") != std::string::npos);
  CHECK(stand.next().empty());
  CHECK(stand.outbox.count() == 1);
  stand.settle(stand.server.receive(message));
  CHECK(stand.outbox.count() == 0);
}

TEST_CASE("live_batch gathers readings, but not for ever") {
  Stand stand;
  stand.sender.set_live_batch(12);
  add_span(stand.outbox, 1, 11, 0);
  CHECK(stand.next().empty());
  stand.now_ms = config::kLongestLiveWaitMs;
  CHECK(readings_in(stand.next()) == 11);
}

TEST_CASE("after an outage the newest goes first, then the oldest, replayed, with a place left for live") {
  Stand stand;
  add_span(stand.outbox, 1, 100);
  stand.outbox.flush();
  add_span(stand.outbox, 101, 101);
  const std::string live = stand.next();
  CHECK(names_seq(live, 101));
  stand.settle(stand.server.receive(live));
  const std::string replay = stand.next();
  CHECK(readings_in(replay) == config::kReplayBatch);
  CHECK(names_seq(replay, 1));
  CHECK(replay.find("\"flags\":128") != std::string::npos);
  CHECK(stand.next().empty());  // the one place for backlog is taken
  add_span(stand.outbox, 102, 102);
  CHECK(names_seq(stand.next(), 102));
  add_span(stand.outbox, 103, 103);
  CHECK(stand.next().empty());  // now the window is full
}

TEST_CASE("while nothing is answered the wait doubles from 15 s to 5 min, and nothing is moved aside") {
  Stand stand;
  add_span(stand.outbox, 1, 1);
  stand.outbox.flush();
  std::vector<uint64_t> sent_at;
  for (stand.now_ms = 0; stand.now_ms < 4'000'000; stand.now_ms += 1000) {
    if (!stand.next().empty()) sent_at.push_back(stand.now_ms / 1000);
  }
  REQUIRE(sent_at.size() > 9);
  const uint64_t wanted[] = {15, 30, 60, 120, 240, 300, 300, 300, 300};
  for (size_t i = 0; i < 9; ++i) CHECK(sent_at[i + 1] - sent_at[i] == wanted[i]);
  CHECK(stand.outbox.count() == 1);
  CHECK(stand.sender.refused_count() == 0);
}

TEST_CASE("one answer, and all goes on at full speed") {
  Stand stand;
  add_span(stand.outbox, 1, 90);
  stand.outbox.flush();
  std::string message;
  for (stand.now_ms = 0; stand.now_ms < 400'000; stand.now_ms += 1000) {
    const std::string sent = stand.next();
    if (!sent.empty()) message = sent;
  }
  stand.settle(stand.server.receive(message));
  CHECK(readings_in(stand.next()) == 30);
}

TEST_CASE("in a long silence new readings stay unsent, so that they may be thinned") {
  Stand stand;
  add_span(stand.outbox, 1, 1);
  size_t sent = 0;
  for (stand.now_ms = 0; stand.now_ms < 3'600'000; stand.now_ms += 5000) {
    const uint32_t seq = static_cast<uint32_t>(stand.now_ms / 5000 + 2);
    add_span(stand.outbox, seq, seq, stand.now_ms);
    stand.outbox.tick(stand.now_ms);
    while (!stand.next().empty()) ++sent;
  }
  CHECK(sent < 60);
  CHECK(stand.outbox.count() == 721);
  uint32_t sent_count = 0;
  stand.settle(stand.server.receive("{\"v\":1,\"stream\":7,\"interval_s\":5,\"readings\":[{\"seq\":1,\"flags\":0}]}"));
  stand.now_ms += 300'000;
  for (int i = 0; i < 200; ++i) {
    const std::string message = stand.next();
    if (message.empty()) break;
    ++sent_count;
    stand.settle(stand.server.receive(message));
  }
  CHECK(stand.outbox.count() == 0);
  CHECK(stand.server.stored[7].size() == 721);
}

TEST_CASE("a lost connection counts against nobody, and all goes again at once") {
  Stand stand;
  add_span(stand.outbox, 1, 3);
  for (int i = 0; i < 20; ++i) {
    REQUIRE_FALSE(stand.next().empty());
    stand.sender.connection_lost();
    stand.now_ms += 100;
  }
  CHECK(stand.outbox.count() == 3);
  CHECK(stand.sender.refused_count() == 0);
}

TEST_CASE("a message that could not be handed over goes again") {
  Stand stand;
  add_span(stand.outbox, 1, 3);
  REQUIRE(readings_in(stand.next()) == 3);
  stand.sender.hand_over_failed();
  CHECK(stand.sender.in_flight_count() == 0);
  CHECK(readings_in(stand.next()) == 3);
}

TEST_CASE("the refused are moved aside, the last 64 kept with their reason") {
  Stand stand;
  add_span(stand.outbox, 1, 80);
  stand.next();
  stand.refuse(5, 6, "future_time");
  CHECK(stand.outbox.count() == 78);
  CHECK(stand.sender.refused_count() == 2);
  CHECK(std::string(stand.sender.refused(0).reason) == "future_time");
  CHECK(stand.sender.refused(0).range.to == 6);
  stand.refuse(5, 6, "future_time");
  CHECK(stand.sender.refused_count() == 2);
  for (uint32_t seq = 7; seq <= 80; ++seq) stand.refuse(seq, seq, "bad_schema");
  CHECK(stand.sender.refused_count() == 76);
  CHECK(stand.sender.refused(63).range.from == 17);
}

TEST_CASE("one reading that spoils its message is found, and given up in the end; all others arrive") {
  Stand stand;
  constexpr uint32_t kPoison = 17;
  add_span(stand.outbox, 1, 60);
  stand.outbox.flush();
  uint32_t seq = 60;
  size_t poison_alone = 0, poison_in_company = 0;
  for (stand.now_ms = 0; stand.now_ms < 6'000'000 && stand.sender.refused_count() == 0; stand.now_ms += 500) {
    if (stand.now_ms % 5000 == 0) {
      ++seq;
      add_span(stand.outbox, seq, seq, stand.now_ms);
    }
    stand.outbox.tick(stand.now_ms);
    std::string message;
    while (!(message = stand.next()).empty()) {
      if (names_seq(message, kPoison)) {
        ++(readings_in(message) == 1 ? poison_alone : poison_in_company);
        continue;
      }
      stand.settle(stand.server.receive(message));
    }
  }
  CHECK(poison_in_company == 5);
  CHECK(poison_alone == 5);
  CHECK(stand.sender.refused_count() == 1);
  CHECK(std::string(stand.sender.refused(0).reason) == "no_answer");
  CHECK(stand.sender.refused(0).range.from == kPoison);
  CHECK(stand.server.stored[7].size() >= seq - 2);
  CHECK(stand.server.stored[7].count(kPoison) == 0);
  // The others of its batch did not wait for its end.
  CHECK(stand.server.stored[7].count(kPoison - 1) == 1);
}

TEST_CASE("resend asks for no more patience") {
  Stand stand;
  add_span(stand.outbox, 1, 1);
  stand.outbox.flush();
  stand.next();
  stand.now_ms = 15'000;
  stand.next();
  stand.now_ms = 31'000;
  CHECK(stand.next().empty());  // lands, and rests until 45 s
  stand.sender.hurry(kStream, {1, 1});
  CHECK_FALSE(stand.next().empty());
}

TEST_CASE("whatever is lost on the way, everything arrives, and nothing that was not sent is freed") {
  uint32_t thinned = 0;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto chance = [&random](unsigned percent) { return random() % 100 < percent; };
    Stand stand;
    stand.storage.capacity = (seed % 3 == 0 ? 24 : 300) * 4096;
    stand.sender.set_live_batch(1 + seed % 12);
    std::deque<std::pair<uint64_t, std::string>> answers;  // when they arrive, and what they say
    uint32_t seq = 0;
    const uint64_t outage_from_ms = 600'000 + random() % 600'000, outage_ms = seed % 3 == 0 ? 14'000'000 : 3'000'000;
    const uint64_t calm_from_ms = outage_from_ms + outage_ms + 600'000;
    for (stand.now_ms = 0; stand.now_ms < calm_from_ms + 4'000'000; stand.now_ms += 1000) {
      const bool is_out = stand.now_ms >= outage_from_ms && stand.now_ms < outage_from_ms + outage_ms;
      const bool is_calm = stand.now_ms >= calm_from_ms;
      if (stand.now_ms % 5000 == 0 && stand.now_ms < calm_from_ms + 60'000) {
        ++seq;
        add_span(stand.outbox, seq, seq, stand.now_ms);
      }
      stand.outbox.tick(stand.now_ms);
      if (!is_calm && chance(1)) stand.sender.connection_lost();
      while (!answers.empty() && answers.front().first <= stand.now_ms) {
        stand.settle(answers.front().second);
        answers.pop_front();
      }
      std::string message;
      // With the link down at times, as in an outage of the broker; else the ingest is down.
      if (is_out && seed % 2 == 0) continue;
      while (!(message = stand.next()).empty()) {
        if (is_out || (!is_calm && chance(5))) continue;
        const std::string answer = stand.server.receive(message);
        if (is_calm || !chance(14)) answers.push_back({stand.now_ms + 200 + random() % 4000, answer});
      }
    }
    CHECK(stand.outbox.count() == 0);
    CHECK(stand.sender.refused_count() == 0);
    CHECK(stand.outbox.dropped_count() == 0);
    CHECK(stand.server.stored[7].size() == seq);
    thinned += stand.outbox.thinned_count();
  }
  CHECK(thinned > 1000);
}

TEST_SUITE_END();
