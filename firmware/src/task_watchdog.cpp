#include "task_watchdog.h"

#include <esp_idf_version.h>
#include <esp_task_wdt.h>

#include <cstdint>

namespace ct {

namespace {

// Above all that may hold up one turn of the loop: an MQTT client that is ended (0.1 s after a lost connection, 1 s out
// of a live one, 5 s out of an attempt that hangs), a publish on a bad line (5 s), a flash that is formatted.
constexpr uint32_t kTimeoutS = 60;

}  // namespace

void start_task_watchdog() {
#if ESP_IDF_VERSION_MAJOR >= 5
  esp_task_wdt_config_t config = {};
  config.timeout_ms = kTimeoutS * 1000;
  config.idle_core_mask = 0;  // a busy core is no fault
  config.trigger_panic = true;
  if (esp_task_wdt_reconfigure(&config) == ESP_ERR_INVALID_STATE) esp_task_wdt_init(&config);
#else
  esp_task_wdt_init(kTimeoutS, true);
#endif
  esp_task_wdt_add(nullptr);
}

void feed_task_watchdog() { esp_task_wdt_reset(); }

}  // namespace ct
