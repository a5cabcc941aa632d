// Events of the MQTT library's task, kept until the loop asks: bounded, in order, of one connection only. The caller
// locks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.h"
#include "ports.h"

namespace ct {

class MqttInbox {
 public:
  // Empties it: events of an earlier connection mean nothing for the next one.
  void restart();
  // connected, login_refused or disconnected. Always finds room. After the end of a connection nothing more is taken.
  void push_state(MqttEventKind kind);
  // False, and counted, when it does not fit: its sender repeats it, because it gets no answer.
  bool push_message(const char* topic, size_t topic_size, const char* payload, size_t size);
  // One that came in pieces, so longer than any we understand.
  void note_oversize() { ++dropped_count_; }
  MqttEvent pop(char* payload, size_t capacity);
  uint32_t dropped_count() const { return dropped_count_; }

 private:
  // Of a message: topic and payload follow. Those behind one another, the first at 0.
  struct Head {
    uint16_t topic_size, size;
  };
  static constexpr size_t kBytes = 2 * config::kMessageBytes;

  void take_first(const Head& head);

  MqttEventKind begin_ = MqttEventKind::none, end_ = MqttEventKind::none;
  bool has_ended_ = false;
  size_t used_ = 0;
  uint32_t dropped_count_ = 0;
  char bytes_[kBytes] = {};
};

}  // namespace ct
