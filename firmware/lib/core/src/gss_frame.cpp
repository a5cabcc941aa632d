#include "gss_frame.h"

namespace ct {

const char kGssPolling[] = "K 2\r\n";
const char kGssAskMultiplier[] = ".\r\n";
const char kGssAskCo2[] = "Z\r\n";
const char kGssAutoZeroOff[] = "@ 0\r\n";
const char kGssZeroInNitrogen[] = "U\r\n";

namespace {

struct Pair {
  char letter = 0;
  uint32_t number = 0;
};

// One "letter digits" of a line; false at the end or at anything else, in which case `letter` is not 0.
bool next_pair(const char* line, size_t size, size_t& at, Pair& pair) {
  pair = Pair{};
  while (at < size && line[at] == ' ') ++at;
  if (at == size) return false;
  pair.letter = line[at++];
  while (at < size && line[at] == ' ') ++at;
  size_t digits = 0;
  while (at < size && line[at] >= '0' && line[at] <= '9' && digits < 6) {
    pair.number = pair.number * 10 + static_cast<uint32_t>(line[at++] - '0');
    ++digits;
  }
  return digits == 5;
}

}  // namespace

GssResult GssParser::feed(uint8_t byte) {
  if (byte == '\n') return finish_line();
  if (byte == '\r') return GssResult::need_more;
  if (byte < 0x20 || byte > 0x7E) {
    // Stray bytes before an answer: what follows them may be whole. Inside one they leave no pair behind.
    size_ = 0;
    has_garbage_ = true;
    return GssResult::need_more;
  }
  if (size_ == sizeof line_) {
    is_too_long_ = true;  // no line of this sensor: skipped up to its end
    return GssResult::need_more;
  }
  line_[size_++] = static_cast<char>(byte);
  return GssResult::need_more;
}

GssResult GssParser::finish_line() {
  const size_t size = size_;
  const bool is_bad = is_too_long_ || (size == 0 && has_garbage_);
  size_ = 0;
  is_too_long_ = has_garbage_ = false;
  if (is_bad) return GssResult::bad_line;
  Pair pair;
  GssResult result = GssResult::other_answer;
  bool has_any = false;
  size_t at = 0;
  while (next_pair(line_, size, at, pair)) {
    has_any = true;
    if (pair.letter == 'Z') {
      if (multiplier_ == 0) return GssResult::no_multiplier;
      co2_ppm_ = static_cast<double>(pair.number) * multiplier_;
      result = GssResult::co2;
    } else if (pair.letter == '.') {
      // 1, 10 and 100 are all there are; a broken line must not scale every later reading.
      if (pair.number != 1 && pair.number != 10 && pair.number != 100) return GssResult::bad_line;
      multiplier_ = pair.number;
      result = GssResult::multiplier;
    }
  }
  if (pair.letter == '?') return GssResult::not_understood;
  if (pair.letter != 0) return GssResult::bad_line;
  return has_any ? result : GssResult::need_more;  // an empty line holds no value
}

}  // namespace ct
