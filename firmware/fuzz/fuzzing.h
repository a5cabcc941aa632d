// What every fuzz target shares: a promise that stops the run when it is broken, and a cursor over the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ct::fuzz {

// `text` says what should have been true; the fuzzer keeps the input that shows otherwise.
inline void must(bool is_kept, const char* text) {
  if (is_kept) return;
  std::fprintf(stderr, "broken promise: %s\n", text);
  std::abort();
}

inline bool is_within(double value, double low, double high) { return value >= low && value <= high; }

// A text in an array, ended inside it.
template <size_t N>
bool is_ended(const char (&text)[N]) {
  return std::memchr(text, 0, N) != nullptr;
}

// Gives the input out piece by piece; what is not there any more reads as zeros.
class Input {
 public:
  Input(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}

  size_t left() const { return size_; }
  void take(uint8_t* out, size_t count) {
    const size_t found = count < size_ ? count : size_;
    if (count != 0) std::memset(out, 0, count);
    if (found != 0) std::memcpy(out, bytes_, found);
    bytes_ += found;
    size_ -= found;
  }
  uint8_t take_byte() {
    uint8_t byte = 0;
    take(&byte, 1);
    return byte;
  }

 private:
  const uint8_t* bytes_;
  size_t size_;
};

}  // namespace ct::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);
