// What the board's shell decides, without the board: its light, its button, updates, and what MQTT tells from its task.
#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "hold_button.h"
#include "led_pattern.h"
#include "mqtt_inbox.h"
#include "update_policy.h"

using namespace ct;

namespace {

LedFacts well() {
  LedFacts facts;
  facts.has_settings = facts.has_flash = facts.has_wifi = facts.is_clock_set = facts.is_connected = true;
  return facts;
}

unsigned flashes_seen(LedState state) {
  unsigned count = 0;
  bool was_on = false;
  // From the middle of a pause to the next one.
  const uint64_t period_ms = led_flashes(state) * 400 + 1600;
  for (uint64_t at_ms = period_ms - 800; at_ms < 2 * period_ms - 800; at_ms += 10) {
    const bool is_on = is_led_on(state, at_ms);
    if (is_on && !was_on) ++count;
    was_on = is_on;
  }
  return count;
}

std::string popped(MqttInbox& inbox) {
  char payload[config::kMessageBytes];
  const MqttEvent event = inbox.pop(payload, sizeof payload);
  switch (event.kind) {
    case MqttEventKind::none: return "none";
    case MqttEventKind::connected: return "connected";
    case MqttEventKind::login_refused: return "login_refused";
    case MqttEventKind::disconnected: return "disconnected";
    case MqttEventKind::message: break;
  }
  return std::string(event.topic) + "=" + std::string(payload, event.size);
}

bool push(MqttInbox& inbox, const std::string& topic, const std::string& payload) {
  return inbox.push_message(topic.data(), topic.size(), payload.data(), payload.size());
}

}  // namespace

TEST_SUITE_BEGIN("led");

TEST_CASE("the light shows the first thing that is wrong") {
  CHECK(led_state(well()) == LedState::measuring);
  LedFacts facts = well();
  facts.has_sensor_fault = true;
  CHECK(led_state(facts) == LedState::sensor_fault);
  facts.is_connected = false;
  CHECK(led_state(facts) == LedState::no_broker);
  facts.is_clock_set = false;
  CHECK(led_state(facts) == LedState::no_clock);
  facts.has_wifi = false;
  CHECK(led_state(facts) == LedState::no_wifi);
  facts.has_flash = false;
  CHECK(led_state(facts) == LedState::no_flash);
  facts.has_settings = false;
  CHECK(led_state(facts) == LedState::no_settings);
  facts.is_updating = true;
  CHECK(led_state(facts) == LedState::updating);
  facts.is_portal_open = true;
  CHECK(led_state(facts) == LedState::portal);
}

TEST_CASE("each state has its own number of flashes, and shows it") {
  unsigned seen = 0;
  for (const LedState state : {LedState::measuring, LedState::no_wifi, LedState::no_clock, LedState::no_broker,
                               LedState::sensor_fault, LedState::no_flash, LedState::no_settings}) {
    CHECK(led_flashes(state) == ++seen);
    CHECK(flashes_seen(state) == seen);
  }
  CHECK(is_led_on(LedState::portal, 0));
  CHECK_FALSE(is_led_on(LedState::portal, 500));
  CHECK(is_led_on(LedState::updating, 100));
  CHECK_FALSE(is_led_on(LedState::updating, 150));
}

TEST_CASE("a button rings once, when it has been held long enough without a break") {
  HoldButton button(3000);
  CHECK_FALSE(button.feed(true, 1000));
  CHECK_FALSE(button.feed(true, 3999));
  CHECK_FALSE(button.feed(false, 4000));
  CHECK_FALSE(button.feed(true, 4100));
  CHECK_FALSE(button.feed(true, 7099));
  CHECK(button.feed(true, 7100));
  CHECK_FALSE(button.feed(true, 20'000));
  CHECK_FALSE(button.feed(false, 20'100));
  CHECK_FALSE(button.feed(true, 20'200));
  CHECK(button.feed(true, 23'200));
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("update");

TEST_CASE("only a plain https address is fetched") {
  char host[kHostBytes];
  CHECK(check_update_url("https://Files.example:8443/a.bin?x=1", host) == UrlResult::ok);
  CHECK(std::string(host) == "files.example");
  CHECK(check_update_url("https://files.example", nullptr) == UrlResult::ok);
  CHECK(check_update_url("http://files.example/a.bin", host) == UrlResult::not_https);
  CHECK(check_update_url("HTTPS://files.example/a.bin", host) == UrlResult::not_https);
  CHECK(check_update_url("https:///a.bin", host) == UrlResult::no_host);
  CHECK(check_update_url(("https://" + std::string(kHostBytes, 'a') + "/").c_str(), host) == UrlResult::no_host);
  CHECK(check_update_url("https://user:pw@files.example/", host) == UrlResult::has_login);
  CHECK(check_update_url("https://files.example/a@b", host) == UrlResult::ok);
  for (const char* url : {"https://h:/a", "https://h:0/", "https://h:65536/", "https://h:80x/", "https://h:123456/"}) {
    CAPTURE(url);
    CHECK(check_update_url(url, host) == UrlResult::bad_port);
  }
  for (const char* url : {"https://h/a b", "https://h/a\r\nX: y", "https://h/\"", "https://h/\xC3\xA9"}) {
    CAPTURE(url);
    CHECK(check_update_url(url, host) == UrlResult::bad_character);
  }
}

TEST_CASE("the broker's own files are trusted by its CA, others by the public ones") {
  CHECK(update_trust("https://Broker.example/a.bin", "broker.example") == UpdateTrust::pinned_ca);
  CHECK(update_trust("https://broker.example.org/a.bin", "broker.example") == UpdateTrust::public_cas);
  CHECK(update_trust("https://other/broker.example", "broker.example") == UpdateTrust::public_cas);
}

TEST_CASE("a file must fit its slot, be whole, and be the one that was meant") {
  CHECK(check_announced(1000, 1000) == FileResult::ok);
  CHECK(check_announced(-1, 1000) == FileResult::ok);
  CHECK(check_announced(0, 1000) == FileResult::empty);
  CHECK(check_announced(1001, 1000) == FileResult::too_long);
  uint8_t digest[kDigestBytes] = {0xAB, 0x01};
  std::string hex = "ab01" + std::string(60, '0');
  CHECK(check_received(1000, 1000, digest, hex.c_str()) == FileResult::ok);
  CHECK(check_received(-1, 1000, digest, hex.c_str()) == FileResult::ok);
  CHECK(check_received(1000, 999, digest, hex.c_str()) == FileResult::too_short);
  CHECK(check_received(-1, 0, digest, hex.c_str()) == FileResult::empty);
  digest[31] = 1;
  CHECK(check_received(1000, 1000, digest, hex.c_str()) == FileResult::wrong_digest);
  digest[31] = 0;
  CHECK(check_received(1000, 1000, digest, hex.substr(2).c_str()) == FileResult::wrong_digest);
  hex[0] = 'g';
  CHECK(check_received(1000, 1000, digest, hex.c_str()) == FileResult::wrong_digest);
  CHECK(std::strlen(file_error(FileResult::wrong_digest)) != 0);
}

TEST_CASE("a new firmware is kept once it has reached the broker, and sent back when it never does") {
  CHECK(judge_trial(true, false, 0) == Verdict::wait);
  CHECK(judge_trial(true, false, kTrialMs - 1) == Verdict::wait);
  CHECK(judge_trial(true, false, kTrialMs) == Verdict::go_back);
  CHECK(judge_trial(true, true, kTrialMs) == Verdict::keep);
  CHECK(judge_trial(false, false, kTrialMs) == Verdict::wait);
  CHECK(judge_trial(false, true, 1) == Verdict::wait);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("mqtt_inbox");

TEST_CASE("messages come out as they went in, after the connection's begin and before its end") {
  MqttInbox inbox;
  CHECK(push(inbox, "a/committed", "1"));
  inbox.push_state(MqttEventKind::connected);
  CHECK(push(inbox, "a/commands", ""));
  inbox.push_state(MqttEventKind::disconnected);
  CHECK(popped(inbox) == "connected");
  CHECK(popped(inbox) == "a/committed=1");
  CHECK(popped(inbox) == "a/commands=");
  CHECK(popped(inbox) == "disconnected");
  CHECK(popped(inbox) == "none");
  CHECK(inbox.dropped_count() == 0);
}

TEST_CASE("a refused login is said once, though the library tells of it twice") {
  MqttInbox inbox;
  inbox.push_state(MqttEventKind::login_refused);
  inbox.push_state(MqttEventKind::disconnected);
  CHECK(popped(inbox) == "login_refused");
  CHECK(popped(inbox) == "none");
}

TEST_CASE("after the end nothing more is taken, until there is a new connection") {
  MqttInbox inbox;
  inbox.push_state(MqttEventKind::disconnected);
  CHECK_FALSE(push(inbox, "a", "late"));
  inbox.push_state(MqttEventKind::connected);
  CHECK(popped(inbox) == "disconnected");
  CHECK(popped(inbox) == "none");
  inbox.restart();
  inbox.push_state(MqttEventKind::connected);
  CHECK(push(inbox, "a", "b"));
  inbox.restart();
  CHECK(popped(inbox) == "none");
}

TEST_CASE("it is bounded: what does not fit is dropped and counted, and what is in stays whole") {
  MqttInbox inbox;
  const std::string large(config::kMessageBytes - 1, 'x');
  CHECK(push(inbox, "a", large));
  CHECK(push(inbox, "b", std::string(4000, 'y')));
  CHECK_FALSE(push(inbox, "c", std::string(200, 'z')));
  CHECK_FALSE(push(inbox, "d", large + "x"));
  CHECK_FALSE(push(inbox, std::string(128, 't'), "long topic"));
  CHECK(inbox.dropped_count() == 3);
  CHECK(popped(inbox) == "a=" + large);
  CHECK(push(inbox, "c", std::string(200, 'z')));
  CHECK(popped(inbox) == "b=" + std::string(4000, 'y'));
  CHECK(popped(inbox) == "c=" + std::string(200, 'z'));
}

TEST_CASE("a message longer than the caller's buffer is dropped, counted, and hides nothing") {
  MqttInbox inbox;
  push(inbox, "a", "123456789");
  push(inbox, "b", "1");
  inbox.push_state(MqttEventKind::disconnected);
  char small[8];
  const MqttEvent event = inbox.pop(small, sizeof small);
  CHECK(std::string(event.topic) == "b");
  CHECK(inbox.dropped_count() == 1);
  CHECK(inbox.pop(small, sizeof small).kind == MqttEventKind::disconnected);
}

TEST_SUITE_END();
