// The connection to the broker: when to try, when an attempt has taken too long, what a refused login means. Moves
// bytes both ways and does not read them.
#pragma once

#include "backoff.h"
#include "payload.h"
#include "ports.h"
#include "settings.h"

namespace ct {

class Connection {
 public:
  Connection(MqttLink& link, Entropy& entropy, Settings& settings);

  // Starts an attempt when one is due, gives one up that hangs. `may_connect`: the clock is set, without which no
  // certificate can be checked and no reading dated.
  void tick(uint64_t uptime_ms, bool may_connect);
  MqttEvent next_event(uint64_t uptime_ms, char* payload, size_t capacity);
  bool is_up() const { return state_ == State::up; }
  PublishResult publish(Topic topic, const char* payload, size_t size, bool retain = false);
  // The password to return to if the new one is refused: a typing error must not cut a device off permanently.
  void change_password(const char* password);
  bool has_password_on_trial() const { return fallback_[0] != '\0'; }
  void password_proved() { fallback_[0] = '\0'; }
  uint32_t connects_count() const { return connects_count_; }

 private:
  enum class State { down, connecting, up };
  void went_down(uint64_t uptime_ms, bool was_refused);

  MqttLink& link_;
  Entropy& entropy_;
  Settings& settings_;
  Backoff backoff_;
  State state_ = State::down;
  uint64_t retry_at_ms_ = 0, began_at_ms_ = 0;
  uint32_t connects_count_ = 0;
  char will_topic_[kTopicBytes] = {};
  char fallback_[kSecretBytes] = {};
};

}  // namespace ct
