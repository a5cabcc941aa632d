#include "wifi_station.h"

#include <WiFi.h>

namespace ct {

namespace {

// Joining takes some seconds: tried again sooner, it would be cut off by itself.
constexpr uint32_t kFirstRetryMs = 20'000, kLongestRetryMs = 120'000;

}  // namespace

WifiStation::WifiStation(Entropy& entropy) : entropy_(entropy), backoff_(kFirstRetryMs, kLongestRetryMs) {}

void WifiStation::begin() {
  WiFi.persistent(false);  // the settings are kept once, by us
  WiFi.setAutoReconnect(false);
  WiFi.mode(WIFI_STA);
}

void WifiStation::join(const WifiLogin& login) {
  login_ = login;
  has_login_ = true;
  retry_at_ms_ = 0;
}

bool WifiStation::is_up() const { return WiFi.status() == WL_CONNECTED; }

void WifiStation::tick(uint64_t uptime_ms) {
  if (!has_login_) return;
  if (is_up()) {
    backoff_.succeeded();
    was_up_ = true;
    return;
  }
  if (was_up_) {
    was_up_ = false;
    retry_at_ms_ = uptime_ms;
  }
  if (uptime_ms < retry_at_ms_) return;
  WiFi.disconnect();
  WiFi.begin(login_.ssid, login_.password[0] == '\0' ? nullptr : login_.password);
  retry_at_ms_ = uptime_ms + kFirstRetryMs / 2 + backoff_.next_ms(entropy_);
}

}  // namespace ct
