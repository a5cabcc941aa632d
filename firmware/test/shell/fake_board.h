// A make-believe board behind the stub headers: what src/ asked of it, and what it is to answer. One for all tests;
// each begins with a new one.
#pragma once

#include <esp_http_client.h>
#include <esp_ota_ops.h>
#include <mqtt_client.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace fake {

struct Mqtt {
  esp_mqtt_client_config_t config = {};
  esp_event_handler_t handler = nullptr;
  void* handler_argument = nullptr;
  bool is_in_handler = false, was_misused = false, starts = true;
  int client_count = 0, open_clients = 0, subscribe_result = 1, publish_result = 1, outbox_bytes = 0;
  std::vector<std::string> subscribed, published, enqueued;
  std::vector<int> qos, retain;

  // Calls the handler as the library's task would.
  void tell(esp_mqtt_event_id_t id);
  // The broker's answer to one subscription: the QoS granted, or 0x80.
  void tell_subscribed(unsigned char answer = 1);
  void tell_refused(esp_mqtt_connect_return_code_t code);
  void tell_message(const std::string& topic, const std::string& payload, int total = -1, int offset = 0);
};

struct Answer {
  int status = 200;
  std::string body;
  std::string location;  // of a redirect
  bool is_chunked = false;
  size_t breaks_after = std::string::npos;  // the connection is gone behind so many bytes
  long long announced = -2;                 // -2: as long as it is
};

struct Http {
  std::map<std::string, Answer> answers;
  esp_http_client_config_t config = {};
  std::string url;
  size_t read_bytes = 0;
  bool is_there = true, connects = true;
  int open_count = 0, clean_up_count = 0;
};

struct Ota {
  esp_partition_t slot = {}, running = {};
  bool has_slot = true, ends_well = true, writes_well = true;
  esp_ota_img_states_t state = ESP_OTA_IMG_VALID;
  std::string written;
  int abort_count = 0, end_count = 0, keep_count = 0, back_count = 0;
  const esp_partition_t* boot = nullptr;
};

struct Nvs {
  std::map<std::string, std::string> values;
  bool is_writable = true;
  int write_count = 0;
};

struct LittleFs {
  bool is_readable = true, can_be_made = true;
  std::string first_bytes;  // of the partition; empty: never written
  int format_count = 0;
  size_t total = 0x160000, used = 8192;
  int used_count = 0;
};

struct Wifi {
  int mode = 0, status = 6;  // WL_DISCONNECTED
  std::string joined, joined_password, opened, opened_password;
  bool had_password = false, can_open = true, is_open = false;
  int join_count = 0;
};

// What a visitor of the board's page does and sees.
struct Web {
  std::map<std::string, std::function<void()>> pages;  // by method and address
  std::function<void()> elsewhere;
  std::map<std::string, std::string> entered;
  int status = 0, server_count = 0;
  std::string page, headers, host = "192.168.4.1";
  bool is_ended = false, catches_all_names = false;
  std::function<void()> waiting;  // what the next turn answers
  // Asks now; the page that comes.
  std::string visit(const std::string& what, const std::map<std::string, std::string>& form = {});
};

struct Board {
  Wifi wifi;
  Web web;
  std::string said;  // on the serial line
  Mqtt mqtt;
  Http http;
  Ota ota;
  Nvs nvs;
  LittleFs files;
  bool starts_tasks = true;
};

Board& board();
void renew();
// What the make-believe SHA-256 of this text is, in hexadecimal digits.
std::string digest_of(const std::string& text);

}  // namespace fake
