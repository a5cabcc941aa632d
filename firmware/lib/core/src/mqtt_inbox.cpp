#include "mqtt_inbox.h"

#include <cstring>

namespace ct {

void MqttInbox::restart() {
  begin_ = end_ = MqttEventKind::none;
  has_ended_ = false;
  used_ = 0;
}

void MqttInbox::push_state(MqttEventKind kind) {
  if (has_ended_) return;
  if (kind == MqttEventKind::connected) {
    begin_ = kind;
    return;
  }
  end_ = kind;
  has_ended_ = true;
}

bool MqttInbox::push_message(const char* topic, size_t topic_size, const char* payload, size_t size) {
  const bool fits = topic_size < sizeof MqttEvent().topic && size < config::kMessageBytes &&
                    sizeof(Head) + topic_size + size <= kBytes - used_;
  if (has_ended_ || !fits) {
    ++dropped_count_;
    return false;
  }
  const Head head = {static_cast<uint16_t>(topic_size), static_cast<uint16_t>(size)};
  std::memcpy(bytes_ + used_, &head, sizeof head);
  if (topic_size != 0) std::memcpy(bytes_ + used_ + sizeof head, topic, topic_size);
  if (size != 0) std::memcpy(bytes_ + used_ + sizeof head + topic_size, payload, size);
  used_ += sizeof head + topic_size + size;
  return true;
}

void MqttInbox::take_first(const Head& head) {
  const size_t taken = sizeof head + head.topic_size + head.size;
  std::memmove(bytes_, bytes_ + taken, used_ - taken);
  used_ -= taken;
}

MqttEvent MqttInbox::pop(char* payload, size_t capacity) {
  MqttEvent event;
  if (begin_ != MqttEventKind::none) {
    event.kind = begin_;
    begin_ = MqttEventKind::none;
    return event;
  }
  while (used_ != 0) {
    Head head;
    std::memcpy(&head, bytes_, sizeof head);
    if (head.size < capacity) {
      event.kind = MqttEventKind::message;
      event.size = head.size;
      std::memcpy(event.topic, bytes_ + sizeof head, head.topic_size);
      std::memcpy(payload, bytes_ + sizeof head + head.topic_size, head.size);
      take_first(head);
      return event;
    }
    ++dropped_count_;
    take_first(head);
  }
  event.kind = end_;
  end_ = MqttEventKind::none;
  return event;
}

}  // namespace ct
