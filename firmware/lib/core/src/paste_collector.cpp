#include "paste_collector.h"

namespace ct {

void PasteCollector::forget() {
  size_ = depth_ = 0;
  is_in_text_ = is_escaped_ = false;
}

PasteResult PasteCollector::feed(char byte) {
  if (depth_ == 0) {
    if (byte != '{') return PasteResult::more;
    size_ = 0;
  }
  if (size_ + 1 >= sizeof text_) {
    forget();
    return PasteResult::too_long;
  }
  text_[size_++] = byte;
  text_[size_] = '\0';
  if (is_escaped_) {
    is_escaped_ = false;
  } else if (is_in_text_) {
    is_escaped_ = byte == '\\';
    if (byte == '"') is_in_text_ = false;
  } else if (byte == '"') {
    is_in_text_ = true;
  } else if (byte == '{') {
    ++depth_;
  } else if (byte == '}') {
    --depth_;
  }
  return depth_ == 0 ? PasteResult::complete : PasteResult::more;
}

}  // namespace ct
