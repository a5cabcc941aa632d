#include "connection.h"

#include <cstdio>

#include "config.h"

namespace ct {

Connection::Connection(MqttLink& link, Entropy& entropy, Settings& settings)
    : link_(link),
      entropy_(entropy),
      settings_(settings),
      backoff_(config::kFirstReconnectMs, config::kLongestReconnectMs) {
  format_topic(settings.device_id, Topic::status, will_topic_);
  std::snprintf(fallback_, sizeof fallback_, "%s", settings.previous_password);
}

void Connection::tick(uint64_t uptime_ms, bool may_connect) {
  if (state_ == State::connecting && uptime_ms - began_at_ms_ > config::kConnectTimeoutMs) {
    went_down(uptime_ms, false);
  }
  if (state_ != State::down || !may_connect || uptime_ms < retry_at_ms_) return;
  state_ = State::connecting;
  began_at_ms_ = uptime_ms;
  link_.connect({settings_.host, settings_.port, settings_.device_id, settings_.password, settings_.ca,
                 will_topic_, kOfflinePayload});
}

MqttEvent Connection::next_event(uint64_t uptime_ms, char* payload, size_t capacity) {
  const MqttEvent event = link_.next_event(payload, capacity);
  switch (event.kind) {
    case MqttEventKind::connected:
      state_ = State::up;
      ++connects_count_;
      backoff_.succeeded();
      break;
    case MqttEventKind::login_refused: went_down(uptime_ms, true); break;
    case MqttEventKind::disconnected: went_down(uptime_ms, false); break;
    case MqttEventKind::message:
    case MqttEventKind::none: break;
  }
  return event;
}

void Connection::went_down(uint64_t uptime_ms, bool was_refused) {
  state_ = State::down;
  uint32_t wait_ms = backoff_.next_ms(entropy_);
  if (was_refused && has_password_on_trial()) {
    // Alternately, because the node does not know which of the two passwords the broker has.
    char other[kSecretBytes];
    std::snprintf(other, sizeof other, "%s", fallback_);
    std::snprintf(fallback_, sizeof fallback_, "%s", settings_.password);
    std::snprintf(settings_.password, sizeof settings_.password, "%s", other);
  } else if (was_refused) {
    wait_ms = with_jitter(config::kRefusedReconnectMs, entropy_);
  }
  retry_at_ms_ = uptime_ms + wait_ms;
}

PublishResult Connection::publish(Topic topic, const char* payload, size_t size, bool retain) {
  if (state_ != State::up) return PublishResult::not_connected;
  char name[kTopicBytes];
  format_topic(settings_.device_id, topic, name);
  return link_.publish(name, payload, size, retain);
}

void Connection::change_password(const char* password) {
  std::snprintf(fallback_, sizeof fallback_, "%s", settings_.password);
  std::snprintf(settings_.password, sizeof settings_.password, "%s", password);
}

}  // namespace ct
