// Any text on the topic `committed`: what is obeyed is whole and within bounds, and is walked the same twice.
#include "committed.h"
#include "fuzzing.h"
#include "reading.h"

using namespace ct;
using ct::fuzz::must;

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const char* text = reinterpret_cast<const char*>(bytes);
  Committed committed;
  if (Committed::parse(text, size, committed) != CommittedResult::ok) return 0;
  SeqRange range;
  char reason[kReasonBytes];
  size_t at = 0, count = 0;
  while (committed.next_range(at, range)) {
    must(range.from >= 1 && range.from <= range.to && range.to <= kMaxSeq, "a range ascends within seq's bounds");
    must(++count <= 100, "a hundred ranges are the most");
  }
  at = count = 0;
  while (committed.next_refused(at, range, reason)) {
    must(range.from >= 1 && range.from <= range.to && range.to <= kMaxSeq, "a refusal ascends within seq's bounds");
    must(ct::fuzz::is_ended(reason), "a reason ends in its buffer");
    must(++count <= 100, "a hundred refusals are the most");
  }
  return 0;
}
