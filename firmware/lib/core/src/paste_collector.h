// Finds one JSON object in the text of a serial line: pasted whole or in pieces, on one line or many, alone or within
// other text.
#pragma once

#include <cstddef>

namespace ct {

inline constexpr size_t kSettingsTextBytes =
    6144;  // every key, and a CA of 2,559 characters with each line end escaped

enum class PasteResult { more, complete, too_long };

class PasteCollector {
 public:
  // After `complete`, text() holds the object until the next byte.
  PasteResult feed(char byte);
  // An incomplete object is dropped when the rest does not come: text typed later is not part of it.
  void forget();
  bool is_collecting() const { return depth_ != 0; }
  const char* text() const { return text_; }
  size_t size() const { return size_; }

 private:
  char text_[kSettingsTextBytes] = {};
  size_t size_ = 0;
  unsigned depth_ = 0;
  bool is_in_text_ = false, is_escaped_ = false;
};

}  // namespace ct
