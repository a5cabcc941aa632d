#include "mosquitto_link.h"

#include <mosquitto.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "payload.h"
#include "posix_storage.h"
#include "settings.h"

namespace ct {

namespace {

constexpr int kKeepAliveS = 30;
constexpr size_t kMostEvents = 100;
constexpr int kBadCredentials = 4, kNotAuthorised = 5;  // of MQTT 3.1.1's CONNACK

}  // namespace

MosquittoLink::MosquittoLink(std::string folder) : folder_(std::move(folder)) { mosquitto_lib_init(); }

MosquittoLink::~MosquittoLink() {
  if (client_ != nullptr) {
    mosquitto_disconnect(client_);
    mosquitto_destroy(client_);
  }
  mosquitto_lib_cleanup();
}

void MosquittoLink::vanish() {
  if (client_ != nullptr) mosquitto_destroy(client_);
  client_ = nullptr;
  is_up_ = false;
  events_.clear();
}

// A new client each time: the library would resend kept messages of an old connection by its own rules.
bool MosquittoLink::prepare(const MqttLogin& login) {
  vanish();
  client_ = mosquitto_new(login.device_id, true, this);
  if (client_ == nullptr) return false;
  mosquitto_connect_callback_set(
      client_, [](mosquitto*, void* self, int code) { static_cast<MosquittoLink*>(self)->answered(code); });
  mosquitto_disconnect_callback_set(client_,
                                    [](mosquitto*, void* self, int) { static_cast<MosquittoLink*>(self)->lost(); });
  mosquitto_message_callback_set(client_, [](mosquitto*, void* self, const mosquitto_message* message) {
    static_cast<MosquittoLink*>(self)->received(message->topic, message->payload, message->payloadlen);
  });
  const int will_size = static_cast<int>(std::strlen(login.will_payload));
  bool is_ok =
      mosquitto_username_pw_set(client_, login.device_id, login.secret) == MOSQ_ERR_SUCCESS &&
      mosquitto_will_set(client_, login.will_topic, will_size, login.will_payload, 1, true) == MOSQ_ERR_SUCCESS;
  if (is_ok && login.ca[0] != '\0') is_ok = pin(login.ca);
  char topic[kTopicBytes];
  format_topic(login.device_id, Topic::committed, topic);
  subscriptions_[0] = topic;
  format_topic(login.device_id, Topic::commands, topic);
  subscriptions_[1] = topic;
  return is_ok;
}

bool MosquittoLink::pin(const char* ca) {
  std::string path = ca;
  if (is_pem(ca)) {
    path = folder_ + "/.ca.pem";  // a name that the storage does not list
    if (!write_whole_file(path, ca)) return false;
  }
  return mosquitto_tls_set(client_, path.c_str(), nullptr, nullptr, nullptr, nullptr) == MOSQ_ERR_SUCCESS &&
         mosquitto_tls_opts_set(client_, 1, "tlsv1.2", nullptr) == MOSQ_ERR_SUCCESS;
}

void MosquittoLink::connect(const MqttLogin& login) {
  is_refused_ = false;
  int code = MOSQ_ERR_INVAL;
  if (prepare(login)) code = mosquitto_connect(client_, login.host, login.port, kKeepAliveS);
  if (code == MOSQ_ERR_SUCCESS) return;
  std::fprintf(stderr, "mqtt: %s:%u: %s\n", login.host, login.port, mosquitto_strerror(code));
  vanish();
  events_.push_back({MqttEventKind::disconnected, "", ""});
}

void MosquittoLink::answered(int code) {
  if (code != 0) {
    is_refused_ = code == kBadCredentials || code == kNotAuthorised;
    return;  // the broker closes the connection, and that is the event
  }
  is_up_ = true;
  for (const std::string& topic : subscriptions_) mosquitto_subscribe(client_, nullptr, topic.c_str(), 1);
  events_.push_back({MqttEventKind::connected, "", ""});
}

void MosquittoLink::lost() {
  is_up_ = false;
  events_.push_back({is_refused_ ? MqttEventKind::login_refused : MqttEventKind::disconnected, "", ""});
}

void MosquittoLink::received(const char* topic, const void* payload, int size) {
  const bool is_committed = subscriptions_[0] == topic;
  if (is_committed && loses_every_ != 0 && ++committed_count_ % loses_every_ == 0) return;
  if (events_.size() >= kMostEvents) {
    ++oversize_count_;
    return;
  }
  events_.push_back(
      {MqttEventKind::message, topic, std::string(static_cast<const char*>(payload), static_cast<size_t>(size))});
}

PublishResult MosquittoLink::publish(const char* topic, const char* payload, size_t size, bool retain) {
  if (client_ == nullptr || !is_up_) return PublishResult::not_connected;
  const int code = mosquitto_publish(client_, nullptr, topic, static_cast<int>(size), payload, 1, retain);
  return code == MOSQ_ERR_SUCCESS ? PublishResult::handed_over : PublishResult::failed;
}

MqttEvent MosquittoLink::next_event(char* payload, size_t capacity) {
  if (client_ != nullptr && events_.empty()) {
    const int code = mosquitto_loop(client_, 0, 1);
    if (code != MOSQ_ERR_SUCCESS && events_.empty()) {
      std::fprintf(stderr, "mqtt: %s\n", mosquitto_strerror(code));
      lost();
    }
  }
  MqttEvent event;
  if (events_.empty()) return event;
  const Waiting waiting = events_.front();
  events_.pop_front();
  if (waiting.kind != MqttEventKind::message && waiting.kind != MqttEventKind::connected) {
    vanish();
  }
  if (waiting.payload.size() >= capacity) {
    ++oversize_count_;
    return next_event(payload, capacity);
  }
  event.kind = waiting.kind;
  std::snprintf(event.topic, sizeof event.topic, "%s", waiting.topic.c_str());
  event.size = waiting.payload.size();
  std::memcpy(payload, waiting.payload.data(), event.size);
  return event;
}

}  // namespace ct
