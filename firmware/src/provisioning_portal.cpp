#include "provisioning_portal.h"

#include <Arduino.h>
#include <WiFi.h>

#include <cstdio>
#include <cstring>
#include <new>

#include "portal_page.h"

namespace ct {

namespace {

constexpr uint64_t kOpenForMs = 600'000;
constexpr uint16_t kDnsPort = 53;
constexpr int kHttpPort = 80, kChannel = 1, kMostGuests = 2;
constexpr size_t kPieceBytes = 512;
constexpr char kNoStyleButOurs[] = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'";

class FormEntries : public EntrySource {
 public:
  explicit FormEntries(WebServer& server) : server_(server) {}
  Found read(const char* name, char* out, size_t capacity) override {
    if (!server_.hasArg(name)) return Found::missing;
    const String value = server_.arg(name);
    if (value.length() >= capacity) return Found::too_long;
    std::snprintf(out, capacity, "%s", value.c_str());
    return Found::found;
  }

 private:
  WebServer& server_;
};

// Gathers small pieces: each send is a packet of its own.
class ServedPage : public PageSink {
 public:
  explicit ServedPage(WebServer& server) : server_(server) {}
  ~ServedPage() override {
    send();
    server_.sendContent("");  // the end of a page of unknown length
  }
  void write(const char* bytes, size_t size) override {
    while (size != 0) {
      const size_t room = kPieceBytes - used_;
      const size_t taken = size < room ? size : room;
      std::memcpy(piece_ + used_, bytes, taken);
      used_ += taken;
      bytes += taken;
      size -= taken;
      if (used_ == kPieceBytes) send();
    }
  }

 private:
  void send() {
    if (used_ != 0) server_.sendContent(piece_, used_);
    used_ = 0;
  }
  WebServer& server_;
  char piece_[kPieceBytes] = {};
  size_t used_ = 0;
};

// As on the label: the last three bytes of the board's address.
void make_name(char out[24]) {
  const uint64_t mac = ESP.getEfuseMac();  // first byte lowest
  std::snprintf(out, 24, "carbontrack-%02X%02X%02X", static_cast<unsigned>(mac >> 24 & 0xFF),
                static_cast<unsigned>(mac >> 32 & 0xFF), static_cast<unsigned>(mac >> 40 & 0xFF));
}

}  // namespace

ProvisioningPortal::ProvisioningPortal(NvsSettings& settings, Entropy& entropy)
    : settings_(settings), entropy_(entropy) {}

const char* ProvisioningPortal::open(uint64_t uptime_ms) {
  if (is_open()) return nullptr;
  char name[24], password[kLabelPasswordBytes];
  make_name(name);
  if (!settings_.label_password(entropy_, password)) return "portal: the flash for settings cannot be written";
  WiFi.disconnect();
  if (!WiFi.mode(WIFI_AP) || !WiFi.softAP(name, password, kChannel, 0, kMostGuests)) {
    return "portal: the Wi-Fi could not be opened";
  }
  draft_.reset(new (std::nothrow) char[kSettingsTextBytes]);
  server_.reset(new (std::nothrow) WebServer(kHttpPort));
  dns_.reset(new (std::nothrow) DNSServer);
  if (draft_ == nullptr || server_ == nullptr || dns_ == nullptr) {
    close();
    return "portal: too little memory; restart with the button held";
  }
  // Shown only here, to the person who is at the cable and writes the label.
  Serial.printf("portal: Wi-Fi %s, password %s, page http://%s/\r\n", name, password,
                WiFi.softAPIP().toString().c_str());
  std::memcpy(draft_.get(), settings_.text(), settings_.size());
  draft_size_ = settings_.size();
  draw_label_password(entropy_, token_);
  server_->on("/", HTTP_GET, [this]() {
    if (is_asked_by_address()) show_form(nullptr, 200);
  });
  server_->on("/save", HTTP_POST, [this]() {
    if (is_asked_by_address()) save();
  });
  server_->onNotFound([this]() { redirect(); });
  server_->begin();
  dns_->start(kDnsPort, "*", WiFi.softAPIP());  // every name resolves to this board, so phones show the page
  last_asked_ms_ = uptime_ms;
  return nullptr;
}

void ProvisioningPortal::close() {
  if (dns_ != nullptr) dns_->stop();
  if (server_ != nullptr) server_->stop();
  dns_.reset();
  server_.reset();
  draft_.reset();
  WiFi.softAPdisconnect(true);
  WiFi.mode(WIFI_STA);
}

void ProvisioningPortal::tick(uint64_t uptime_ms) {
  if (!is_open()) return;
  dns_->processNextRequest();
  server_->handleClient();
  if (was_asked_) last_asked_ms_ = uptime_ms;
  was_asked_ = false;
  if (uptime_ms - last_asked_ms_ > kOpenForMs) close();
}

bool ProvisioningPortal::take_saved() {
  const bool has_saved = has_saved_;
  has_saved_ = false;
  return has_saved;
}

void ProvisioningPortal::redirect() {
  was_asked_ = true;
  server_->sendHeader("Location", String("http://") + WiFi.softAPIP().toString() + "/", true);
  server_->send(302, "text/plain", "");
}

bool ProvisioningPortal::is_asked_by_address() {
  const String asked = server_->hostHeader(), ours = WiFi.softAPIP().toString();
  if (std::strcmp(asked.c_str(), ours.c_str()) == 0) return true;
  redirect();
  return false;
}

void ProvisioningPortal::send_head(int status) {
  was_asked_ = true;
  server_->sendHeader("Cache-Control", "no-store");
  server_->sendHeader("Content-Security-Policy", kNoStyleButOurs);
  server_->setContentLength(CONTENT_LENGTH_UNKNOWN);
  server_->send(status, "text/html; charset=utf-8", "");
}

void ProvisioningPortal::show_form(const char* error, int status) {
  send_head(status);
  ServedPage page(*server_);
  write_portal_form(page, Json::parse(draft_.get(), draft_size_), token_, error);
}

void ProvisioningPortal::save() {
  const String token = server_->arg("token");
  if (std::strcmp(token.c_str(), token_) != 0) return show_form("page: it is an old one; enter it here again", 403);
  FormEntries form(*server_);
  const String all = server_->arg("all");
  const std::unique_ptr<char[]> merged(new (std::nothrow) char[kSettingsTextBytes]);
  if (merged == nullptr) return show_form("memory: there is too little left; restart and try again");
  size_t size = 0;
  const MergeResult result =
      all.length() != 0
          ? merge_pasted(draft_.get(), draft_size_, all.c_str(), all.length(), merged.get(), kSettingsTextBytes, size)
          : merge_form(draft_.get(), draft_size_, form, merged.get(), kSettingsTextBytes, size);
  if (result == MergeResult::no_object) return show_form("settings are no JSON object; paste all of it, from { to }");
  if (result != MergeResult::ok) return show_form("settings are too long: 6143 characters in all, 2559 for the CA");
  std::memcpy(draft_.get(), merged.get(), size);
  draft_size_ = size;
  SettingsError error;
  if (!settings_.store(draft_.get(), draft_size_, error)) return show_form(error.text);
  char device_id[65] = {};
  Json::parse(draft_.get(), draft_size_)["device_id"].as_text(device_id, sizeof device_id);
  send_head(200);
  ServedPage page(*server_);
  write_portal_done(page, device_id);
  has_saved_ = true;
}

}  // namespace ct
