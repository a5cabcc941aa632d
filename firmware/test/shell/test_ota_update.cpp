// An update over a make-believe server and flash.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>

#include "fake_board.h"
#include "ota_update.h"

extern "C" bool verifyRollbackLater();
extern "C" esp_err_t esp_crt_bundle_attach(void* conf);

using namespace ct;

namespace {

constexpr char kUrl[] = "https://files.example/node.bin";

struct Rig {
  Settings settings;
  OtaUpdate update;
  std::string file = std::string(700, 'f');

  Rig() {
    fake::renew();
    fake::board().http.answers[kUrl].body = file;
    std::snprintf(settings.host, sizeof settings.host, "broker.example");
    std::snprintf(settings.ca, sizeof settings.ca, "pem");
    update.use(settings);
    update.begin();
  }
  // What went wrong, or nothing.
  std::string run(const std::string& url = kUrl, const std::string& sum = "") {
    const char* error = update.start(url.c_str(), (sum.empty() ? fake::digest_of(file) : sum).c_str());
    if (error != nullptr) return error;
    error = update.take_error();
    return error == nullptr ? "" : error;
  }
  bool is_installed() const { return fake::board().ota.boot == &fake::board().ota.slot; }
};

}  // namespace

TEST_SUITE_BEGIN("ota_update");

TEST_CASE("a file with the right sum is written, chosen and announced") {
  Rig rig;
  CHECK(rig.run() == "");
  CHECK(rig.is_installed());
  CHECK(fake::board().ota.written == rig.file);
  CHECK(fake::board().ota.end_count == 1);
  CHECK(rig.update.state() == UpdateState::ready);
  CHECK(fake::board().http.clean_up_count == 1);
  CHECK(rig.run().find("on its way already") != std::string::npos);
}

TEST_CASE("a file of unknown length is taken, as far as its sum is right") {
  Rig rig;
  fake::board().http.answers[kUrl].is_chunked = true;
  CHECK(rig.run() == "");
  CHECK(rig.is_installed());
}

TEST_CASE("whatever is wrong with the file, it is not chosen, and the next try is free") {
  struct Wrong {
    const char* said;
    void (*spoil)(fake::Board&);
  };
  static const Wrong kWrong[] = {
      {"another SHA-256", [](fake::Board& b) { b.http.answers[kUrl].body[5] = 'x'; }},
      {"longer than a slot", [](fake::Board& b) { b.ota.slot.size = 699; }},
      {"longer than a slot",
       [](fake::Board& b) {
         b.ota.slot.size = 699;
         b.http.answers[kUrl].is_chunked = true;
       }},
      {"ended early", [](fake::Board& b) { b.http.answers[kUrl].announced = 800; }},
      {"no file", [](fake::Board& b) { b.http.answers[kUrl].body.clear(); }},
      {"connection broke", [](fake::Board& b) { b.http.answers[kUrl].breaks_after = 600; }},
      {"no such file", [](fake::Board& b) { b.http.answers[kUrl].status = 404; }},
      {"did not answer", [](fake::Board& b) { b.http.answers[kUrl].announced = -1; }},
      {"no connection", [](fake::Board& b) { b.http.connects = false; }},
      {"too little memory", [](fake::Board& b) { b.http.is_there = false; }},
      {"no second slot", [](fake::Board& b) { b.ota.has_slot = false; }},
      {"cannot be written", [](fake::Board& b) { b.ota.writes_well = false; }},
      {"no firmware for this chip", [](fake::Board& b) { b.ota.ends_well = false; }},
      {"too little memory", [](fake::Board& b) { b.starts_tasks = false; }},
  };
  for (const Wrong& wrong : kWrong) {
    CAPTURE(wrong.said);
    Rig rig;
    if (std::string(wrong.said) == "connection broke") {
      rig.file = std::string(900, 'f');
      fake::board().http.answers[kUrl].body = rig.file;
      fake::board().http.answers[kUrl].announced = 5000;
      fake::board().ota.slot.size = 6000;
    }
    wrong.spoil(fake::board());
    CHECK(rig.run().find(wrong.said) != std::string::npos);
    CHECK_FALSE(rig.is_installed());
    CHECK(rig.update.state() == UpdateState::idle);
  }
}

TEST_CASE("what was begun and given up is aborted") {
  Rig rig;
  fake::board().http.answers[kUrl].body[0] = 'x';
  rig.run();
  CHECK(fake::board().ota.abort_count == 1);
  CHECK(fake::board().ota.end_count == 0);
}

TEST_CASE("redirects are followed as long as they stay with https, five times") {
  Rig rig;
  fake::Http& http = fake::board().http;
  http.answers[kUrl] = {302, "", "https://mirror.example/node.bin", false, std::string::npos, -2};
  http.answers["https://mirror.example/node.bin"].body = rig.file;
  CHECK(rig.run() == "");
  CHECK(rig.is_installed());
  CHECK(http.open_count == 2);

  Rig plain;
  fake::board().http.answers[kUrl] = {301, "", "http://mirror.example/node.bin", false, std::string::npos, -2};
  fake::board().http.answers["http://mirror.example/node.bin"].body = plain.file;
  CHECK(plain.run().find("not https") != std::string::npos);
  CHECK_FALSE(plain.is_installed());
  CHECK(fake::board().http.open_count == 1);

  Rig circle;
  fake::board().http.answers[kUrl] = {307, "", kUrl, false, std::string::npos, -2};
  CHECK(circle.run().find("more than five times") != std::string::npos);
  CHECK(fake::board().http.open_count == 6);
}

TEST_CASE("the broker's own host is held to the pinned CA, others to public ones") {
  Rig rig;
  rig.run();
  CHECK((fake::board().http.config.crt_bundle_attach == esp_crt_bundle_attach));
  CHECK(fake::board().http.config.cert_pem == nullptr);
  Rig own;
  own.run("https://broker.example/node.bin");
  CHECK(fake::board().http.config.cert_pem == own.settings.ca);
  CHECK((fake::board().http.config.crt_bundle_attach == nullptr));
}

TEST_CASE("a firmware on trial is judged by us, keeps its place once connected, and takes no update before") {
  CHECK(verifyRollbackLater());
  Rig rig;
  CHECK(rig.update.judge(false, kTrialMs) == Verdict::wait);
  fake::board().ota.state = ESP_OTA_IMG_PENDING_VERIFY;
  rig.update.begin();
  CHECK(rig.run().find("has not proved itself") != std::string::npos);
  CHECK(rig.update.judge(false, 1000) == Verdict::wait);
  CHECK(rig.update.judge(false, kTrialMs) == Verdict::go_back);
  CHECK(rig.update.judge(true, 1000) == Verdict::keep);
  rig.update.keep();
  CHECK(fake::board().ota.keep_count == 1);
  CHECK(rig.update.judge(false, kTrialMs) == Verdict::wait);
  CHECK(rig.run() == "");
}

TEST_CASE("where there is nothing to go back to it is tried once") {
  Rig rig;
  fake::board().ota.state = ESP_OTA_IMG_PENDING_VERIFY;
  rig.update.begin();
  rig.update.go_back();
  CHECK(fake::board().ota.back_count == 1);
  CHECK(rig.update.judge(false, kTrialMs) == Verdict::wait);
}

TEST_CASE("an address that is not https is not even tried") {
  Rig rig;
  CHECK(rig.run("http://files.example/node.bin").find("no https address") != std::string::npos);
  CHECK(fake::board().http.open_count == 0);
}

TEST_SUITE_END();
