#include "esp_mqtt_link.h"

#include <esp_idf_version.h>

#include <cstring>

#include "config.h"

namespace ct {

namespace {

constexpr int kKeepAliveS = 30;
constexpr int kNetworkTimeoutMs = 5000;  // bounds how long a publish can hold up our loop
// esp-mqtt's task sleeps half of it after a lost connection, reconnecting or not, and our loop waits for its end.
constexpr int kReconnectTimeoutMs = 200;
constexpr int kTaskStackBytes = 8192;  // the TLS handshake runs on it
// Longer than esp-mqtt keeps a message (30 s): within a connection TCP repeats, and over its end the outbox does.
constexpr int kNeverRetransmitMs = 120'000;
constexpr int kTopicAndHeaderBytes = 256;
constexpr int kReceiveBytes = static_cast<int>(config::kMessageBytes) + kTopicAndHeaderBytes;
constexpr int kSendBytes = 2048;
// Copies that the library holds until their PUBACK: the window, and some for status, alerts and acks.
constexpr int kMostHeldBytes = static_cast<int>(config::kWindow * config::kPayloadBytes) + 4096;
constexpr uint8_t kSubscriptionRefused = 0x80;
// Longer ones are replays: handed to the library's task, they wait up to a second and do not hold up our loop.
constexpr size_t kSentAtOnceBytes = 3072;

// The same settings in the two shapes that the two generations of the library want.
esp_mqtt_client_config_t make_config(const MqttLogin& login) {
  const bool has_tls = login.ca[0] != '\0';
  const esp_mqtt_transport_t transport = has_tls ? MQTT_TRANSPORT_OVER_SSL : MQTT_TRANSPORT_OVER_TCP;
  const char* ca = has_tls ? login.ca : nullptr;
  esp_mqtt_client_config_t config = {};
#if ESP_IDF_VERSION_MAJOR >= 5
  config.broker.address.hostname = login.host;
  config.broker.address.port = login.port;
  config.broker.address.transport = transport;
  config.broker.verification.certificate = ca;
  config.credentials.username = login.device_id;
  config.credentials.client_id = login.device_id;
  config.credentials.authentication.password = login.secret;
  config.session.last_will.topic = login.will_topic;
  config.session.last_will.msg = login.will_payload;
  config.session.last_will.qos = 1;
  config.session.last_will.retain = 1;
  config.session.keepalive = kKeepAliveS;
  config.session.protocol_ver = MQTT_PROTOCOL_V_3_1_1;
  config.session.message_retransmit_timeout = kNeverRetransmitMs;
  config.network.timeout_ms = kNetworkTimeoutMs;
  config.network.reconnect_timeout_ms = kReconnectTimeoutMs;
  config.network.disable_auto_reconnect = true;
  config.task.stack_size = kTaskStackBytes;
  config.buffer.size = kReceiveBytes;
  config.buffer.out_size = kSendBytes;
#else
  config.host = login.host;
  config.port = login.port;
  config.transport = transport;
  config.cert_pem = ca;
  config.username = login.device_id;
  config.client_id = login.device_id;
  config.password = login.secret;
  config.lwt_topic = login.will_topic;
  config.lwt_msg = login.will_payload;
  config.lwt_qos = 1;
  config.lwt_retain = 1;
  config.keepalive = kKeepAliveS;
  config.protocol_ver = MQTT_PROTOCOL_V_3_1_1;
  config.message_retransmit_timeout = kNeverRetransmitMs;
  config.network_timeout_ms = kNetworkTimeoutMs;
  config.reconnect_timeout_ms = kReconnectTimeoutMs;
  config.disable_auto_reconnect = true;
  config.task_stack = kTaskStackBytes;
  config.buffer_size = kReceiveBytes;
  config.out_buffer_size = kSendBytes;
#endif
  return config;
}

}  // namespace

EspMqttLink::~EspMqttLink() { end_client(); }

// Waits for the end of the library's task, so only our loop may call it, never the handler.
void EspMqttLink::end_client() {
  if (client_ == nullptr) return;
  esp_mqtt_client_stop(client_);  // it says so when the task has ended by itself, which is as good
  esp_mqtt_client_destroy(client_);
  client_ = nullptr;
  is_up_ = false;
}

void EspMqttLink::connect(const MqttLogin& login) {
  end_client();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    inbox_.restart();
    is_refused_ = false;
    heard_count_ = 0;
  }
  is_subscribing_ = false;
  format_topic(login.device_id, Topic::committed, subscriptions_[0]);
  format_topic(login.device_id, Topic::commands, subscriptions_[1]);
  if (has_network_) {
    const esp_mqtt_client_config_t config = make_config(login);
    client_ = esp_mqtt_client_init(&config);
  }
  const bool is_started = client_ != nullptr &&
                          esp_mqtt_client_register_event(client_, MQTT_EVENT_ANY, on_event, this) == ESP_OK &&
                          esp_mqtt_client_start(client_) == ESP_OK;
  if (!is_started) push_state(MqttEventKind::disconnected);
}

void EspMqttLink::on_event(void* self, esp_event_base_t, int32_t id, void* data) {
  static_cast<EspMqttLink*>(self)->note(id, *static_cast<const esp_mqtt_event_t*>(data));
}

void EspMqttLink::push_state(MqttEventKind kind) {
  const std::lock_guard<std::mutex> lock(mutex_);
  inbox_.push_state(kind);
}

void EspMqttLink::note(int32_t id, const esp_mqtt_event_t& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  switch (id) {
    case MQTT_EVENT_CONNECTED: inbox_.push_state(MqttEventKind::connected); break;
    case MQTT_EVENT_DISCONNECTED:
      inbox_.push_state(is_refused_ ? MqttEventKind::login_refused : MqttEventKind::disconnected);
      break;
    case MQTT_EVENT_SUBSCRIBED: note_subscribed(event); break;
    case MQTT_EVENT_ERROR: note_error(event.error_handle); break;
    case MQTT_EVENT_DATA:
      if (event.data_len == event.total_data_len) {
        inbox_.push_message(event.topic, static_cast<size_t>(event.topic_len), event.data,
                            static_cast<size_t>(event.data_len));
      } else if (event.current_data_offset == 0) {
        inbox_.note_oversize();
      }
      break;
    default: break;  // ignore PUBACKs: only `committed` frees a reading
  }
}

// What the end of the connection will mean, which follows by itself.
void EspMqttLink::note_error(const esp_mqtt_error_codes_t* error) {
  if (error == nullptr || error->error_type != MQTT_ERROR_TYPE_CONNECTION_REFUSED) return;
  is_refused_ = error->connect_return_code == MQTT_CONNECTION_REFUSE_BAD_USERNAME ||
                error->connect_return_code == MQTT_CONNECTION_REFUSE_NOT_AUTHORIZED;
}

// One byte a topic, 0x80 where the broker refuses. The answer to the last topic is what makes a connection.
void EspMqttLink::note_subscribed(const esp_mqtt_event_t& event) {
  for (int i = 0; i < event.data_len; ++i) {
    if (static_cast<uint8_t>(event.data[i]) >= kSubscriptionRefused) {
      inbox_.push_state(MqttEventKind::disconnected);
      return;
    }
  }
  if (++heard_count_ == kSubscriptions) inbox_.push_state(MqttEventKind::connected);
}

bool EspMqttLink::subscribe() {
  for (const auto& topic : subscriptions_) {
    if (esp_mqtt_client_subscribe(client_, topic, 1) < 0) return false;
  }
  return true;
}

MqttEvent EspMqttLink::next_event(char* payload, size_t capacity) {
  MqttEvent event;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    event = inbox_.pop(payload, capacity);
  }
  switch (event.kind) {
    case MqttEventKind::connected:
      // Without a subscription no reading would ever be freed, so the core learns of the connection only after it.
      if (is_subscribing_) {
        is_up_ = true;
      } else {
        is_subscribing_ = client_ != nullptr && subscribe();
        event.kind = is_subscribing_ ? MqttEventKind::none : MqttEventKind::disconnected;
      }
      break;
    case MqttEventKind::login_refused:
    case MqttEventKind::disconnected: is_up_ = false; break;
    case MqttEventKind::message:
    case MqttEventKind::none: break;
  }
  return event;
}

PublishResult EspMqttLink::publish(const char* topic, const char* payload, size_t size, bool retain) {
  // Never while offline: the library would queue messages until the memory is full.
  if (!is_up_) return PublishResult::not_connected;
  if (size == 0 || esp_mqtt_client_get_outbox_size(client_) + static_cast<int>(size) > kMostHeldBytes) {
    return PublishResult::failed;
  }
  const int length = static_cast<int>(size);
  const int id = size <= kSentAtOnceBytes
                     ? esp_mqtt_client_publish(client_, topic, payload, length, 1, retain ? 1 : 0)
                     : esp_mqtt_client_enqueue(client_, topic, payload, length, 1, retain ? 1 : 0, true);
  return id >= 0 ? PublishResult::handed_over : PublishResult::failed;
}

uint32_t EspMqttLink::dropped_count() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return inbox_.dropped_count();
}

}  // namespace ct
