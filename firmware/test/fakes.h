// Stand-ins for the ports: flash that can lose its power at any byte, a clock that is set by hand, a link that notes
// what was published; and builders of readings.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "ports.h"
#include "reading.h"

namespace ct {

// Appending a byte, a sync and a removal cost 1 each; when the budget is spent, the power is gone in that very moment.
class FakeStorage : public Storage {
 public:
  static constexpr long kForEver = -1;

  MountResult mount() override { return mount_result; }
  StorageResult append(const char* name, const uint8_t* bytes, size_t size) override {
    if (is_failing || is_dead) return StorageResult::failed;
    if (used_bytes() + size > capacity) return StorageResult::full;
    File& file = files[name];
    for (size_t i = 0; i < size; ++i) {
      if (!spend()) return StorageResult::failed;
      file.bytes.push_back(bytes[i]);
      if (fails_after_bytes != kForEver && fails_after_bytes-- == 0) return StorageResult::failed;
    }
    appended_bytes += size;
    return StorageResult::ok;
  }
  StorageResult sync(const char* name) override {
    if (is_failing || !spend()) return StorageResult::failed;
    files[name].synced = files[name].bytes.size();
    return StorageResult::ok;
  }
  StorageResult read(const char* name, uint8_t* bytes, size_t capacity_bytes, size_t& size) override {
    size = 0;
    if (is_dead || fails_reading) return StorageResult::failed;
    const auto found = files.find(name);
    if (found == files.end()) return StorageResult::not_found;
    size = std::min(capacity_bytes, found->second.bytes.size());
    if (size != 0) std::memcpy(bytes, found->second.bytes.data(), size);
    return StorageResult::ok;
  }
  StorageResult remove(const char* name) override {
    if (is_failing || !spend()) return StorageResult::failed;
    return files.erase(name) == 1 ? StorageResult::ok : StorageResult::not_found;
  }
  bool name_at(size_t place, char* name, size_t capacity_bytes) override {
    if (is_dead || place >= files.size()) return false;
    std::snprintf(name, capacity_bytes, "%s", std::next(files.begin(), static_cast<long>(place))->first.c_str());
    return true;
  }
  uint32_t capacity_bytes() override { return capacity; }
  uint32_t used_bytes() override {
    uint32_t blocks = 2;
    for (const auto& file : files) blocks += static_cast<uint32_t>((file.second.bytes.size() + 4095) / 4096);
    return blocks * 4096;
  }

  // What a file system may make of bytes that were written and not synced: all of them, or none.
  void power_on(bool keeps_unsynced) {
    is_dead = false;
    budget = kForEver;
    if (keeps_unsynced) return;
    for (auto file = files.begin(); file != files.end();) {
      file->second.bytes.resize(file->second.synced);
      file = file->second.synced == 0 ? files.erase(file) : std::next(file);
    }
  }

  struct File {
    std::vector<uint8_t> bytes;
    size_t synced = 0;
  };
  std::map<std::string, File> files;
  uint32_t capacity = 0x160000;
  long budget = kForEver, fails_after_bytes = kForEver;
  long spent = 0;
  size_t appended_bytes = 0;
  bool is_dead = false, is_failing = false, fails_reading = false;
  MountResult mount_result = MountResult::mounted;

 private:
  bool spend() {
    if (is_dead) return false;
    if (budget == 0) {
      is_dead = true;
      return false;
    }
    if (budget > 0) --budget;
    ++spent;
    return true;
  }
};

class FakeClock : public Clock {
 public:
  uint64_t uptime_ms() override { return now_ms; }
  int64_t unix_ms() override { return offset_ms == 0 ? 0 : static_cast<int64_t>(now_ms) + offset_ms; }

  uint64_t now_ms = 1000;
  int64_t offset_ms = 1'795'262'400'000;  // 0: not set
};

class FakeEntropy : public Entropy {
 public:
  uint32_t random_u32() override { return next_ = next_ * 1664525u + 1013904223u; }

 private:
  uint32_t next_ = 42;
};

class FakeLink : public MqttLink {
 public:
  void connect(const MqttLogin& login) override {
    ++connect_count;
    password = login.secret;
    will = login.will_payload;
    if (!answer_connects) return;
    is_up = login.secret == wanted_password || wanted_password.empty();
    push(is_up ? MqttEventKind::connected : MqttEventKind::login_refused);
  }
  PublishResult publish(const char* topic, const char* payload, size_t size, bool retain) override {
    if (!is_up) return PublishResult::not_connected;
    if (refuses_to_publish) return PublishResult::failed;
    published.push_back({topic, std::string(payload, size), retain});
    return PublishResult::handed_over;
  }
  MqttEvent next_event(char* payload, size_t capacity) override {
    MqttEvent event;
    if (events.empty()) return event;
    event.kind = events.front().kind;
    std::snprintf(event.topic, sizeof event.topic, "%s", events.front().topic.c_str());
    event.size = std::min(capacity, events.front().payload.size());
    std::memcpy(payload, events.front().payload.data(), event.size);
    events.pop_front();
    return event;
  }
  void push(MqttEventKind kind, const std::string& topic = "", const std::string& payload = "") {
    events.push_back({kind, topic, payload});
  }
  void lose_connection() {
    is_up = false;
    push(MqttEventKind::disconnected);
  }

  struct Published {
    std::string topic, payload;
    bool retain;
  };
  struct Event {
    MqttEventKind kind;
    std::string topic, payload;
  };
  std::vector<Published> published;
  std::deque<Event> events;
  std::string password, will, wanted_password;
  int connect_count = 0;
  bool is_up = false, answer_connects = true, refuses_to_publish = false;
};

class FakeBoard : public Board {
 public:
  const char* reset_reason() override { return "poweron"; }
  int rssi_dbm() override { return -60; }
  double supply_v() override { return 3.9; }
  void feed_watchdog() override { ++fed_count; }
  void restart() override { ++restart_count; }
  BoardResult store_secret(const char* secret, const char* previous) override {
    stored_secret = secret;
    stored_previous = previous;
    return BoardResult::done;
  }
  BoardResult start_update(const char*, const char*) override { return BoardResult::unsupported; }
  void log(const char* text) override { logged += std::string(text) + "\n"; }

  int fed_count = 0, restart_count = 0;
  std::string stored_secret, stored_previous, logged;
};

inline constexpr uint32_t kStream = 7;
inline constexpr int64_t kT0Ms = 1'795'262'400'000;

// Reading `seq` of a stream at 5 s: its values tell which it is.
inline Reading make_reading(uint32_t seq, uint32_t stream = kStream) {
  Reading reading;
  reading.stream = stream;
  reading.seq = seq;
  reading.interval_ms = 5000;
  reading.t_ms = kT0Ms + static_cast<int64_t>(seq) * 5000;
  reading.values[kCo2Ppm] = static_cast<float>(90'000 + seq);
  reading.values[kTemperatureC] = 181.5f;
  reading.values[kVelocityMs] = 3.25f;
  reading.values[kPressurePa] = 79'480.0f;
  return reading;
}

}  // namespace ct
