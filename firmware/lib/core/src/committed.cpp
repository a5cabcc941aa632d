#include "committed.h"

#include "reading.h"

namespace ct {

namespace {

constexpr size_t kMostItems = 100;

// [from, to] and, in a refusal, the reason.
bool read_range(const Json& item, SeqRange& range, char* reason) {
  size_t at = 0;
  Json from, to, why, more;
  int64_t low = 0, high = 0;
  if (item.kind() != JsonKind::array || !item.next(at, from) || !item.next(at, to)) return false;
  if (!from.as_integer(1, kMaxSeq, low) || !to.as_integer(low, kMaxSeq, high)) return false;
  if (reason != nullptr && (!item.next(at, why) || !why.as_text(reason, kReasonBytes))) return false;
  if (item.next(at, more)) return false;
  range = {static_cast<uint32_t>(low), static_cast<uint32_t>(high)};
  return true;
}

bool is_sound(const Json& list, bool has_reasons) {
  if (list.kind() != JsonKind::array) return false;
  size_t at = 0, count = 0;
  Json item;
  SeqRange range;
  char reason[kReasonBytes] = {};
  while (list.next(at, item)) {
    if (++count > kMostItems || !read_range(item, range, has_reasons ? reason : nullptr)) return false;
  }
  return true;
}

}  // namespace

CommittedResult Committed::parse(const char* text, size_t size, Committed& out) {
  const Json message = Json::parse(text, size);
  if (!message.exists()) return CommittedResult::not_json;
  int64_t version = 0, stream = 0;
  if (!message["v"].as_integer(1, 1, version)) return CommittedResult::wrong_version;
  if (!message["stream"].as_integer(0, 0xFFFFFFFFLL, stream)) return CommittedResult::bad_shape;
  const Json ranges = message["ranges"], refused = message["refused"];
  if (!is_sound(ranges, false) || !is_sound(refused, true)) return CommittedResult::bad_shape;
  out.stream_ = static_cast<uint32_t>(stream);
  out.ranges_ = ranges;
  out.refused_ = refused;
  return CommittedResult::ok;
}

bool Committed::next_range(size_t& at, SeqRange& range) const {
  Json item;
  return ranges_.next(at, item) && read_range(item, range, nullptr);
}

bool Committed::next_refused(size_t& at, SeqRange& range, char reason[kReasonBytes]) const {
  Json item;
  return refused_.next(at, item) && read_range(item, range, reason);
}

}  // namespace ct
