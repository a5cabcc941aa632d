// Reads JSON text where it stands: no tree, no memory of its own, bounded depth and length. For `committed`, `commands`
// and the settings file. Strict: it refuses what a JSON parser must refuse, so no half-read text is applied.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

inline constexpr unsigned kMaxJsonDepth = 16;

enum class JsonKind { none, object, array, text, number, boolean, null };

// A value inside a checked document; cheap to copy, valid as long as the text.
class Json {
 public:
  Json() = default;

  // The whole text as one value; a value of kind `none` when it is no JSON, too deep, or followed by more.
  static Json parse(const char* text, size_t size);

  JsonKind kind() const;
  bool exists() const { return begin_ != nullptr; }

  // Of an object: the member of this name (the first, were there two), or `none`. Names are compared as written.
  Json operator[](const char* name) const;
  // Walks an array's items or an object's values: `Json item; size_t at = 0; while (list.next(at, item))`.
  bool next(size_t& at, Json& item) const;

  // Each is false, and writes nothing, unless the value is of that kind and fits.
  bool as_integer(int64_t low, int64_t high, int64_t& out) const;  // written without fraction or exponent
  bool as_number(double& out) const;
  bool as_boolean(bool& out) const;
  // Unescaped, ended by 0; false when it does not fit or holds a 0.
  bool as_text(char* out, size_t capacity) const;

  const char* begin() const { return begin_; }
  size_t size() const { return size_; }

 private:
  Json(const char* begin, size_t size) : begin_(begin), size_(size) {}
  const char* begin_ = nullptr;
  size_t size_ = 0;
};

}  // namespace ct
