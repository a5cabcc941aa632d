#include "json_writer.h"

#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ct {

void JsonWriter::put(const char* bytes, size_t size) {
  // One byte is kept for the closing 0.
  if (!is_ok_ || size >= capacity_ - size_) {
    is_ok_ = false;
    return;
  }
  std::memcpy(buffer_ + size_, bytes, size);
  size_ += size;
  buffer_[size_] = '\0';
}

void JsonWriter::value_starts() {
  if (needs_comma_) put(',');
  needs_comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
  value_starts();
  put('{');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  put('}');
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  value_starts();
  put('[');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  put(']');
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(const char* name) {
  text(name);
  put(':');
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::integer(int64_t value) {
  value_starts();
  char digits[24];
  const int size = std::snprintf(digits, sizeof digits, "%" PRId64, value);
  put(digits, static_cast<size_t>(size));
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  value_starts();
  put_shortest(value, 6, 17, false, false);
  return *this;
}

JsonWriter& JsonWriter::number_f(float value, bool always_fraction) {
  value_starts();
  put_shortest(static_cast<double>(value), 6, 9, true, always_fraction);
  return *this;
}

// std::to_chars would do this; the board's compiler (gcc 8.4) has none for floating point.
void JsonWriter::put_shortest(double value, int first_digits, int last_digits, bool is_float, bool always_fraction) {
  if (!std::isfinite(value)) {
    put("null", 4);
    return;
  }
  if (value == 0.0) value = 0.0;  // never write -0
  char digits[32];
  int size = 0;
  if (std::fabs(value) < 1e9 && value == std::floor(value)) {
    size = std::snprintf(digits, sizeof digits, always_fraction ? "%.1f" : "%.0f", value);
  } else {
    for (int precision = first_digits; precision <= last_digits; ++precision) {
      size = std::snprintf(digits, sizeof digits, "%.*g", precision, value);
      const bool is_same =
          is_float ? std::strtof(digits, nullptr) == static_cast<float>(value) : std::strtod(digits, nullptr) == value;
      if (is_same) break;
    }
  }
  put(digits, static_cast<size_t>(size));
}

JsonWriter& JsonWriter::boolean(bool value) {
  value_starts();
  value ? put("true", 4) : put("false", 5);
  return *this;
}

JsonWriter& JsonWriter::null() {
  value_starts();
  put("null", 4);
  return *this;
}

JsonWriter& JsonWriter::text(const char* value) {
  value_starts();
  put('"');
  for (; *value != '\0'; ++value) {
    const unsigned char c = static_cast<unsigned char>(*value);
    if (c == '"' || c == '\\') {
      put('\\');
      put(*value);
    } else if (c < 0x20) {
      char escape[8];
      const int size = std::snprintf(escape, sizeof escape, "\\u%04x", c);
      put(escape, static_cast<size_t>(size));
    } else {
      put(*value);
    }
  }
  put('"');
  return *this;
}

void JsonWriter::rewind(size_t size, bool needs_comma) {
  size_ = size;
  buffer_[size_] = '\0';
  is_ok_ = true;
  needs_comma_ = needs_comma;
}

}  // namespace ct
