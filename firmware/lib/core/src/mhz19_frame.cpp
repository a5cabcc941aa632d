#include "mhz19_frame.h"

#include <cstring>

namespace ct {

namespace {
constexpr uint8_t kStart = 0xFF;
constexpr uint8_t kReadCommand = 0x86;
}  // namespace

const uint8_t kMhz19ReadCo2[kMhz19FrameBytes] = {0xFF, 0x01, 0x86, 0, 0, 0, 0, 0, 0x79};
const uint8_t kMhz19AutoBaselineOff[kMhz19FrameBytes] = {0xFF, 0x01, 0x79, 0, 0, 0, 0, 0, 0x86};

uint8_t mhz19_checksum(const uint8_t* frame) {
  unsigned sum = 0;
  for (size_t i = 1; i < kMhz19FrameBytes - 1; ++i) sum += frame[i];
  return static_cast<uint8_t>(0x100u - (sum & 0xFFu));
}

Mhz19Result Mhz19Parser::feed(uint8_t byte) {
  if (size_ == 0 && byte != kStart) {
    ++skipped_count_;
    return Mhz19Result::need_more;
  }
  frame_[size_++] = byte;
  if (size_ < kMhz19FrameBytes) return Mhz19Result::need_more;
  if (frame_[8] != mhz19_checksum(frame_)) {
    drop_first();
    return Mhz19Result::bad_checksum;
  }
  size_ = 0;
  if (frame_[1] != kReadCommand) return Mhz19Result::other_answer;
  co2_ppm_ = static_cast<unsigned>(frame_[2]) * 256u + frame_[3];
  return Mhz19Result::co2;
}

void Mhz19Parser::drop_first() {
  size_t next = 1;
  while (next < size_ && frame_[next] != kStart) ++next;
  skipped_count_ += static_cast<uint32_t>(next);
  size_ -= next;
  std::memmove(frame_, frame_ + next, size_);
}

}  // namespace ct
