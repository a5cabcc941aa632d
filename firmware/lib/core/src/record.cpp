#include "record.h"

#include <cstring>

#include "crc.h"

namespace ct {

namespace {

constexpr uint8_t kStart = 0xC7;
constexpr size_t kTimeBytes = 6;
constexpr uint16_t kMeanBit = 1u << 10, kUndatedBit = 1u << 11, kSentBit = 1u << 12;
constexpr size_t kFixedBytes = 4 + kTimeBytes + 2 + 1;
constexpr size_t kMeanBytes = 10;
constexpr int64_t kLatestMs = (int64_t{1} << (8 * kTimeBytes)) - 1;

void put_float(uint8_t* out, float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  put_le(out, bits, 4);
}

float get_float(const uint8_t* bytes) {
  const uint32_t bits = static_cast<uint32_t>(get_le(bytes, 4));
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// `encode_reading` never gets these numbers, so counts, spans and answers need not handle them.
bool has_sound_seqs(const Reading& reading) {
  if (reading.seq == 0 || reading.seq > kMaxSeq) return false;
  return !reading.is_mean() || (reading.n != 0 && reading.seq_from != 0 && reading.seq_from <= reading.seq);
}

}  // namespace

void put_le(uint8_t* out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint64_t get_le(const uint8_t* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  return value;
}

size_t encode_raw(RecordKind kind, const uint8_t* payload, size_t size, uint8_t* out) {
  out[0] = kStart;
  out[1] = static_cast<uint8_t>(kind);
  out[2] = static_cast<uint8_t>(size);
  if (size != 0) std::memcpy(out + 3, payload, size);
  put_le(out + 3 + size, crc32(out + 1, size + 2), 4);
  return size + kRecordOverhead;
}

size_t encode_header(const SegmentHeader& header, uint8_t* out) {
  uint8_t payload[9] = {kRecordVersion};
  put_le(payload + 1, header.stream, 4);
  put_le(payload + 5, header.interval_ms, 4);
  return encode_raw(RecordKind::header, payload, sizeof payload, out);
}

size_t encode_reading(const Reading& reading, uint8_t* out) {
  uint8_t payload[kMaxRecordBytes];
  uint16_t mask = 0;
  size_t size = kFixedBytes;
  for (size_t i = 0; i < kQuantities; ++i) {
    if (!reading.has(i)) continue;
    mask = static_cast<uint16_t>(mask | (1u << i));
    put_float(payload + size, reading.values[i]);
    size += 4;
  }
  if (reading.is_mean()) {
    mask |= kMeanBit;
    put_le(payload + size, reading.span_ms, 4);
    put_le(payload + size + 4, reading.n, 2);
    put_le(payload + size + 6, reading.seq_from, 4);
    size += kMeanBytes;
  }
  if (reading.is_undated) mask |= kUndatedBit;
  if (reading.was_sent) mask |= kSentBit;
  put_le(payload, reading.seq, 4);
  put_le(payload + 4, static_cast<uint64_t>(reading.t_ms), kTimeBytes);
  put_le(payload + 4 + kTimeBytes, mask, 2);
  payload[kFixedBytes - 1] = reading.flags;
  return encode_raw(RecordKind::reading, payload, size, out);
}

size_t encode_mark(RecordKind kind, uint8_t* out) { return encode_raw(kind, nullptr, 0, out); }

size_t encode_dated(int64_t offset_ms, uint8_t* out) {
  uint8_t payload[8];
  put_le(payload, static_cast<uint64_t>(offset_ms), sizeof payload);
  return encode_raw(RecordKind::dated, payload, sizeof payload, out);
}

bool next_record(const uint8_t* bytes, size_t size, size_t& at, Record& record, uint32_t& skipped_bytes) {
  for (; at + kRecordOverhead <= size; ++at, ++skipped_bytes) {
    if (bytes[at] != kStart) continue;
    const size_t payload = bytes[at + 2];
    if (at + payload + kRecordOverhead > size) continue;
    const uint8_t* checked = bytes + at + 1;
    if (crc32(checked, payload + 2) != get_le(checked + payload + 2, 4)) continue;
    record.kind = static_cast<RecordKind>(bytes[at + 1]);
    record.payload = bytes + at + 3;
    record.size = payload;
    at += payload + kRecordOverhead;
    return true;
  }
  skipped_bytes += static_cast<uint32_t>(size - at);
  at = size;
  return false;
}

bool decode_header(const Record& record, SegmentHeader& header) {
  if (record.kind != RecordKind::header || record.size != 9 || record.payload[0] != kRecordVersion) return false;
  header.stream = static_cast<uint32_t>(get_le(record.payload + 1, 4));
  header.interval_ms = static_cast<uint32_t>(get_le(record.payload + 5, 4));
  return true;
}

bool decode_reading(const Record& record, const SegmentHeader& header, Reading& reading) {
  if (record.kind != RecordKind::reading || record.size < kFixedBytes) return false;
  reading = Reading();
  const uint8_t* payload = record.payload;
  const unsigned mask = static_cast<unsigned>(get_le(payload + 4 + kTimeBytes, 2));
  size_t size = kFixedBytes + ((mask & kMeanBit) ? kMeanBytes : 0);
  for (size_t i = 0; i < kQuantities; ++i) size += (mask & (1u << i)) ? 4 : 0;
  if (size != record.size) return false;
  reading.stream = header.stream;
  reading.interval_ms = header.interval_ms;
  reading.seq = static_cast<uint32_t>(get_le(payload, 4));
  reading.t_ms = static_cast<int64_t>(get_le(payload + 4, kTimeBytes));
  reading.flags = payload[kFixedBytes - 1];
  reading.is_undated = (mask & kUndatedBit) != 0;
  reading.was_sent = (mask & kSentBit) != 0;
  size_t at = kFixedBytes;
  for (size_t i = 0; i < kQuantities; ++i) {
    if (!(mask & (1u << i))) continue;
    reading.values[i] = get_float(payload + at);
    at += 4;
  }
  if (mask & kMeanBit) {
    reading.span_ms = static_cast<uint32_t>(get_le(payload + at, 4));
    reading.n = static_cast<uint16_t>(get_le(payload + at + 4, 2));
    reading.seq_from = static_cast<uint32_t>(get_le(payload + at + 6, 4));
    if (!reading.is_mean()) return false;
  }
  return has_sound_seqs(reading);
}

bool decode_dated(const Record& record, int64_t& offset_ms) {
  if (record.kind != RecordKind::dated || record.size != 8) return false;
  const int64_t read_ms = static_cast<int64_t>(get_le(record.payload, 8));
  if (read_ms < 0 || read_ms > kLatestMs) return false;
  offset_ms = read_ms;
  return true;
}

}  // namespace ct
