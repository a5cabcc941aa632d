// Records as they lie on flash: start byte, kind, length, payload, CRC-32. A segment file is a header and readings,
// then marks that were added later. Reading continues after parts that a power cut or a bad block left incomplete.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reading.h"

namespace ct {

enum class RecordKind : uint8_t {
  header = 1,  // first of a segment: version, stream, interval
  reading = 2,
  sent = 3,   // from here on nothing of this segment may be thinned: some of it may be at the server
  dated = 4,  // the time to add to its undated readings
  seal = 5,   // last of a thinned segment; without it the segment does not count
  state = 6,  // of the state file: state_file.h
};

inline constexpr uint8_t kRecordVersion = 1;
inline constexpr size_t kRecordOverhead = 7;
inline constexpr size_t kMaxRecordBytes = kRecordOverhead + 13 + 4 * kQuantities + 10;
inline constexpr size_t kHeaderRecordBytes = kRecordOverhead + 9;
// Room that readings leave in a segment for a date and a sent mark.
inline constexpr size_t kMarkReserveBytes = (kRecordOverhead + 8) + kRecordOverhead;

struct SegmentHeader {
  uint32_t stream = 0;
  uint32_t interval_ms = 0;
};

// Each writes one record and gives its size; `out` has room for kMaxRecordBytes.
size_t encode_header(const SegmentHeader& header, uint8_t* out);
size_t encode_reading(const Reading& reading, uint8_t* out);
size_t encode_mark(RecordKind kind, uint8_t* out);
size_t encode_dated(int64_t offset_ms, uint8_t* out);
size_t encode_raw(RecordKind kind, const uint8_t* payload, size_t size, uint8_t* out);

struct Record {
  RecordKind kind = RecordKind::seal;
  const uint8_t* payload = nullptr;
  size_t size = 0;
};

// The next sound record at or behind `at`, which moves behind it; false at the end. `skipped_bytes` grows by what was
// no record.
bool next_record(const uint8_t* bytes, size_t size, size_t& at, Record& record, uint32_t& skipped_bytes);

// Each is false when the payload is not of that kind and length, or holds numbers that no reading has.
bool decode_header(const Record& record, SegmentHeader& header);
bool decode_reading(const Record& record, const SegmentHeader& header, Reading& reading);
bool decode_dated(const Record& record, int64_t& offset_ms);

void put_le(uint8_t* out, uint64_t value, size_t bytes);
uint64_t get_le(const uint8_t* bytes, size_t count);

}  // namespace ct
