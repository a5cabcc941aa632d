// Writes JSON into a buffer of the caller's, in the one spelling of the contract: no spaces, whole numbers without
// fraction or exponent, other numbers in the fewest digits that read back the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

class JsonWriter {
 public:
  JsonWriter(char* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(const char* name);

  JsonWriter& integer(int64_t value);
  // `always_fraction` writes 93250.0 for 93250. Not finite is null, which the caller has flagged.
  JsonWriter& number(double value);
  JsonWriter& number_f(float value, bool always_fraction = false);
  JsonWriter& boolean(bool value);
  JsonWriter& text(const char* value);
  JsonWriter& null();

  // Of one that did not fit, the text is worthless and ok() false.
  bool ok() const { return is_ok_; }
  size_t size() const { return size_; }
  // Goes back to a place where ok() was true: to leave out what did not fit.
  void rewind(size_t size, bool needs_comma);
  bool needs_comma() const { return needs_comma_; }
  // Lets in the bytes that were held back for the end.
  void grow(size_t bytes) { capacity_ += bytes; }

 private:
  void put(const char* bytes, size_t size);
  void put(char c) { put(&c, 1); }
  void value_starts();
  void put_shortest(double value, int first_digits, int last_digits, bool is_float, bool always_fraction);

  char* buffer_;
  size_t capacity_;
  size_t size_ = 0;
  bool is_ok_ = true;
  bool needs_comma_ = false;
};

}  // namespace ct
