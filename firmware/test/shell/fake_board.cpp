#include "fake_board.h"

#include <Arduino.h>
#include <DNSServer.h>
#include <LittleFS.h>
#include <Preferences.h>
#include <WebServer.h>
#include <WiFi.h>
#include <mbedtls/md.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

struct esp_mqtt_client {
  int number;
};
struct esp_http_client {
  int unused;
};
struct mbedtls_md_info_t {
  int unused;
};

namespace fake {

namespace {

std::unique_ptr<Board> current;
esp_mqtt_client the_mqtt_client;
esp_http_client the_http_client;
mbedtls_md_info_t the_digest;

std::string digest_bytes(const std::string& text) {
  std::string digest(32, '\0');
  unsigned sum = 2166136261u;
  for (size_t round = 0; round < digest.size(); ++round) {
    for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619u;
    sum += static_cast<unsigned>(round) + 1;
    digest[round] = static_cast<char>(sum >> 24);
  }
  return digest;
}

}  // namespace

Board& board() { return *current; }

void renew() {
  current = std::make_unique<Board>();
  current->ota.slot.size = 1000;
}

std::string digest_of(const std::string& text) {
  std::string hex;
  for (const char byte : digest_bytes(text)) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    hex += digits;
  }
  return hex;
}

void Mqtt::tell(esp_mqtt_event_id_t id) {
  esp_mqtt_event_t event = {};
  event.event_id = id;
  is_in_handler = true;
  handler(handler_argument, "MQTT_EVENTS", id, &event);
  is_in_handler = false;
}

void Mqtt::tell_refused(esp_mqtt_connect_return_code_t code) {
  esp_mqtt_error_codes_t error = {};
  error.error_type = MQTT_ERROR_TYPE_CONNECTION_REFUSED;
  error.connect_return_code = code;
  esp_mqtt_event_t event = {};
  event.error_handle = &error;
  is_in_handler = true;
  handler(handler_argument, "MQTT_EVENTS", MQTT_EVENT_ERROR, &event);
  is_in_handler = false;
}

void Mqtt::tell_subscribed(unsigned char answer) {
  char byte = static_cast<char>(answer);
  esp_mqtt_event_t event = {};
  event.data = &byte;
  event.data_len = event.total_data_len = 1;
  is_in_handler = true;
  handler(handler_argument, "MQTT_EVENTS", MQTT_EVENT_SUBSCRIBED, &event);
  is_in_handler = false;
}

void Mqtt::tell_message(const std::string& topic, const std::string& payload, int total, int offset) {
  std::string topic_bytes = topic, bytes = payload;
  esp_mqtt_event_t event = {};
  event.data = bytes.data();
  event.data_len = static_cast<int>(bytes.size());
  event.total_data_len = total < 0 ? event.data_len : total;
  event.current_data_offset = offset;
  event.topic = topic_bytes.data();
  event.topic_len = static_cast<int>(topic_bytes.size());
  is_in_handler = true;
  handler(handler_argument, "MQTT_EVENTS", MQTT_EVENT_DATA, &event);
  is_in_handler = false;
}

std::string Web::visit(const std::string& what, const std::map<std::string, std::string>& form) {
  entered = form;
  page.clear();
  headers.clear();
  status = 0;
  is_ended = false;
  const auto found = pages.find(what);
  waiting = found == pages.end() ? elsewhere : found->second;
  return what;
}

}  // namespace fake

using fake::board;

unsigned long millis() { return 0; }

extern "C" {

// --- Tasks: run at once, as far as they go ---
BaseType_t xTaskCreate(void (*task)(void*), const char*, uint32_t, void* argument, UBaseType_t, TaskHandle_t*) {
  if (!board().starts_tasks) return 0;
  task(argument);
  return pdPASS;
}
void vTaskDelete(TaskHandle_t) {}

// --- MQTT ---
static void from_our_loop_only() { board().mqtt.was_misused |= board().mqtt.is_in_handler; }

esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t* config) {
  board().mqtt.config = *config;
  ++board().mqtt.client_count;
  ++board().mqtt.open_clients;
  return &fake::the_mqtt_client;
}
esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t) { return board().mqtt.starts ? ESP_OK : ESP_FAIL; }
esp_err_t esp_mqtt_client_stop(esp_mqtt_client_handle_t) {
  from_our_loop_only();
  return ESP_FAIL;  // as when the task has ended by itself
}
esp_err_t esp_mqtt_client_destroy(esp_mqtt_client_handle_t) {
  from_our_loop_only();
  --board().mqtt.open_clients;
  return ESP_OK;
}
esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t, esp_mqtt_event_id_t, esp_event_handler_t handler,
                                         void* argument) {
  board().mqtt.handler = handler;
  board().mqtt.handler_argument = argument;
  return ESP_OK;
}
int esp_mqtt_client_subscribe(esp_mqtt_client_handle_t, const char* topic, int qos) {
  from_our_loop_only();
  board().mqtt.subscribed.push_back(std::string(topic) + " " + std::to_string(qos));
  return board().mqtt.subscribe_result;
}
int esp_mqtt_client_publish(esp_mqtt_client_handle_t, const char* topic, const char* data, int len, int qos,
                            int retain) {
  board().mqtt.published.push_back(std::string(topic) + "=" + std::string(data, static_cast<size_t>(len)));
  board().mqtt.qos.push_back(qos);
  board().mqtt.retain.push_back(retain);
  return board().mqtt.publish_result;
}
int esp_mqtt_client_enqueue(esp_mqtt_client_handle_t, const char* topic, const char* data, int len, int qos, int,
                            bool store) {
  board().mqtt.was_misused |= !store;
  board().mqtt.qos.push_back(qos);
  board().mqtt.enqueued.push_back(std::string(topic) + "=" + std::string(data, static_cast<size_t>(len)));
  return board().mqtt.publish_result;
}
int esp_mqtt_client_get_outbox_size(esp_mqtt_client_handle_t) { return board().mqtt.outbox_bytes; }

// --- HTTP ---
static const fake::Answer& answer() { return board().http.answers[board().http.url]; }

esp_err_t esp_crt_bundle_attach(void*) { return ESP_OK; }
esp_http_client_handle_t esp_http_client_init(const esp_http_client_config_t* config) {
  if (!board().http.is_there) return nullptr;
  board().http.config = *config;
  board().http.url = config->url;
  return &fake::the_http_client;
}
esp_err_t esp_http_client_open(esp_http_client_handle_t, int) {
  ++board().http.open_count;
  board().http.read_bytes = 0;
  return board().http.connects ? ESP_OK : ESP_FAIL;
}
decltype(esp_http_client_fetch_headers(nullptr)) esp_http_client_fetch_headers(esp_http_client_handle_t) {
  if (answer().is_chunked) return 0;
  const long long length = answer().announced != -2 ? answer().announced : static_cast<long long>(answer().body.size());
  return static_cast<decltype(esp_http_client_fetch_headers(nullptr))>(length);
}
int esp_http_client_get_status_code(esp_http_client_handle_t) { return answer().status; }
bool esp_http_client_is_chunked_response(esp_http_client_handle_t) { return answer().is_chunked; }
esp_err_t esp_http_client_set_redirection(esp_http_client_handle_t) {
  board().http.url = std::string(answer().location);
  return ESP_OK;
}
esp_err_t esp_http_client_get_url(esp_http_client_handle_t, char* url, const int len) {
  std::snprintf(url, static_cast<size_t>(len), "%s", board().http.url.c_str());
  return ESP_OK;
}
int esp_http_client_read(esp_http_client_handle_t, char* buffer, int len) {
  const fake::Answer& from = answer();
  size_t& at = board().http.read_bytes;
  if (at >= from.breaks_after) return -1;
  const size_t left = from.body.size() - at;
  const size_t piece = left < static_cast<size_t>(len) ? left : static_cast<size_t>(len);
  std::memcpy(buffer, from.body.data() + at, piece);
  at += piece;
  return static_cast<int>(piece);
}
bool esp_http_client_is_complete_data_received(esp_http_client_handle_t) {
  const fake::Answer& from = answer();
  return from.is_chunked || from.announced == -2 || static_cast<long long>(board().http.read_bytes) >= from.announced;
}
esp_err_t esp_http_client_close(esp_http_client_handle_t) { return ESP_OK; }
esp_err_t esp_http_client_cleanup(esp_http_client_handle_t) {
  ++board().http.clean_up_count;
  return ESP_OK;
}

// --- Slots ---
esp_err_t esp_ota_begin(const esp_partition_t*, size_t, esp_ota_handle_t* out_handle) {
  board().ota.written.clear();
  *out_handle = 7;
  return ESP_OK;
}
esp_err_t esp_ota_write(esp_ota_handle_t, const void* data, size_t size) {
  if (!board().ota.writes_well) return ESP_FAIL;
  board().ota.written.append(static_cast<const char*>(data), size);
  return ESP_OK;
}
esp_err_t esp_ota_end(esp_ota_handle_t) {
  ++board().ota.end_count;
  return board().ota.ends_well ? ESP_OK : ESP_FAIL;
}
esp_err_t esp_ota_abort(esp_ota_handle_t) {
  ++board().ota.abort_count;
  return ESP_OK;
}
esp_err_t esp_ota_set_boot_partition(const esp_partition_t* partition) {
  board().ota.boot = partition;
  return ESP_OK;
}
const esp_partition_t* esp_ota_get_running_partition(void) { return &board().ota.running; }
const esp_partition_t* esp_ota_get_next_update_partition(const esp_partition_t*) {
  return board().ota.has_slot ? &board().ota.slot : nullptr;
}
esp_err_t esp_ota_get_state_partition(const esp_partition_t*, esp_ota_img_states_t* state) {
  *state = board().ota.state;
  return ESP_OK;
}
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void) {
  ++board().ota.keep_count;
  return ESP_OK;
}
esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void) {
  ++board().ota.back_count;
  return ESP_FAIL;
}

// --- Digests ---
const mbedtls_md_info_t* mbedtls_md_info_from_type(mbedtls_md_type_t type) {
  return type == MBEDTLS_MD_SHA256 ? &fake::the_digest : nullptr;
}
void mbedtls_md_init(mbedtls_md_context_t* context) { *context = mbedtls_md_context_t(); }
void mbedtls_md_free(mbedtls_md_context_t* context) { delete static_cast<std::string*>(context->md_ctx); }
int mbedtls_md_setup(mbedtls_md_context_t* context, const mbedtls_md_info_t* info, int) {
  context->md_ctx = new std::string;
  return info == nullptr ? -1 : 0;
}
int mbedtls_md_starts(mbedtls_md_context_t*) { return 0; }
int mbedtls_md_update(mbedtls_md_context_t* context, const unsigned char* input, size_t size) {
  static_cast<std::string*>(context->md_ctx)->append(reinterpret_cast<const char*>(input), size);
  return 0;
}
int mbedtls_md_finish(mbedtls_md_context_t* context, unsigned char* output) {
  std::memcpy(output, fake::digest_bytes(*static_cast<std::string*>(context->md_ctx)).data(), 32);
  return 0;
}

// --- Partitions ---
const esp_partition_t* esp_partition_find_first(esp_partition_type_t, esp_partition_subtype_t, const char* label) {
  return std::strcmp(label, "outbox") == 0 ? &board().ota.slot : nullptr;
}
esp_err_t esp_partition_read(const esp_partition_t*, size_t offset, void* to, size_t size) {
  std::memset(to, 0xFF, size);
  const std::string& bytes = board().files.first_bytes;
  if (offset < bytes.size()) std::memcpy(to, bytes.data() + offset, std::min(size, bytes.size() - offset));
  return ESP_OK;
}

}  // extern "C"

// --- NVS ---
Preferences::Preferences() {}
Preferences::~Preferences() {}
bool Preferences::begin(const char*, bool is_read_only, const char*) { return is_read_only || board().nvs.is_writable; }
void Preferences::end() {}
size_t Preferences::putBytes(const char* key, const void* value, size_t size) {
  if (!board().nvs.is_writable) return 0;
  ++board().nvs.write_count;
  board().nvs.values[key] = std::string(static_cast<const char*>(value), size);
  return size;
}
size_t Preferences::getBytesLength(const char* key) {
  const auto found = board().nvs.values.find(key);
  return found == board().nvs.values.end() ? 0 : found->second.size();
}
size_t Preferences::getBytes(const char* key, void* to, size_t capacity) {
  const size_t size = getBytesLength(key);
  if (size == 0 || size > capacity) return 0;
  std::memcpy(to, board().nvs.values[key].data(), size);
  return size;
}

// --- LittleFS ---
fs::LittleFSFS LittleFS;
bool fs::LittleFSFS::begin(bool formats, const char*, uint8_t, const char* label) {
  fake::LittleFs& files = board().files;
  if (std::strcmp(label, "outbox") != 0) return false;
  if (files.is_readable) return true;
  if (!formats || !files.can_be_made) return false;
  ++files.format_count;
  return files.is_readable = true;
}
size_t fs::LittleFSFS::totalBytes() { return board().files.total; }
size_t fs::LittleFSFS::usedBytes() {
  ++board().files.used_count;
  return board().files.used;
}

// --- The core's text ---
static char* copy_of(const char* text) {
  char* copy = new char[std::strlen(text) + 1];
  return std::strcpy(copy, text);
}
String::String(const char* text) : text_(copy_of(text)) {}
String::String(const String& other) : text_(copy_of(other.text_)) {}
String& String::operator=(const String& other) {
  if (this == &other) return *this;
  delete[] text_;
  text_ = copy_of(other.text_);
  return *this;
}
String::~String() { delete[] text_; }
const char* String::c_str() const { return text_; }
unsigned int String::length() const { return static_cast<unsigned>(std::strlen(text_)); }
String operator+(const String& left, const String& right) {
  return String((std::string(left.c_str()) + right.c_str()).c_str());
}
String operator+(const String& left, const char* right) { return left + String(right); }
IPAddress::IPAddress() {}
String IPAddress::toString() const { return String("192.168.4.1"); }
EspClass ESP;
uint64_t EspClass::getEfuseMac() { return 0x665544332211u; }

// --- The serial line ---
HardwareSerial::HardwareSerial(int) {}
HardwareSerial Serial(0);
size_t Print::printf(const char* format, ...) {
  char text[256];
  va_list values;
  va_start(values, format);
  const int size = std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  board().said += text;
  return static_cast<size_t>(size);
}

// --- Wi-Fi ---
WiFiClass WiFi;
void WiFiClass::persistent(bool) {}
bool WiFiClass::setAutoReconnect(bool) { return true; }
bool WiFiClass::mode(wifi_mode_t mode) {
  board().wifi.mode = mode;
  return true;
}
static wl_status_t join(const char* name, const char* password) {
  ++board().wifi.join_count;
  board().wifi.joined = name;
  board().wifi.had_password = password != nullptr;
  board().wifi.joined_password = password == nullptr ? "" : password;
  return WL_DISCONNECTED;
}
wl_status_t WiFiClass::begin(const char* name, const char* password, int32_t, const uint8_t*, bool) {
  return join(name, password);
}
#if ARDUINO_GENERATION == 2
wl_status_t WiFiClass::begin(char* name, char* password, int32_t, const uint8_t*, bool) { return join(name, password); }
#endif
bool WiFiClass::disconnect(bool, bool) { return true; }
wl_status_t WiFiClass::status() { return static_cast<wl_status_t>(board().wifi.status); }
bool WiFiClass::softAP(const char* name, const char* password, int, int, int, bool) {
  board().wifi.opened = name;
  board().wifi.opened_password = password;
  return board().wifi.is_open = board().wifi.can_open;
}
bool WiFiClass::softAPdisconnect(bool) {
  board().wifi.is_open = false;
  return true;
}
IPAddress WiFiClass::softAPIP() { return IPAddress(); }

// --- The page ---
Uri::Uri(const char* uri) : uri_(uri) {}
WebServer::WebServer(int) { ++board().web.server_count; }
WebServer::~WebServer() { --board().web.server_count; }
void WebServer::begin() {}
void WebServer::stop() {}
void WebServer::handleClient() {
  const std::function<void()> answer = board().web.waiting;
  board().web.waiting = nullptr;
  if (answer) answer();
}
void WebServer::on(const Uri& uri, HTTPMethod method, THandlerFunction page) {
  board().web.pages[(method == HTTP_POST ? "POST " : "GET ") + std::string(uri.uri_)] = page;
}
void WebServer::onNotFound(THandlerFunction page) { board().web.elsewhere = page; }
static String entered(const String& name) { return String(board().web.entered[name.c_str()].c_str()); }
static bool is_entered(const String& name) { return board().web.entered.count(name.c_str()) != 0; }
#if ARDUINO_GENERATION == 2
String WebServer::hostHeader() { return String(board().web.host.c_str()); }
String WebServer::arg(String name) { return entered(name); }
bool WebServer::hasArg(String name) { return is_entered(name); }
#else
String WebServer::hostHeader() const { return String(board().web.host.c_str()); }
String WebServer::arg(const String& name) const { return entered(name); }
bool WebServer::hasArg(const String& name) const { return is_entered(name); }
#endif
void WebServer::send(int status, const char*, const char* text) {
  board().web.status = status;
  board().web.page += text;
}
void WebServer::setContentLength(const size_t) {}
void WebServer::sendHeader(const String& name, const String& value, bool) {
  board().web.headers += std::string(name.c_str()) + ": " + value.c_str() + "\n";
}
void WebServer::sendContent(const String& text) {
  board().web.is_ended = text.length() == 0;
  board().web.page += text.c_str();
}
void WebServer::sendContent(const char* bytes, size_t size) { board().web.page.append(bytes, size); }
DNSServer::DNSServer() {}
void DNSServer::processNextRequest() {}
#if ARDUINO_GENERATION == 2
bool DNSServer::start(const uint16_t&, const String& name, const IPAddress&) {
#else
bool DNSServer::start(uint16_t, const String& name, const IPAddress&) {
#endif
  return board().web.catches_all_names = std::strcmp(name.c_str(), "*") == 0;
}
void DNSServer::stop() {}
