// Any bytes as what a power cut, a worn block or another firmware left on flash: the outbox mounts, counts what it can
// read, and goes on working. The input is a row of files, each: a byte that says which file and whether its CRCs are
// put right (so that more than garbage is tried), two bytes of length, the content.
#include <memory>

#include "crc.h"
#include "fakes.h"
#include "fuzzing.h"
#include "outbox.h"
#include "outbox_contents.h"
#include "state_file.h"

using namespace ct;
using ct::fuzz::must;

namespace {

// A small partition, so that thinning and dropping are near.
constexpr uint32_t kCapacityBytes = 12 * 4096;

constexpr const char* kNames[] = {
    "00000001-00000001.seg", "00000002-00000002.seg", "00000001-00000002.seg", "00000003-00000003.seg",
    "00000003-00000009.seg", "ffffffff-ffffffff.seg", "state-a",               "state-b",
    "00000002-00000001.seg", "a name that is no segment's and longer than one of them",
};
constexpr size_t kNameCount = sizeof kNames / sizeof kNames[0];
constexpr uint8_t kPutRight = 0x80;

void put_crcs_right(std::vector<uint8_t>& file) {
  for (size_t at = 0; at + kRecordOverhead <= file.size();) {
    const size_t size = file[at + 2];
    if (file[at] != 0xC7 || at + size + kRecordOverhead > file.size()) {
      ++at;
      continue;
    }
    put_le(file.data() + at + 3 + size, crc32(file.data() + at + 1, size + 2), 4);
    at += size + kRecordOverhead;
  }
}

FakeStorage flash_from(const uint8_t* bytes, size_t size) {
  FakeStorage storage;
  storage.capacity = kCapacityBytes;
  ct::fuzz::Input input(bytes, size);
  while (input.left() > 3) {
    const uint8_t which = input.take_byte();
    const size_t low = input.take_byte(), wanted = low + input.take_byte() * 256u;
    std::vector<uint8_t> file(std::min({wanted, input.left(), size_t{2 * config::kSegmentBytes}}));
    input.take(file.data(), file.size());
    if (which & kPutRight) put_crcs_right(file);
    const size_t length = file.size();
    storage.files[kNames[(which & 0x7F) % kNameCount]] = {std::move(file), length};
  }
  return storage;
}

uint32_t count_by_walking(Segments& segments) {
  uint32_t count = 0;
  Reading reading;
  for (size_t place = 0; place < segments.count(); ++place) {
    if (!segments.open(place)) continue;
    while (segments.next(reading)) {
      must(reading.first_seq() >= 1 && reading.first_seq() <= reading.seq && reading.seq <= kMaxSeq,
           "a reading's seqs ascend within their bounds");
      ++count;
    }
  }
  return count;
}

void live_on(FakeStorage& storage) {
  const auto outbox = std::make_unique<Outbox>(storage);  // large for a stack with a sanitizer's red zones
  outbox->mount();
  StateFile state_file(storage);
  KeptState state;
  if (state_file.load(state)) must(ct::fuzz::is_ended(state.restart_command_id), "an id ends in its buffer");
  state_file.save(state);
  outbox->date(kStream, kT0Ms);
  contents(*outbox);
  outbox->answer(kStream, {1, 5});
  for (uint32_t seq = 1; seq <= config::kRamReadings + 5; ++seq) {
    outbox->add(make_reading(seq, kStream + 1), seq * 5000ull);
  }
  outbox->flush();
  must(outbox->answer(kStream + 1, {1, kMaxSeq}) != 0, "what comes in now is kept");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FakeStorage storage = flash_from(bytes, size);
  uint32_t live_count = 0;
  {
    Segments segments(storage);
    const MountReport report = segments.mount();
    live_count = segments.live_count();
    must(report.readings_count == live_count, "the report tells the count");
    must(count_by_walking(segments) == live_count, "what is counted can be walked");
  }
  {
    Segments again(storage);
    again.mount();
    // Fewer are right: a foreign stream's empty file between two of one stream hides what is there twice, once.
    must(again.live_count() <= live_count, "mounting again finds nothing new");
  }
  live_on(storage);
  return 0;
}
