#include "ota_update.h"

#include <Arduino.h>
#include <esp_http_client.h>
#include <mbedtls/md.h>

#include <cstdio>
#include <memory>
#include <new>

// Of the CA bundle that both cores carry. Declared here, as its header has a namesake in a library of core 2.x.
extern "C" esp_err_t esp_crt_bundle_attach(void* conf);

// Else the core would accept a new firmware before setup() has begun. C linkage: it is a weak C function.
extern "C" bool verifyRollbackLater() { return true; }

namespace ct {

namespace {

constexpr uint32_t kTaskStackBytes = 10'240;  // TLS
constexpr int kTimeoutMs = 15'000;
constexpr uint32_t kLongestMs = 900'000;
constexpr int kMostRedirects = 5;
constexpr size_t kChunkBytes = 2048;
constexpr size_t kHttpBytes = 2048;  // the address of a redirect can be long

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

class Client {
 public:
  explicit Client(const esp_http_client_config_t& config) : handle_(esp_http_client_init(&config)) {}
  ~Client() {
    if (handle_ != nullptr) esp_http_client_cleanup(handle_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  esp_http_client_handle_t get() const { return handle_; }

 private:
  esp_http_client_handle_t handle_;
};

class Sha256 {
 public:
  Sha256() {
    mbedtls_md_init(&context_);
    is_ok_ = mbedtls_md_setup(&context_, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0) == 0 &&
             mbedtls_md_starts(&context_) == 0;
  }
  ~Sha256() { mbedtls_md_free(&context_); }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(const uint8_t* bytes, size_t size) { is_ok_ = is_ok_ && mbedtls_md_update(&context_, bytes, size) == 0; }
  bool finish(uint8_t digest[kDigestBytes]) { return is_ok_ && mbedtls_md_finish(&context_, digest) == 0; }

 private:
  mbedtls_md_context_t context_;
  bool is_ok_ = false;
};

// Opens, and follows redirects as long as they stay with https: streaming, the library does not do it by itself.
const char* open(esp_http_client_handle_t client, int64_t& announced_bytes) {
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    if (esp_http_client_open(client, 0) != ESP_OK) return "update: no connection; check address and certificate";
    const int64_t length = esp_http_client_fetch_headers(client);
    if (length < 0) return "update: the server did not answer";
    const int status = esp_http_client_get_status_code(client);
    if (status == 200) {
      announced_bytes = esp_http_client_is_chunked_response(client) ? -1 : length;
      return nullptr;
    }
    if (!is_redirect(status)) return "update: the server has no such file";
    char url[kHttpBytes] = {};
    if (esp_http_client_set_redirection(client) != ESP_OK ||
        esp_http_client_get_url(client, url, static_cast<int>(sizeof url)) != ESP_OK ||
        check_update_url(url, nullptr) != UrlResult::ok) {
      return "update: it was sent on to an address that is not https";
    }
    esp_http_client_close(client);
  }
  return "update: it was sent on more than five times";
}

}  // namespace

void OtaUpdate::begin() {
  esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
  const esp_partition_t* running = esp_ota_get_running_partition();
  is_on_trial_ = running != nullptr && esp_ota_get_state_partition(running, &state) == ESP_OK &&
                 state == ESP_OTA_IMG_PENDING_VERIFY;
}

const char* OtaUpdate::start(const char* url, const char* sha256) {
  if (state_ == UpdateState::running || state_ == UpdateState::ready) return "update: one is on its way already";
  if (is_on_trial_) return "update: this firmware has not proved itself yet";
  if (settings_ == nullptr || check_update_url(url, nullptr) != UrlResult::ok) return "update: no https address";
  std::snprintf(url_, sizeof url_, "%s", url);
  std::snprintf(sha256_, sizeof sha256_, "%s", sha256);
  state_ = UpdateState::running;
  if (xTaskCreate(run, "update", kTaskStackBytes, this, 1, nullptr) == pdPASS) return nullptr;
  state_ = UpdateState::idle;
  return "update: too little memory; restart and order it again";
}

void OtaUpdate::run(void* self) {
  OtaUpdate& update = *static_cast<OtaUpdate*>(self);
  // It must release everything before it returns: a task that deletes itself runs no destructors.
  update.error_ = update.fetch();
  update.state_ = update.error_ == nullptr ? UpdateState::ready : UpdateState::failed;
  vTaskDelete(nullptr);
}

const char* OtaUpdate::fetch() {
  const esp_partition_t* slot = esp_ota_get_next_update_partition(nullptr);
  if (slot == nullptr) return "update: this board has no second slot";
  esp_http_client_config_t config = {};
  config.url = url_;
  config.timeout_ms = kTimeoutMs;
  config.disable_auto_redirect = true;
  config.buffer_size = static_cast<int>(kHttpBytes);
  config.buffer_size_tx = static_cast<int>(kHttpBytes);
  const bool is_pinned = settings_->ca[0] != '\0' && update_trust(url_, settings_->host) == UpdateTrust::pinned_ca;
  if (is_pinned) {
    config.cert_pem = settings_->ca;
  } else {
    config.crt_bundle_attach = esp_crt_bundle_attach;
  }
  const Client client(config);
  if (client.get() == nullptr) return "update: too little memory; restart and order it again";
  int64_t announced_bytes = -1;
  const char* error = open(client.get(), announced_bytes);
  if (error != nullptr) return error;
  const FileResult announced = check_announced(announced_bytes, slot->size);
  return announced == FileResult::ok ? write(client.get(), announced_bytes, slot) : file_error(announced);
}

const char* OtaUpdate::write(esp_http_client* client, int64_t announced_bytes, const esp_partition_t* slot) {
  const std::unique_ptr<char[]> chunk(new (std::nothrow) char[kChunkBytes]);
  esp_ota_handle_t handle = 0;
  if (chunk == nullptr) return "update: too little memory; restart and order it again";
  // Erased while writing: erasing the whole slot at once would stop the other tasks for seconds.
  if (esp_ota_begin(slot, OTA_WITH_SEQUENTIAL_WRITES, &handle) != ESP_OK) return "flash: the slot cannot be written";
  Sha256 sum;
  size_t received_bytes = 0;
  const char* error = nullptr;
  const unsigned long began_ms = millis();
  for (;;) {
    const int got = esp_http_client_read(client, chunk.get(), static_cast<int>(kChunkBytes));
    if (got < 0) error = "update: the connection broke; order it again";
    if (got == 0 && !esp_http_client_is_complete_data_received(client)) error = file_error(FileResult::too_short);
    if (got <= 0) break;
    const size_t size = static_cast<size_t>(got);
    sum.add(reinterpret_cast<const uint8_t*>(chunk.get()), size);
    received_bytes += size;
    if (received_bytes > slot->size)
      error = file_error(FileResult::too_long);
    else if (esp_ota_write(handle, chunk.get(), size) != ESP_OK)
      error = "flash: the slot cannot be written";
    else if (millis() - began_ms > kLongestMs)
      error = "update: it took longer than 15 minutes; order it again";
    if (error != nullptr) break;
  }
  uint8_t digest[kDigestBytes] = {};
  if (error == nullptr && !sum.finish(digest)) error = "update: the SHA-256 could not be reckoned";
  if (error == nullptr) {
    const FileResult result = check_received(announced_bytes, received_bytes, digest, sha256_);
    if (result != FileResult::ok) error = file_error(result);
  }
  if (error != nullptr) {
    esp_ota_abort(handle);
    return error;
  }
  if (esp_ota_end(handle) != ESP_OK) return "update: it is no firmware for this chip";
  return esp_ota_set_boot_partition(slot) == ESP_OK ? nullptr : "flash: the new slot cannot be chosen";
}

const char* OtaUpdate::take_error() {
  if (state_ != UpdateState::failed) return nullptr;
  state_ = UpdateState::idle;
  return error_;
}

Verdict OtaUpdate::judge(bool is_connected, uint64_t uptime_ms) const {
  return judge_trial(is_on_trial_, is_connected, uptime_ms);
}

void OtaUpdate::keep() {
  if (esp_ota_mark_app_valid_cancel_rollback() == ESP_OK) is_on_trial_ = false;
}

void OtaUpdate::go_back() {
  is_on_trial_ = false;  // without an old firmware to return to, do not ask again
  esp_ota_mark_app_invalid_rollback_and_reboot();
}

}  // namespace ct
