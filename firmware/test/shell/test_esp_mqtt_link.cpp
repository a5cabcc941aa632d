// The MQTT port of the board over a make-believe esp-mqtt, in both shapes of its configuration.
#include <doctest/doctest.h>
#include <esp_idf_version.h>

#include <string>

#include "config.h"
#include "esp_mqtt_link.h"
#include "fake_board.h"

using namespace ct;

namespace {

constexpr char kCa[] = "-----BEGIN CERTIFICATE-----\n...";
constexpr MqttLogin kLogin = {"broker.example", 8883, "node-1", "secret", kCa, "carbontrack/v1/node-1/status",
                              kOfflinePayload};

struct Rig {
  EspMqttLink link;
  char payload[config::kMessageBytes] = {};

  Rig() {
    fake::renew();
    link.set_network(true);
  }
  fake::Mqtt& mqtt() { return fake::board().mqtt; }
  MqttEvent next() { return link.next_event(payload, sizeof payload); }
  void connect() {
    link.connect(kLogin);
    mqtt().tell(MQTT_EVENT_CONNECTED);
    REQUIRE(next().kind == MqttEventKind::none);
    mqtt().tell_subscribed();
    mqtt().tell_subscribed();
    REQUIRE(next().kind == MqttEventKind::connected);
  }
  PublishResult publish(const std::string& text, bool retain = false) {
    return link.publish("t", text.data(), text.size(), retain);
  }
};

}  // namespace

TEST_SUITE_BEGIN("esp_mqtt_link");

TEST_CASE("the library is told who, where, whom to trust, what to say at the end, and not to reconnect") {
  Rig rig;
  rig.link.connect(kLogin);
  const esp_mqtt_client_config_t& config = rig.mqtt().config;
#if ESP_IDF_VERSION_MAJOR >= 5
  CHECK(std::string(config.broker.address.hostname) == "broker.example");
  CHECK(config.broker.address.port == 8883);
  CHECK(config.broker.address.transport == MQTT_TRANSPORT_OVER_SSL);
  CHECK(config.broker.verification.certificate == kCa);
  CHECK(std::string(config.credentials.username) == "node-1");
  CHECK(std::string(config.credentials.client_id) == "node-1");
  CHECK(std::string(config.credentials.authentication.password) == "secret");
  CHECK(std::string(config.session.last_will.topic) == kLogin.will_topic);
  CHECK(std::string(config.session.last_will.msg) == kOfflinePayload);
  CHECK(config.session.last_will.qos == 1);
  CHECK(config.session.last_will.retain == 1);
  CHECK(config.network.disable_auto_reconnect);
  CHECK(config.network.reconnect_timeout_ms == 200);
  CHECK(config.buffer.size > static_cast<int>(config::kMessageBytes));
  CHECK_FALSE(config.session.disable_clean_session);
#else
  CHECK(std::string(config.host) == "broker.example");
  CHECK(config.port == 8883);
  CHECK(config.transport == MQTT_TRANSPORT_OVER_SSL);
  CHECK(config.cert_pem == kCa);
  CHECK(std::string(config.username) == "node-1");
  CHECK(std::string(config.client_id) == "node-1");
  CHECK(std::string(config.password) == "secret");
  CHECK(std::string(config.lwt_topic) == kLogin.will_topic);
  CHECK(std::string(config.lwt_msg) == kOfflinePayload);
  CHECK(config.lwt_qos == 1);
  CHECK(config.lwt_retain == 1);
  CHECK(config.disable_auto_reconnect);
  CHECK(config.reconnect_timeout_ms == 200);
  CHECK(config.buffer_size > static_cast<int>(config::kMessageBytes));
  CHECK_FALSE(config.disable_clean_session);
#endif
}

TEST_CASE("without a network nothing is begun, and the core hears of it") {
  Rig rig;
  rig.link.set_network(false);
  rig.link.connect(kLogin);
  CHECK(rig.mqtt().client_count == 0);
  CHECK(rig.next().kind == MqttEventKind::disconnected);
  CHECK(rig.next().kind == MqttEventKind::none);
}

TEST_CASE("a client that does not start is a lost connection") {
  Rig rig;
  rig.mqtt().starts = false;
  rig.link.connect(kLogin);
  CHECK(rig.next().kind == MqttEventKind::disconnected);
}

TEST_CASE("it subscribes from our loop when it is connected, and publishes only when that was granted") {
  Rig rig;
  CHECK(rig.publish("early") == PublishResult::not_connected);
  rig.link.connect(kLogin);
  CHECK(rig.publish("early") == PublishResult::not_connected);
  rig.mqtt().tell(MQTT_EVENT_CONNECTED);
  CHECK(rig.mqtt().subscribed.empty());
  CHECK(rig.publish("early") == PublishResult::not_connected);
  CHECK(rig.next().kind == MqttEventKind::none);
  REQUIRE(rig.mqtt().subscribed.size() == 2);
  CHECK(rig.mqtt().subscribed[0] == "carbontrack/v1/node-1/committed 1");
  CHECK(rig.mqtt().subscribed[1] == "carbontrack/v1/node-1/commands 1");
  rig.mqtt().tell_subscribed();
  CHECK(rig.next().kind == MqttEventKind::none);
  CHECK(rig.publish("early") == PublishResult::not_connected);
  rig.mqtt().tell_subscribed();
  CHECK(rig.next().kind == MqttEventKind::connected);
  CHECK(rig.publish("now", true) == PublishResult::handed_over);
  CHECK(rig.mqtt().published == std::vector<std::string>{"t=now"});
  CHECK(rig.mqtt().qos.back() == 1);
  CHECK(rig.mqtt().retain.back() == 1);
  rig.mqtt().tell(MQTT_EVENT_DISCONNECTED);
  CHECK(rig.next().kind == MqttEventKind::disconnected);
  CHECK(rig.publish("late") == PublishResult::not_connected);
  CHECK_FALSE(rig.mqtt().was_misused);
}

TEST_CASE("connected without ears is not connected") {
  Rig rig;
  rig.mqtt().subscribe_result = -1;
  rig.link.connect(kLogin);
  rig.mqtt().tell(MQTT_EVENT_CONNECTED);
  CHECK(rig.next().kind == MqttEventKind::disconnected);
  CHECK(rig.publish("x") == PublishResult::not_connected);
}

TEST_CASE("a subscription that the broker refuses is no connection, whichever of the two it is") {
  for (const bool is_first : {true, false}) {
    Rig rig;
    rig.link.connect(kLogin);
    rig.mqtt().tell(MQTT_EVENT_CONNECTED);
    REQUIRE(rig.next().kind == MqttEventKind::none);
    rig.mqtt().tell_subscribed(is_first ? 0x80 : 1);
    rig.mqtt().tell_subscribed(is_first ? 1 : 0x80);
    CHECK(rig.next().kind != MqttEventKind::connected);
    CHECK(rig.publish("x") == PublishResult::not_connected);
    rig.mqtt().tell(MQTT_EVENT_DISCONNECTED);
    CHECK(rig.next().kind == MqttEventKind::none);
    rig.connect();  // the next attempt counts anew
    CHECK(rig.publish("x") == PublishResult::handed_over);
  }
}

TEST_CASE("messages arrive whole or not at all") {
  Rig rig;
  rig.connect();
  rig.mqtt().tell_message("a/committed", "{\"v\":1}");
  rig.mqtt().tell_message("a/committed", std::string(4000, 'x'), 9000, 0);
  rig.mqtt().tell_message("", std::string(4000, 'x'), 9000, 4000);
  rig.mqtt().tell_message("", std::string(1000, 'x'), 9000, 8000);
  const MqttEvent event = rig.next();
  CHECK(event.kind == MqttEventKind::message);
  CHECK(std::string(event.topic) == "a/committed");
  CHECK(std::string(rig.payload, event.size) == "{\"v\":1}");
  CHECK(rig.next().kind == MqttEventKind::none);
  CHECK(rig.link.dropped_count() == 1);
}

TEST_CASE("a refused login is one, a broker that is full or gone is not") {
  for (const auto code : {MQTT_CONNECTION_REFUSE_BAD_USERNAME, MQTT_CONNECTION_REFUSE_NOT_AUTHORIZED}) {
    Rig rig;
    rig.link.connect(kLogin);
    rig.mqtt().tell_refused(code);
    rig.mqtt().tell(MQTT_EVENT_DISCONNECTED);
    CHECK(rig.next().kind == MqttEventKind::login_refused);
    CHECK(rig.next().kind == MqttEventKind::none);
    rig.link.connect(kLogin);
    rig.mqtt().tell(MQTT_EVENT_DISCONNECTED);
    CHECK(rig.next().kind == MqttEventKind::disconnected);
  }
  Rig rig;
  rig.link.connect(kLogin);
  rig.mqtt().tell_refused(MQTT_CONNECTION_REFUSE_SERVER_UNAVAILABLE);
  rig.mqtt().tell(MQTT_EVENT_ERROR);  // one without particulars
  rig.mqtt().tell(MQTT_EVENT_DISCONNECTED);
  CHECK(rig.next().kind == MqttEventKind::disconnected);
}

TEST_CASE("each attempt has a client of its own, and the one before is gone, with what it still had to say") {
  Rig rig;
  rig.connect();
  rig.mqtt().tell_message("a/committed", "old");
  rig.link.connect(kLogin);
  CHECK(rig.mqtt().client_count == 2);
  CHECK(rig.mqtt().open_clients == 1);
  CHECK(rig.next().kind == MqttEventKind::none);
  CHECK(rig.publish("x") == PublishResult::not_connected);
}

TEST_CASE("what the library holds is bounded, and long messages do not hold up the loop") {
  Rig rig;
  rig.connect();
  CHECK(rig.publish(std::string(10'000, 'x')) == PublishResult::handed_over);
  CHECK(rig.mqtt().published.empty());
  CHECK(rig.mqtt().enqueued.size() == 1);
  CHECK(rig.mqtt().qos.back() == 1);
  CHECK_FALSE(rig.mqtt().was_misused);
  rig.mqtt().outbox_bytes = static_cast<int>(config::kWindow * config::kPayloadBytes);
  CHECK(rig.publish(std::string(10'000, 'x')) == PublishResult::failed);
  CHECK(rig.publish("short") == PublishResult::handed_over);
  rig.mqtt().publish_result = -2;
  CHECK(rig.publish("short") == PublishResult::failed);
  CHECK(rig.publish("") == PublishResult::failed);
}

TEST_SUITE_END();
