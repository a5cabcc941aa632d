#include "state_file.h"

#include <cstring>

#include "record.h"

namespace ct {

namespace {

constexpr const char* kNames[] = {"state-a", "state-b"};
constexpr size_t kNumbers = 5;
constexpr size_t kBytes = kNumbers * 4 + kCommandIdBytes;

}  // namespace

bool StateFile::load(KeptState& state) {
  bool is_found = false;
  for (unsigned i = 0; i < 2; ++i) {
    uint8_t file[kBytes + kRecordOverhead];
    size_t size = 0, at = 0;
    uint32_t skipped = 0;
    Record record;
    if (storage_.read(kNames[i], file, sizeof file, size) != StorageResult::ok) continue;
    if (!next_record(file, size, at, record, skipped)) continue;
    if (record.kind != RecordKind::state || record.size != kBytes) continue;
    const auto number = [&record](size_t place) {
      return static_cast<uint32_t>(get_le(record.payload + 4 * place, 4));
    };
    if (is_found && number(0) < generation_) continue;
    is_found = true;
    generation_ = number(0);
    next_ = 1 - i;
    state.stream = number(1);
    state.seq = number(2);
    state.formatted_count = number(3);
    state.undatable_count = number(4);
    std::memcpy(state.restart_command_id, record.payload + 4 * kNumbers, kCommandIdBytes);
    state.restart_command_id[kCommandIdBytes - 1] = '\0';
  }
  return is_found;
}

bool StateFile::save(const KeptState& state) {
  uint8_t payload[kBytes], file[kBytes + kRecordOverhead];
  const uint32_t numbers[kNumbers] = {generation_ + 1, state.stream, state.seq, state.formatted_count,
                                      state.undatable_count};
  for (size_t i = 0; i < kNumbers; ++i) put_le(payload + 4 * i, numbers[i], 4);
  std::memcpy(payload + 4 * kNumbers, state.restart_command_id, kCommandIdBytes);
  const size_t size = encode_raw(RecordKind::state, payload, sizeof payload, file);
  const char* name = kNames[next_];
  const StorageResult removed = storage_.remove(name);
  if (removed != StorageResult::ok && removed != StorageResult::not_found) return false;
  if (storage_.append(name, file, size) != StorageResult::ok || storage_.sync(name) != StorageResult::ok) return false;
  ++generation_;
  next_ = 1 - next_;
  return true;
}

}  // namespace ct
