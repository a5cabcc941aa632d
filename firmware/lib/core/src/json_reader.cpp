#include "json_reader.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace ct {

namespace {

constexpr size_t kBad = static_cast<size_t>(-1);

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Each skip_* takes the position where its element begins and returns the position after it, or kBad.
size_t skip_space(const char* text, size_t size, size_t at) {
  while (at < size && is_space(text[at])) ++at;
  return at;
}

size_t skip_word(const char* text, size_t size, size_t at, const char* word) {
  const size_t length = std::strlen(word);
  return size - at >= length && std::memcmp(text + at, word, length) == 0 ? at + length : kBad;
}

size_t skip_digits(const char* text, size_t size, size_t at) {
  const size_t start = at;
  while (at < size && is_digit(text[at])) ++at;
  return at == start ? kBad : at;
}

size_t skip_number(const char* text, size_t size, size_t at) {
  if (at < size && text[at] == '-') ++at;
  if (at < size && text[at] == '0') {
    ++at;
  } else if ((at = skip_digits(text, size, at)) == kBad) {
    return kBad;
  }
  if (at < size && text[at] == '.' && (at = skip_digits(text, size, at + 1)) == kBad) return kBad;
  if (at < size && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < size && (text[at] == '+' || text[at] == '-')) ++at;
    at = skip_digits(text, size, at);
  }
  return at;
}

size_t skip_text(const char* text, size_t size, size_t at) {
  for (++at; at < size; ++at) {
    const char c = text[at];
    if (c == '"') return at + 1;
    if (static_cast<unsigned char>(c) < 0x20) return kBad;
    if (c != '\\') continue;
    if (++at == size) return kBad;
    if (text[at] == 'u') {
      if (size - at < 5) return kBad;
      for (size_t i = 1; i <= 4; ++i) {
        if (hex_value(text[at + i]) < 0) return kBad;
      }
      at += 4;
    } else if (std::strchr("\"\\/bfnrt", text[at]) == nullptr || text[at] == '\0') {
      return kBad;
    }
  }
  return kBad;
}

size_t skip_value(const char* text, size_t size, size_t at, unsigned depth);

// Objects and arrays; `depth` counts down, so the recursion is bounded.
size_t skip_container(const char* text, size_t size, size_t at, unsigned depth) {
  if (depth == 0) return kBad;
  const bool is_object = text[at] == '{';
  const char end = is_object ? '}' : ']';
  at = skip_space(text, size, at + 1);
  if (at < size && text[at] == end) return at + 1;
  while (at < size) {
    if (is_object) {
      if (text[at] != '"' || (at = skip_text(text, size, at)) == kBad) return kBad;
      at = skip_space(text, size, at);
      if (at == size || text[at] != ':') return kBad;
      at = skip_space(text, size, at + 1);
    }
    if ((at = skip_value(text, size, at, depth - 1)) == kBad) return kBad;
    at = skip_space(text, size, at);
    if (at == size) return kBad;
    if (text[at] == end) return at + 1;
    if (text[at] != ',') return kBad;
    at = skip_space(text, size, at + 1);
  }
  return kBad;
}

size_t skip_value(const char* text, size_t size, size_t at, unsigned depth) {
  if (at >= size) return kBad;
  switch (text[at]) {
    case '{':
    case '[': return skip_container(text, size, at, depth);
    case '"': return skip_text(text, size, at);
    case 't': return skip_word(text, size, at, "true");
    case 'f': return skip_word(text, size, at, "false");
    case 'n': return skip_word(text, size, at, "null");
    default: return skip_number(text, size, at);
  }
}

// UTF-8 of one code point; gives the number of bytes.
size_t put_utf8(unsigned code, char out[4]) {
  const auto byte = [](unsigned value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) {
    out[0] = byte(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = byte(0xC0 | (code >> 6));
    out[1] = byte(0x80 | (code & 0x3F));
    return 2;
  }
  out[0] = byte(0xE0 | (code >> 12));
  out[1] = byte(0x80 | ((code >> 6) & 0x3F));
  out[2] = byte(0x80 | (code & 0x3F));
  return 3;
}

char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

}  // namespace

Json Json::parse(const char* text, size_t size) {
  const size_t begin = skip_space(text, size, 0);
  const size_t end = skip_value(text, size, begin, kMaxJsonDepth);
  if (end == kBad || skip_space(text, size, end) != size) return Json();
  return Json(text + begin, end - begin);
}

JsonKind Json::kind() const {
  if (begin_ == nullptr) return JsonKind::none;
  switch (*begin_) {
    case '{': return JsonKind::object;
    case '[': return JsonKind::array;
    case '"': return JsonKind::text;
    case 't':
    case 'f': return JsonKind::boolean;
    case 'n': return JsonKind::null;
    default: return JsonKind::number;
  }
}

Json Json::operator[](const char* name) const {
  if (kind() != JsonKind::object) return Json();
  const size_t length = std::strlen(name);
  size_t at = skip_space(begin_, size_, 1);
  while (begin_[at] == '"') {
    const size_t key = at + 1;
    at = skip_text(begin_, size_, at);
    const bool is_it = at - 1 - key == length && std::memcmp(begin_ + key, name, length) == 0;
    at = skip_space(begin_, size_, skip_space(begin_, size_, at) + 1);
    const size_t end = skip_value(begin_, size_, at, kMaxJsonDepth);
    if (is_it) return Json(begin_ + at, end - at);
    at = skip_space(begin_, size_, end);
    if (begin_[at] == ',') at = skip_space(begin_, size_, at + 1);
  }
  return Json();
}

bool Json::next(size_t& at, Json& item) const {
  const JsonKind what = kind();
  if (what != JsonKind::array && what != JsonKind::object) return false;
  size_t place = skip_space(begin_, size_, at == 0 ? 1 : at);
  if (begin_[place] == ',') place = skip_space(begin_, size_, place + 1);
  if (begin_[place] == ']' || begin_[place] == '}') return false;
  if (what == JsonKind::object) {
    place = skip_space(begin_, size_, skip_text(begin_, size_, place));
    place = skip_space(begin_, size_, place + 1);
  }
  const size_t end = skip_value(begin_, size_, place, kMaxJsonDepth);
  item = Json(begin_ + place, end - place);
  at = end;
  return true;
}

bool Json::as_integer(int64_t low, int64_t high, int64_t& out) const {
  // 17 digits hold every number of the contract and cannot overflow below.
  if (kind() != JsonKind::number || size_ > 18) return false;
  const bool is_negative = *begin_ == '-';
  int64_t value = 0;
  for (size_t i = is_negative ? 1 : 0; i < size_; ++i) {
    if (!is_digit(begin_[i])) return false;
    value = value * 10 + (begin_[i] - '0');
  }
  if (is_negative) value = -value;
  if (value < low || value > high) return false;
  out = value;
  return true;
}

bool Json::as_number(double& out) const {
  char text[48];
  if (kind() != JsonKind::number || size_ >= sizeof text) return false;
  std::memcpy(text, begin_, size_);
  text[size_] = '\0';
  const double value = std::strtod(text, nullptr);
  if (!std::isfinite(value)) return false;
  out = value;
  return true;
}

bool Json::as_boolean(bool& out) const {
  if (kind() != JsonKind::boolean) return false;
  out = *begin_ == 't';
  return true;
}

bool Json::as_text(char* out, size_t capacity) const {
  if (kind() != JsonKind::text) return false;
  size_t used = 0;
  for (size_t i = 1; i + 1 < size_; ++i) {
    char bytes[4] = {begin_[i]};
    size_t count = 1;
    if (begin_[i] == '\\' && begin_[i + 1] == 'u') {
      unsigned code = 0;
      for (size_t digit = 2; digit < 6; ++digit) code = code * 16 + static_cast<unsigned>(hex_value(begin_[i + digit]));
      // Halves of a pair stand for characters that no id, secret or address of ours holds.
      if (code == 0 || (code >= 0xD800 && code <= 0xDFFF)) return false;
      count = put_utf8(code, bytes);
      i += 5;
    } else if (begin_[i] == '\\') {
      bytes[0] = unescaped(begin_[++i]);
    }
    if (used + count >= capacity) return false;
    std::memcpy(out + used, bytes, count);
    used += count;
  }
  if (capacity == 0) return false;
  out[used] = '\0';
  return true;
}

}  // namespace ct
