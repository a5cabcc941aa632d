// The MQTT port through esp-mqtt, which has a task of its own: its handler puts events into a bounded inbox and nothing
// else, our loop takes them out. A client without a past for each attempt; no reconnecting of its own.
#pragma once

#include <mqtt_client.h>

#include <cstdint>
#include <mutex>

#include "mqtt_inbox.h"
#include "payload.h"
#include "ports.h"

namespace ct {

class EspMqttLink : public MqttLink {
 public:
  ~EspMqttLink() override;
  // The texts of `login` must stay where they are until the next call: esp-mqtt does not copy the CA.
  void connect(const MqttLogin& login) override;
  PublishResult publish(const char* topic, const char* payload, size_t size, bool retain) override;
  MqttEvent next_event(char* payload, size_t capacity) override;

  void set_network(bool is_there) { has_network_ = is_there; }
  uint32_t dropped_count();

 private:
  static constexpr int kSubscriptions = 2;

  static void on_event(void* self, esp_event_base_t base, int32_t id, void* data);
  void note(int32_t id, const esp_mqtt_event_t& event);
  void note_subscribed(const esp_mqtt_event_t& event);
  void note_error(const esp_mqtt_error_codes_t* error);
  void push_state(MqttEventKind kind);
  void end_client();
  bool subscribe();

  esp_mqtt_client_handle_t client_ = nullptr;
  bool is_up_ = false, is_subscribing_ = false, has_network_ = false;
  char subscriptions_[kSubscriptions][kTopicBytes] = {};
  std::mutex mutex_;  // of what both tasks touch: the three below
  MqttInbox inbox_;
  bool is_refused_ = false;
  int heard_count_ = 0;  // subscriptions that the broker has taken
};

}  // namespace ct
