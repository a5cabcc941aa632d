#include "esp_board.h"

#include <Arduino.h>
#include <WiFi.h>
#include <esp_idf_version.h>
#include <esp_system.h>
#if ESP_IDF_VERSION_MAJOR >= 5
#include <esp_random.h>
#endif

#include <cmath>

#include "board_pins.h"
#include "esp_sensor_ports.h"
#include "task_watchdog.h"

namespace ct {

uint32_t EspEntropy::random_u32() { return esp_random(); }

EspBoard::EspBoard(Clock& clock, NvsSettings& settings, OtaUpdate& update)
    : clock_(clock), settings_(settings), update_(update) {}

const char* EspBoard::reset_reason() {
  switch (esp_reset_reason()) {
    case ESP_RST_POWERON: return "poweron";
    case ESP_RST_EXT: return "external";
    case ESP_RST_SW: return "software";
    case ESP_RST_PANIC: return "panic";
    case ESP_RST_INT_WDT: return "interrupt_watchdog";
    case ESP_RST_TASK_WDT: return "task_watchdog";
    case ESP_RST_WDT: return "watchdog";
    case ESP_RST_DEEPSLEEP: return "deep_sleep";
    case ESP_RST_BROWNOUT: return "brownout";
    default: return "unknown";
  }
}

int EspBoard::rssi_dbm() { return WiFi.status() == WL_CONNECTED ? static_cast<int>(WiFi.RSSI()) : 0; }

double EspBoard::supply_v() {
  if (!pins::kHasSupplyDivider) return 0;
  const double volts = mean_millivolts(pins::kSupply) * pins::kSupplyDivider / 1000.0;
  return std::round(volts * 100.0) / 100.0;  // the divider has no more digits
}

void EspBoard::feed_watchdog() { feed_task_watchdog(); }

void EspBoard::restart() {
  Serial.flush();
  esp_restart();
}

BoardResult EspBoard::store_secret(const char* secret, const char* previous) {
  SettingsError error;
  if (settings_.store_secret(secret, previous, error)) return BoardResult::done;
  log(error.text);
  return BoardResult::failed;
}

BoardResult EspBoard::start_update(const char* url, const char* sha256) {
  const char* error = update_.start(url, sha256);
  if (error == nullptr) return BoardResult::done;
  log(error);
  return BoardResult::failed;
}

void EspBoard::log(const char* text) {
  Serial.printf("%9.3f %s\r\n", static_cast<double>(clock_.uptime_ms()) / 1000.0, text);
}

}  // namespace ct
