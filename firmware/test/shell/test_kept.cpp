// What the board keeps: settings in NVS, the outbox in LittleFS.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "fake_board.h"
#include "littlefs_storage.h"
#include "nvs_settings.h"
#include "outbox.h"

using namespace ct;

namespace {

const std::string kGood =
    R"({"wifi_ssid":"Boiler house","wifi_password":"steam and tea","device_id":"litein-1","password":"secret",)"
    R"("host":"localhost","range_ppm":200000})";

class CountingEntropy : public Entropy {
 public:
  uint32_t random_u32() override { return next_ += 0x9E3779B9u; }

 private:
  uint32_t next_ = 0;
};

// A new folder each time, and gone afterwards.
struct Flash {
  LittleFsStorage storage;

  Flash() {
    fake::renew();
    const std::string made = std::string("rm -rf '") + CT_OUTBOX_MOUNT + "' && mkdir -p '" + CT_OUTBOX_MOUNT + "'";
    REQUIRE(std::system(made.c_str()) == 0);
  }
  StorageResult append(const char* name, const std::string& text) {
    return storage.append(name, reinterpret_cast<const uint8_t*>(text.data()), text.size());
  }
  std::string read(const char* name, StorageResult wanted = StorageResult::ok) {
    uint8_t bytes[64];
    size_t size = 0;
    CHECK(storage.read(name, bytes, sizeof bytes, size) == wanted);
    return std::string(reinterpret_cast<const char*>(bytes), size);
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    char name[32];
    for (size_t place = 0; storage.name_at(place, name, sizeof name); ++place) found.push_back(name);
    std::sort(found.begin(), found.end());
    return found;
  }
};

}  // namespace

TEST_SUITE_BEGIN("nvs_settings");

TEST_CASE("what is stored is there after a restart") {
  fake::renew();
  NvsSettings settings;
  SettingsError error;
  CHECK_FALSE(settings.load());
  REQUIRE_MESSAGE(settings.store(kGood.data(), kGood.size(), error), error.text);
  NvsSettings after;
  REQUIRE(after.load());
  CHECK(std::string(after.text()) == kGood);
  Settings read;
  WifiLogin wifi;
  CHECK(after.read(read, wifi, error));
  CHECK(std::string(wifi.ssid) == "Boiler house");
}

TEST_CASE("what is wrong is not stored, and what was there stays") {
  fake::renew();
  NvsSettings settings;
  SettingsError error;
  settings.store(kGood.data(), kGood.size(), error);
  for (const char* text : {"{}", "not json", R"({"wifi_ssid":"a","device_id":"abc"})"}) {
    CHECK_FALSE(settings.store(text, std::strlen(text), error));
    CHECK(error.text[0] != '\0');
    CHECK_FALSE(settings.store_pasted(text, std::strlen(text), error));
  }
  const std::string endless(kSettingsTextBytes, ' ');
  CHECK_FALSE(settings.store(endless.data(), endless.size(), error));
  CHECK(std::string(settings.text()) == kGood);
  CHECK(fake::board().nvs.values["settings"] == kGood);
}

TEST_CASE("a secret given anew replaces the old one alone, and is not written twice") {
  fake::renew();
  NvsSettings settings;
  SettingsError error;
  settings.store(kGood.data(), kGood.size(), error);
  REQUIRE(settings.store_secret("rotated-0123456789", "secret", error));
  CHECK(fake::board().nvs.values["settings"].find("\"password\":\"rotated-0123456789\"") != std::string::npos);
  CHECK(fake::board().nvs.values["settings"].find("\"wifi_password\":\"steam and tea\"") != std::string::npos);
  const int written = fake::board().nvs.write_count;
  REQUIRE(settings.store_secret("rotated-0123456789", "secret", error));
  CHECK(fake::board().nvs.write_count == written);
  NvsSettings after;
  Settings read;
  WifiLogin wifi;
  REQUIRE(after.load());
  REQUIRE(after.read(read, wifi, error));
  CHECK(std::string(read.previous_password) == "secret");
  REQUIRE(after.store_secret("rotated-0123456789", "", error));
  CHECK(fake::board().nvs.values["settings"].find("previous") == std::string::npos);
}

TEST_CASE("flash that cannot be written is said, and nothing pretends") {
  fake::renew();
  fake::board().nvs.is_writable = false;
  NvsSettings settings;
  SettingsError error;
  CHECK_FALSE(settings.store(kGood.data(), kGood.size(), error));
  CHECK(std::string(error.text).find("could not be written") != std::string::npos);
  CHECK(settings.size() == 0);
  char password[kLabelPasswordBytes];
  CountingEntropy entropy;
  CHECK_FALSE(settings.label_password(entropy, password));
}

TEST_CASE("the label's password is drawn once in a board's life") {
  fake::renew();
  NvsSettings settings;
  CountingEntropy entropy;
  char first[kLabelPasswordBytes], second[kLabelPasswordBytes], other[kLabelPasswordBytes];
  REQUIRE(settings.label_password(entropy, first));
  REQUIRE(settings.label_password(entropy, second));
  CHECK(std::string(first) == second);
  CHECK(std::strlen(first) == 12);
  fake::renew();
  REQUIRE(settings.label_password(entropy, other));
  CHECK(std::string(first) != other);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("littlefs_storage");

TEST_CASE("a new flash is made without a word, a broken one is told") {
  Flash flash;
  CHECK(flash.storage.mount() == MountResult::mounted);
  fake::board().files.is_readable = false;
  CHECK(flash.storage.mount() == MountResult::mounted);
  CHECK(fake::board().files.format_count == 1);
  fake::board().files.is_readable = false;
  fake::board().files.first_bytes = std::string(5000, '\xFF') + "littlefs";
  CHECK(flash.storage.mount() == MountResult::formatted);
  fake::board().files.is_readable = fake::board().files.can_be_made = false;
  CHECK(flash.storage.mount() == MountResult::failed);
  CHECK(flash.append("a", "x") == StorageResult::failed);
  CHECK(flash.storage.capacity_bytes() == 0);
}

TEST_CASE("bytes are added, read back and removed") {
  Flash flash;
  flash.storage.mount();
  CHECK(flash.read("a", StorageResult::not_found) == "");
  CHECK(flash.append("a", "one ") == StorageResult::ok);
  CHECK(flash.append("a", "two") == StorageResult::ok);
  CHECK(flash.storage.sync("a") == StorageResult::ok);
  CHECK(flash.storage.sync("b") == StorageResult::not_found);
  CHECK(flash.read("a") == "one two");
  CHECK(flash.storage.remove("a") == StorageResult::ok);
  CHECK(flash.storage.remove("a") == StorageResult::not_found);
  CHECK(flash.append(std::string(200, 'n').c_str(), "x") == StorageResult::failed);
}

TEST_CASE("names come each once, however they are asked for") {
  Flash flash;
  flash.storage.mount();
  for (const char* name : {"a", "b", "c"}) flash.append(name, "x");
  const std::vector<std::string> all = {"a", "b", "c"};
  CHECK(flash.names() == all);
  CHECK(flash.names() == all);
  char first[32], again[32];
  REQUIRE(flash.storage.name_at(0, first, sizeof first));
  REQUIRE(flash.storage.name_at(0, again, sizeof again));
  CHECK(std::string(first) == again);
  REQUIRE(flash.storage.name_at(2, first, sizeof first));
  REQUIRE(flash.storage.name_at(1, again, sizeof again));
  CHECK(std::string(first) != again);
  CHECK_FALSE(flash.storage.name_at(3, first, sizeof first));
  flash.storage.remove("b");
  CHECK(flash.names() == std::vector<std::string>{"a", "c"});
}

TEST_CASE("what is used is counted once after each change") {
  Flash flash;
  flash.storage.mount();
  flash.storage.used_bytes();
  CHECK(flash.storage.used_bytes() == 8192);
  CHECK(fake::board().files.used_count == 1);
  flash.append("a", "x");
  fake::board().files.used = 12288;
  CHECK(flash.storage.used_bytes() == 12288);
  CHECK(fake::board().files.used_count == 2);
}

TEST_CASE("the outbox lives on it: what was flushed is there after a power cut") {
  Flash flash;
  {
    Outbox outbox(flash.storage);
    outbox.mount();
    for (uint32_t seq = 1; seq <= 20; ++seq) {
      Reading reading;
      reading.stream = 7;
      reading.seq = seq;
      reading.interval_ms = 5000;
      reading.t_ms = 1'795'262'400'000 + seq * 5000;
      reading.values[kCo2Ppm] = 90'000;
      outbox.add(reading, seq);
    }
    outbox.flush();
  }
  Outbox outbox(flash.storage);
  CHECK(outbox.mount().result == MountResult::mounted);
  CHECK(outbox.count() == 20);
  CHECK(outbox.last_seq_on_flash(7) == 20);
}

TEST_SUITE_END();
