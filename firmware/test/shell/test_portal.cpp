// The board's own Wi-Fi with its page, and the factory's Wi-Fi, over a make-believe radio.
#include <WiFi.h>
#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "fake_board.h"
#include "provisioning_portal.h"
#include "wifi_station.h"

using namespace ct;

namespace {

constexpr uint64_t kMinuteMs = 60'000;
const std::string kGood =
    R"({"wifi_ssid":"Boiler house","wifi_password":"steam and tea","device_id":"litein-1","password":"hidden-secret",)"
    R"("host":"localhost","range_ppm":200000})";

class CountingEntropy : public Entropy {
 public:
  uint32_t random_u32() override { return next_ += 0x9E3779B9u; }

 private:
  uint32_t next_ = 0;
};

struct Rig {
  CountingEntropy entropy;
  NvsSettings settings;
  ProvisioningPortal portal{settings, entropy};

  explicit Rig(const std::string& before = "") {
    fake::renew();
    SettingsError error;
    if (!before.empty()) REQUIRE(settings.store(before.data(), before.size(), error));
  }
  fake::Web& web() { return fake::board().web; }
  std::string ask(const std::string& what, const std::map<std::string, std::string>& form = {}, uint64_t at_ms = 0) {
    web().visit(what, form);
    portal.tick(at_ms);
    return web().page;
  }
  std::string token() {
    const std::string page = ask("GET /"), before = "name=\"token\" value=\"";
    const size_t at = page.find(before);
    REQUIRE(at != std::string::npos);
    return page.substr(at + before.size(), kLabelPasswordBytes - 1);
  }
  // As the page itself does it.
  std::string save(std::map<std::string, std::string> form) {
    form["token"] = token();
    return ask("POST /save", form);
  }
  std::string stored() { return fake::board().nvs.values["settings"]; }
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE_BEGIN("provisioning_portal");

TEST_CASE("it opens a Wi-Fi with the label's password, and is nowhere else meanwhile") {
  Rig rig;
  REQUIRE(rig.portal.open(0) == nullptr);
  CHECK(fake::board().wifi.mode == WIFI_AP);
  CHECK(fake::board().wifi.opened == "carbontrack-445566");
  CHECK(fake::board().wifi.opened_password.size() == 12);
  CHECK(fake::board().wifi.opened_password == std::string(fake::board().nvs.values["label"].c_str()));
  CHECK(has(fake::board().said, fake::board().wifi.opened_password.c_str()));
  CHECK(rig.web().catches_all_names);
}

TEST_CASE("every other address leads to the page, which is not kept and runs nothing") {
  Rig rig(kGood);
  rig.portal.open(0);
  rig.ask("GET /generate_204");
  CHECK(rig.web().status == 302);
  CHECK(has(rig.web().headers, "Location: http://192.168.4.1/\n"));
  const std::string page = rig.ask("GET /");
  CHECK(rig.web().status == 200);
  CHECK(rig.web().is_ended);
  CHECK(has(rig.web().headers, "Cache-Control: no-store\n"));
  CHECK(has(rig.web().headers, "default-src 'none'"));
  CHECK(has(page, "value=\"litein-1\""));
  CHECK_FALSE(has(page, "hidden-secret"));
  CHECK_FALSE(has(page, "steam and tea"));
}

TEST_CASE("what is entered well is stored, told, and asks for a restart once") {
  Rig rig(kGood);
  rig.portal.open(0);
  const std::string page = rig.save({{"range_ppm", "5000"}, {"password", ""}, {"all", ""}});
  CHECK(rig.web().status == 200);
  CHECK(has(page, "Saved"));
  CHECK(has(page, "litein-1"));
  CHECK(has(rig.stored(), "\"range_ppm\":5000"));
  CHECK(has(rig.stored(), "\"password\":\"hidden-secret\""));
  CHECK(rig.portal.take_saved());
  CHECK_FALSE(rig.portal.take_saved());
}

TEST_CASE("another device or broker is not stored without its password") {
  for (const auto& form : {std::map<std::string, std::string>{{"device_id", "litein-2"}, {"password", ""}},
                           std::map<std::string, std::string>{{"host", "127.0.0.1"}, {"password", ""}}}) {
    Rig rig(kGood);
    rig.portal.open(0);
    CHECK(has(rig.save(form), "password is missing"));
    CHECK(rig.web().status == 422);
    CHECK(rig.stored() == kGood);
    CHECK_FALSE(rig.portal.take_saved());
  }
}

TEST_CASE("only the page of this opening may save") {
  Rig rig(kGood);
  rig.portal.open(0);
  const std::string old = rig.token();
  for (const auto& form : {std::map<std::string, std::string>{{"range_ppm", "5000"}},
                           std::map<std::string, std::string>{{"range_ppm", "5000"}, {"token", "abcdefghjkmn"}},
                           std::map<std::string, std::string>{{"all", kGood}, {"token", ""}}}) {
    CHECK(has(rig.ask("POST /save", form), "Not saved: page"));
    CHECK(rig.web().status == 403);
  }
  rig.portal.tick(20 * kMinuteMs);
  REQUIRE_FALSE(rig.portal.is_open());
  rig.portal.open(21 * kMinuteMs);
  CHECK(rig.token() != old);
  rig.ask("POST /save", {{"range_ppm", "5000"}, {"token", old}}, 21 * kMinuteMs);
  CHECK(rig.web().status == 403);
  CHECK(rig.stored() == kGood);
  CHECK_FALSE(rig.portal.take_saved());
}

TEST_CASE("asked by any other name it sends to its address, and neither shows nor saves") {
  Rig rig(kGood);
  rig.portal.open(0);
  const std::string token = rig.token();
  for (const char* host : {"evil.example", "192.168.4.1.evil.example", ""}) {
    rig.web().host = host;
    for (const char* what : {"GET /", "POST /save"}) {
      CHECK(rig.ask(what, {{"range_ppm", "5000"}, {"token", token}}).empty());
      CHECK(rig.web().status == 302);
      CHECK(has(rig.web().headers, "Location: http://192.168.4.1/\n"));
    }
  }
  CHECK(rig.stored() == kGood);
  CHECK_FALSE(rig.portal.take_saved());
}

TEST_CASE("a paste goes before the fields") {
  Rig rig;
  rig.portal.open(0);
  rig.save({{"all", kGood}, {"device_id", "other"}});
  CHECK(has(rig.stored(), "\"device_id\":\"litein-1\""));
  CHECK(rig.portal.take_saved());
}

TEST_CASE("what is wrong is named and not stored; what was typed stays, with its secrets unseen") {
  Rig rig(kGood);
  rig.portal.open(0);
  const std::string page = rig.save({{"range_ppm", "<20 %>"}, {"host", "127.0.0.1"}, {"password", "typed-anew"}});
  CHECK(rig.web().status == 422);
  CHECK(has(page, "Not saved: "));
  CHECK(has(page, "value=\"&lt;20 %&gt;\""));
  CHECK_FALSE(has(page, "typed-anew"));
  CHECK(rig.stored() == kGood);
  CHECK_FALSE(rig.portal.take_saved());
  rig.save({{"range_ppm", "5000"}, {"host", "127.0.0.1"}, {"password", ""}});
  CHECK(has(rig.stored(), "\"password\":\"typed-anew\""));
  CHECK(has(rig.stored(), "\"range_ppm\":5000"));
}

TEST_CASE("nonsense and too much of it are refused") {
  Rig rig(kGood);
  rig.portal.open(0);
  CHECK(has(rig.save({{"all", "hello"}}), "no JSON object"));
  CHECK(has(rig.save({{"ca", std::string(5000, 'x')}}), "too long"));
  CHECK(has(rig.save({{"all", "{\"ca\":\"" + std::string(9000, 'x') + "\"}"}}), "too long"));
  CHECK(rig.stored() == kGood);
}

TEST_CASE("it closes ten minutes after the last visitor and gives the radio back") {
  Rig rig(kGood);
  rig.portal.open(0);
  rig.ask("GET /", {}, 5 * kMinuteMs);
  rig.portal.tick(15 * kMinuteMs);
  CHECK(rig.portal.is_open());
  rig.portal.tick(15 * kMinuteMs + 1);
  CHECK_FALSE(rig.portal.is_open());
  CHECK_FALSE(fake::board().wifi.is_open);
  CHECK(fake::board().wifi.mode == WIFI_STA);
  CHECK(rig.web().server_count == 0);
  rig.portal.tick(60 * kMinuteMs);
  CHECK(rig.portal.open(61 * kMinuteMs) == nullptr);
  CHECK(rig.portal.is_open());
}

TEST_CASE("it says why it cannot open") {
  Rig rig;
  fake::board().wifi.can_open = false;
  CHECK(has(rig.portal.open(0), "could not be opened"));
  CHECK_FALSE(rig.portal.is_open());
  fake::board().nvs.is_writable = false;
  fake::board().nvs.values.clear();
  CHECK(has(rig.portal.open(0), "cannot be written"));
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("wifi_station");

namespace {

struct Station {
  CountingEntropy entropy;
  WifiStation wifi{entropy};
  Station() { fake::renew(); }
  void join(const char* password) {
    WifiLogin login;
    std::strcpy(login.ssid, "Boiler house");
    std::strcpy(login.password, password);
    wifi.join(login);
  }
  int tries(uint64_t from_ms, uint64_t to_ms) {
    const int before = fake::board().wifi.join_count;
    for (uint64_t at_ms = from_ms; at_ms < to_ms; at_ms += 1000) wifi.tick(at_ms);
    return fake::board().wifi.join_count - before;
  }
};

}  // namespace

TEST_CASE("without a network to join the radio is on and quiet") {
  Station station;
  station.wifi.begin();
  CHECK(fake::board().wifi.mode == WIFI_STA);
  CHECK(station.tries(0, kMinuteMs) == 0);
}

TEST_CASE("an open network is joined without a password, a closed one with its own") {
  Station station;
  station.join("");
  station.wifi.tick(0);
  CHECK(fake::board().wifi.joined == "Boiler house");
  CHECK_FALSE(fake::board().wifi.had_password);
  station.join("steam and tea");
  station.wifi.tick(kMinuteMs);
  CHECK(fake::board().wifi.joined_password == "steam and tea");
}

TEST_CASE("it tries for ever, not so often that it cuts itself off, and at once when the network is lost") {
  Station station;
  station.join("steam and tea");
  CHECK(station.tries(0, 15'000) == 1);
  const int in_an_hour = station.tries(15'000, 60 * kMinuteMs);
  CHECK(in_an_hour > 20);
  CHECK(in_an_hour < 100);
  station.join("steam and tea");
  CHECK(station.tries(60 * kMinuteMs, 60 * kMinuteMs + 1000) == 1);
  fake::board().wifi.status = WL_CONNECTED;
  CHECK(station.tries(60 * kMinuteMs + 1000, 60 * kMinuteMs + 5000) == 0);
  CHECK(station.wifi.is_up());
  fake::board().wifi.status = WL_DISCONNECTED;
  CHECK(station.tries(60 * kMinuteMs + 5000, 60 * kMinuteMs + 7000) == 1);
}

TEST_SUITE_END();
