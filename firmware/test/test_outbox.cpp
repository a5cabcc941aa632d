// Records, segment files and the outbox over them: what is kept, freed, dated, dropped and found again after a restart.
#include <doctest/doctest.h>

#include <unistd.h>

#include <memory>

#include "fakes.h"
#include "outbox.h"
#include "outbox_contents.h"
#include "posix_storage.h"

using namespace ct;

namespace {

std::unique_ptr<Outbox> make_outbox(Storage& storage) {
  auto outbox = std::make_unique<Outbox>(storage);
  outbox->mount();
  return outbox;
}

Reading make_undated(uint32_t seq) {
  Reading reading = make_reading(seq);
  reading.is_undated = true;
  reading.t_ms = seq * 5000;
  return reading;
}

}  // namespace

TEST_SUITE_BEGIN("segments");

TEST_CASE("a reading on flash reads back as it was, means and missing values too") {
  Reading reading = make_reading(40'211);
  reading.flags = kCo2Fault | kWarmUp;
  reading.values[kCo2Ppm] = NAN;
  reading.values[kCh4Ppm] = 12.0f;
  reading.is_undated = true;
  reading.span_ms = 60'000;
  reading.n = 12;
  reading.seq_from = 40'200;
  uint8_t bytes[kMaxRecordBytes];
  const size_t size = encode_reading(reading, bytes);
  Record record;
  Reading read;
  size_t at = 0;
  uint32_t skipped = 0;
  REQUIRE(next_record(bytes, size, at, record, skipped));
  REQUIRE(decode_reading(record, {kStream, 5000}, read));
  CHECK(at == size);
  CHECK(read.seq == reading.seq);
  CHECK(read.t_ms == reading.t_ms);
  CHECK(read.flags == reading.flags);
  CHECK_FALSE(read.has(kCo2Ppm));
  CHECK(read.values[kCh4Ppm] == 12.0f);
  CHECK(read.is_undated);
  CHECK(read.span_ms == 60'000);
  CHECK(read.n == 12);
  CHECK(read.seq_from == 40'200);
}

TEST_CASE("a changed bit costs its record, and the next one is found") {
  uint8_t bytes[2 * kMaxRecordBytes];
  const size_t first = encode_reading(make_reading(1), bytes);
  const size_t size = first + encode_reading(make_reading(2), bytes + first);
  for (size_t bit = 0; bit < first * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    Record record;
    Reading reading;
    size_t at = 0;
    uint32_t skipped = 0;
    REQUIRE(next_record(bytes, size, at, record, skipped));
    REQUIRE(decode_reading(record, {kStream, 5000}, reading));
    CHECK(reading.seq == 2);
    CHECK(skipped == first);
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
  }
}

TEST_CASE("a sound record of numbers that no reading has is no reading") {
  const auto is_read = [](uint32_t seq, uint32_t span_ms, uint16_t n, uint32_t seq_from) {
    Reading reading = make_reading(seq);
    reading.span_ms = span_ms;
    reading.n = n;
    reading.seq_from = seq_from;
    uint8_t bytes[kMaxRecordBytes];
    const size_t size = encode_reading(reading, bytes);
    Record record;
    size_t at = 0;
    uint32_t skipped = 0;
    REQUIRE(next_record(bytes, size, at, record, skipped));
    return decode_reading(record, {kStream, 5000}, reading);
  };
  CHECK(is_read(1, 0, 0, 0));
  CHECK(is_read(kMaxSeq, 60'000, 1, kMaxSeq));
  CHECK_FALSE(is_read(0, 0, 0, 0));
  CHECK_FALSE(is_read(kMaxSeq + 1, 0, 0, 0));
  CHECK_FALSE(is_read(12, 60'000, 0, 1));
  CHECK_FALSE(is_read(12, 60'000, 12, 0));
  CHECK_FALSE(is_read(12, 60'000, 12, 13));
}

TEST_CASE("a record that is shorter or longer than its mask says is no reading") {
  uint8_t bytes[kMaxRecordBytes + 1], other[kMaxRecordBytes + 1];
  const size_t size = encode_reading(make_reading(1), bytes) - kRecordOverhead;
  for (const size_t wrong : {size - 4, size + 4}) {
    const size_t written = encode_raw(RecordKind::reading, bytes + 3, wrong, other);
    Record record;
    Reading reading;
    size_t at = 0;
    uint32_t skipped = 0;
    REQUIRE(next_record(other, written, at, record, skipped));
    CHECK_FALSE(decode_reading(record, {kStream, 5000}, reading));
  }
}

TEST_CASE("a date that no clock shows dates nothing") {
  const auto is_read = [](int64_t offset_ms) {
    uint8_t bytes[kMaxRecordBytes];
    const size_t size = encode_dated(offset_ms, bytes);
    Record record;
    size_t at = 0;
    uint32_t skipped = 0;
    REQUIRE(next_record(bytes, size, at, record, skipped));
    int64_t read_ms = 0;
    return decode_dated(record, read_ms) && read_ms == offset_ms;
  };
  CHECK(is_read(0));
  CHECK(is_read(kT0Ms));
  CHECK_FALSE(is_read(-1));
  CHECK_FALSE(is_read(INT64_MAX));
}

TEST_CASE("names of files are read back, others are left alone") {
  Segment segment;
  CHECK(segment_from_name("0000000a-0000000f.seg", segment));
  CHECK(segment.first_number == 10);
  CHECK(segment.last_number == 15);
  for (const char* name : {"state-a", "0000000f-0000000a.seg", "0000000a-0000000f.tmp", "0000000A-0000000f.seg", ""}) {
    CHECK_FALSE(segment_from_name(name, segment));
  }
}

TEST_CASE("a folder serves as flash, and its blocks are counted as LittleFS counts them") {
  char folder[] = "/tmp/ct-flash-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  PosixStorage storage(folder, 16 * 4096);
  {
    const auto outbox = make_outbox(storage);
    add_span(*outbox, 1, 90);
    CHECK(outbox->flush());
  }
  CHECK(storage.used_bytes() == (2 + 1 + 1) * 4096);
  const auto outbox = make_outbox(storage);
  CHECK(seqs_of(contents(*outbox)) == span(1, 90));
  CHECK(outbox->answer(kStream, {1, 90}) == 90);
  CHECK(storage.used_bytes() == (2 + 1) * 4096);
  SUBCASE("a file system that cannot be read is made anew, and says so") {
    const uint8_t garbage[] = {'x'};
    storage.append("superblock", garbage, 1);
    PosixStorage again(folder, 16 * 4096);
    CHECK(again.mount() == MountResult::formatted);
    CHECK(again.mount() == MountResult::mounted);
  }
  storage.remove("superblock");
  rmdir(folder);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("outbox");

TEST_CASE("while readings are answered in time, nothing is written") {
  FakeStorage storage;
  const auto outbox = make_outbox(storage);
  for (uint32_t seq = 1; seq <= 500; ++seq) {
    add_span(*outbox, seq, seq, seq * 5000);
    outbox->tick(seq * 5000);
    CHECK(outbox->answer(kStream, {seq, seq}) == 1);
  }
  CHECK(outbox->count() == 0);
  CHECK(storage.appended_bytes == 0);
}

TEST_CASE("what waits 60 s is flushed, and a restart finds it") {
  FakeStorage storage;
  auto outbox = make_outbox(storage);
  add_span(*outbox, 1, 3, 1000);
  outbox->tick(60'999);
  CHECK(storage.files.empty());
  outbox->tick(61'000);
  CHECK(outbox->flash_count() == 3);
  add_span(*outbox, 4, 5, 62'000);
  outbox = make_outbox(storage);
  CHECK(seqs_of(contents(*outbox)) == span(1, 3));
}

TEST_CASE("only what is named is freed; a whole segment goes, a part is marked") {
  FakeStorage storage;
  const auto outbox = make_outbox(storage);
  add_span(*outbox, 1, 100);
  outbox->flush();
  CHECK(outbox->answer(kStream + 1, {1, 100}) == 0);
  CHECK(outbox->answer(kStream, {200, 300}) == 0);
  CHECK(outbox->answer(kStream, {10, 20}) == 11);
  CHECK(outbox->answer(kStream, {10, 20}) == 0);
  CHECK(outbox->count() == 89);
  const size_t files = storage.files.size();
  CHECK(outbox->answer(kStream, {1, 9}) == 9);
  CHECK(outbox->answer(kStream, {21, 100}) == 80);
  CHECK(outbox->count() == 0);
  CHECK(files >= 1);
  CHECK(storage.files.empty());
}

TEST_CASE("full segments leave room for their marks and never outgrow a block") {
  FakeStorage storage;
  const auto outbox = make_outbox(storage);
  for (uint32_t seq = 1; seq <= 1000; seq += 10) {
    add_span(*outbox, seq, seq + 9);
    CHECK(outbox->flush());
  }
  outbox->date(kStream, 0);
  CHECK(seqs_of(contents(*outbox)) == span(1, 1000));
  for (const auto& file : storage.files) CHECK(file.second.bytes.size() <= 4096);
}

TEST_CASE("readings of an earlier boot are kept under their own stream") {
  FakeStorage storage;
  {
    const auto outbox = make_outbox(storage);
    add_span(*outbox, 1, 5);
    outbox->flush();
  }
  const auto outbox = make_outbox(storage);
  outbox->add(make_reading(1, 8), 0);
  outbox->flush();
  CHECK(outbox->last_seq_on_flash(kStream) == 5);
  CHECK(outbox->last_seq_on_flash(8) == 1);
  CHECK(outbox->answer(kStream, {1, 5}) == 5);
  const std::vector<Reading> left = contents(*outbox);
  REQUIRE(left.size() == 1);
  CHECK(left[0].stream == 8);
}

TEST_CASE("a batch never mixes streams or intervals") {
  FakeStorage storage;
  const auto outbox = make_outbox(storage);
  outbox->add(make_reading(1), 0);
  Reading faster = make_reading(2);
  faster.interval_ms = 1000;
  outbox->add(faster, 0);
  outbox->add(make_reading(1, 8), 0);
  outbox->flush();
  TakeAllOnce all;
  Reading batch[30];
  for (int i = 0; i < 3; ++i) CHECK(outbox->pick_replay(all, 0, batch, 30) == 1);
  CHECK(outbox->pick_replay(all, 0, batch, 30) == 0);
}

TEST_CASE("live is the newest of RAM; backlog leaves it alone") {
  FakeStorage storage;
  const auto outbox = make_outbox(storage);
  add_span(*outbox, 1, 40);
  Reading batch[30];
  TakeAllOnce all;
  REQUIRE(outbox->pick_replay(all, 12, batch, 30) == 28);
  CHECK(batch[0].seq == 1);
  CHECK(batch[27].seq == 28);
  REQUIRE(outbox->pick_live(batch, 12) == 12);
  CHECK(batch[0].seq == 29);
  CHECK(batch[11].seq == 40);
  CHECK(outbox->pick_live(batch, 12) == 0);
}

TEST_CASE("undated readings wait, are dated once the clock is set, and keep that time over a restart") {
  FakeStorage storage;
  auto outbox = make_outbox(storage);
  for (uint32_t seq = 1; seq <= 3; ++seq) outbox->add(make_undated(seq), 0);
  outbox->flush();
  outbox->add(make_undated(4), 0);
  CHECK(contents(*outbox).empty());
  outbox->date(kStream, kT0Ms);
  const std::vector<Reading> dated = contents(*outbox);
  REQUIRE(seqs_of(dated) == span(1, 4));
  for (const Reading& reading : dated) CHECK(reading.t_ms == kT0Ms + reading.seq * 5000);
  outbox->flush();
  outbox = make_outbox(storage);
  for (const Reading& reading : contents(*outbox)) CHECK(reading.t_ms == kT0Ms + reading.seq * 5000);
  CHECK(outbox->count() == 4);
}

TEST_CASE("readings of a boot that never had the time are counted, and gone; dated ones beside them stay") {
  FakeStorage storage;
  {
    const auto outbox = make_outbox(storage);
    for (uint32_t seq = 1; seq <= 3; ++seq) outbox->add(make_undated(seq), 0);
    outbox->add(make_reading(4), 0);
    outbox->flush();
  }
  Outbox outbox(storage);
  CHECK(outbox.mount().undatable_count == 3);
  CHECK(seqs_of(contents(outbox)) == span(4, 4));
}

TEST_CASE("with the flash refusing, RAM holds what it can, and what is lost is counted") {
  FakeStorage storage;
  const auto outbox = make_outbox(storage);
  storage.is_failing = true;
  add_span(*outbox, 1, 150);
  CHECK(outbox->count() == config::kRamReadings);
  CHECK(outbox->dropped_count() == 150 - config::kRamReadings);
  CHECK(outbox->failed_count() > 0);
  storage.is_failing = false;
  CHECK(outbox->flush());
  CHECK(seqs_of(contents(*outbox)) == span(31, 150));
}

TEST_CASE("a write refused half way leaves nothing twice after a restart") {
  for (long bytes = 0; bytes < 400; bytes += 3) {
    FakeStorage storage;
    auto outbox = make_outbox(storage);
    add_span(*outbox, 1, 4);
    outbox->flush();
    storage.fails_after_bytes = bytes;
    add_span(*outbox, 5, 9);
    outbox->flush();
    storage.fails_after_bytes = FakeStorage::kForEver;
    CHECK(outbox->flush());
    outbox = make_outbox(storage);
    CAPTURE(bytes);
    CHECK(outbox->count() == 9);
    CHECK(seqs_of(contents(*outbox)) == span(1, 9));
  }
}

TEST_CASE("a bad block costs its records, which are counted") {
  FakeStorage storage;
  {
    const auto outbox = make_outbox(storage);
    add_span(*outbox, 1, 9);
    outbox->flush();
  }
  auto& bytes = storage.files.begin()->second.bytes;
  bytes[kHeaderRecordBytes + 5] ^= 0xFF;
  Outbox outbox(storage);
  CHECK(outbox.mount().corrupt_count == 1);
  CHECK(seqs_of(contents(outbox)) == span(2, 9));
}

TEST_CASE("a file with more readings than a segment holds gives those that its index has room for") {
  FakeStorage storage;
  uint8_t bytes[kMaxRecordBytes];
  auto& file = storage.files["00000001-00000001.seg"].bytes;
  size_t size = encode_header({kStream, 5000}, bytes);
  file.insert(file.end(), bytes, bytes + size);
  for (uint32_t seq = 1; seq <= config::kMaxSegmentRecords + 2; ++seq) {
    Reading bare = make_reading(seq);
    std::fill(std::begin(bare.values), std::end(bare.values), NAN);  // small enough for so many
    size = encode_reading(bare, bytes);
    file.insert(file.end(), bytes, bytes + size);
  }
  Outbox outbox(storage);
  CHECK(outbox.mount().corrupt_count == 1);
  CHECK(outbox.count() == config::kMaxSegmentRecords);
}

TEST_CASE("a reading that was written again once it had its time is not lost with its undated copy") {
  FakeStorage storage;
  for (const bool is_undated : {true, false}) {
    Reading reading = make_reading(5);
    reading.is_undated = is_undated;
    uint8_t bytes[2 * kMaxRecordBytes];
    size_t size = encode_header({kStream, 5000}, bytes);
    size += encode_reading(reading, bytes + size);
    storage.files[is_undated ? "00000001-00000001.seg" : "00000002-00000002.seg"].bytes.assign(bytes, bytes + size);
  }
  Outbox outbox(storage);
  outbox.mount();
  CHECK(outbox.count() == 1);
  CHECK(seqs_of(contents(outbox)) == span(5, 5));
}

TEST_CASE("means that were not sealed go, and what they stood for stays") {
  FakeStorage storage;
  {
    const auto outbox = make_outbox(storage);
    add_span(*outbox, 1, 12);
    outbox->flush();
  }
  const std::string single = storage.files.begin()->first, means = "00000001-00000002.seg";
  REQUIRE(single == "00000001-00000001.seg");
  uint8_t bytes[2 * kMaxRecordBytes];
  Reading mean = make_reading(12);
  mean.span_ms = 60'000;
  mean.n = 12;
  mean.seq_from = 1;
  size_t size = encode_header({kStream, 5000}, bytes);
  size += encode_reading(mean, bytes + size);
  storage.files[means].bytes.assign(bytes, bytes + size);
  Outbox outbox(storage);
  outbox.mount();
  CHECK(storage.files.count(means) == 0);
  CHECK(outbox.count() == 12);
}

TEST_CASE("a file that cannot be read now is not thrown away") {
  FakeStorage storage;
  {
    const auto outbox = make_outbox(storage);
    add_span(*outbox, 1, 9);
    outbox->flush();
  }
  storage.fails_reading = true;
  make_outbox(storage);
  storage.fails_reading = false;
  const auto outbox = make_outbox(storage);
  CHECK(seqs_of(contents(*outbox)) == span(1, 9));
}

TEST_CASE("when even means do not help, the oldest is lost, and counted") {
  FakeStorage storage;
  storage.capacity = 10 * 4096;
  const auto outbox = make_outbox(storage);
  uint32_t seq = 1;
  Reading batch[30];
  for (int round = 0; round < 30; ++round, seq += 50) {
    add_span(*outbox, seq, seq + 49);
    // Sent, so they may not be thinned.
    while (outbox->pick_live(batch, 12) != 0) {
    }
    outbox->flush();
  }
  CHECK(outbox->thinned_count() == 0);
  CHECK(outbox->dropped_count() > 0);
  const std::vector<uint32_t> left = seqs_of(contents(*outbox));
  CHECK(left.size() + outbox->dropped_count() == 1500);
  CHECK(left == span(1500 - static_cast<uint32_t>(left.size()) + 1, 1500));
}

TEST_CASE("a full flash makes room for all of RAM, however many segments that takes") {
  FakeStorage storage;
  storage.capacity = 10 * 4096;
  const auto outbox = make_outbox(storage);
  uint32_t seq = 1;
  for (; seq <= 2000; seq += 50) {
    add_span(*outbox, seq, seq + 49);
    Reading batch[12];
    while (outbox->pick_live(batch, 12) != 0) {
    }
    outbox->flush();
  }
  REQUIRE(outbox->dropped_count() > 0);
  // Twenty sent, twenty not, and so on: each takes a segment of its own.
  for (int run = 0; run < 3; ++run, seq += 40) {
    add_span(*outbox, seq, seq + 39);
    Reading batch[20];
    REQUIRE(outbox->pick_live(batch, 20) == 20);
  }
  CHECK(outbox->flush());
  CHECK(outbox->count() == outbox->flash_count());
  const std::vector<uint32_t> left = seqs_of(contents(*outbox));
  CHECK(left.size() + outbox->dropped_count() == seq - 1);
  CHECK(left.back() == seq - 1);
}

TEST_CASE("resend knows what is still kept") {
  FakeStorage storage;
  const auto outbox = make_outbox(storage);
  add_span(*outbox, 1, 20);
  outbox->flush();
  add_span(*outbox, 21, 25);
  outbox->answer(kStream, {3, 4});
  uint32_t kept = 0;
  CHECK(outbox->has(kStream, {5, 25}, kept));
  CHECK_FALSE(outbox->has(kStream, {1, 25}, kept));
  CHECK(kept == 23);
  CHECK_FALSE(outbox->has(kStream + 1, {1, 1}, kept));
}

TEST_SUITE_END();
