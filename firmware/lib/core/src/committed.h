// The server's `committed`: which readings of a stream are stored and which never will be. Read as a whole before
// any of it is applied: a message with an error anywhere frees nothing, and its readings are simply sent again.
#pragma once

#include "json_reader.h"

namespace ct {

struct SeqRange {
  uint32_t from = 0, to = 0;  // both inclusive
};

inline constexpr size_t kReasonBytes = 24;

enum class CommittedResult { ok, not_json, wrong_version, bad_shape };

class Committed {
 public:
  // The text must outlive what is read from it.
  static CommittedResult parse(const char* text, size_t size, Committed& out);

  uint32_t stream() const { return stream_; }
  bool next_range(size_t& at, SeqRange& range) const;
  bool next_refused(size_t& at, SeqRange& range, char reason[kReasonBytes]) const;

 private:
  uint32_t stream_ = 0;
  Json ranges_, refused_;
};

}  // namespace ct
