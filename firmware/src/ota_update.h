// A new firmware over HTTPS: fetched by a task of its own into the other slot, its SHA-256 computed while writing,
// started only when that is right, and kept only once it has reached the broker. update_policy.h decides.
#pragma once

#include <esp_ota_ops.h>

#include <atomic>
#include <cstdint>

#include "commands.h"
#include "settings.h"
#include "update_policy.h"

struct esp_http_client;

namespace ct {

enum class UpdateState { idle, running, ready, failed };

class OtaUpdate {
 public:
  // Once, before anything else: notes whether this firmware is on trial.
  void begin();
  // The CA and the broker's name, which must stay where they are.
  void use(const Settings& settings) { settings_ = &settings; }
  // Null when it has begun, else the error. All readings are on flash by then.
  const char* start(const char* url, const char* sha256);
  UpdateState state() const { return state_; }
  // Of `failed`, once: what went wrong.
  const char* take_error();

  Verdict judge(bool is_connected, uint64_t uptime_ms) const;
  void keep();
  // Restarts into the firmware from before; returns only when there is none.
  void go_back();

 private:
  static void run(void* self);
  // Each: null, or what went wrong.
  const char* fetch();
  const char* write(esp_http_client* client, int64_t announced_bytes, const esp_partition_t* slot);

  const Settings* settings_ = nullptr;
  std::atomic<UpdateState> state_{UpdateState::idle};
  const char* error_ = nullptr;  // written before the state that announces it
  bool is_on_trial_ = false;
  char url_[kUrlBytes] = {};
  char sha256_[kSha256Bytes] = {};
};

}  // namespace ct
