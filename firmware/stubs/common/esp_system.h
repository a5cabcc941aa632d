// STUB: restart and its reason.
#pragma once

#include <stdint.h>

#include "esp_idf_version.h"

typedef enum {
  ESP_RST_UNKNOWN,
  ESP_RST_POWERON,
  ESP_RST_EXT,
  ESP_RST_SW,
  ESP_RST_PANIC,
  ESP_RST_INT_WDT,
  ESP_RST_TASK_WDT,
  ESP_RST_WDT,
  ESP_RST_DEEPSLEEP,
  ESP_RST_BROWNOUT,
  ESP_RST_SDIO,
} esp_reset_reason_t;

extern "C" {
esp_reset_reason_t esp_reset_reason(void);
[[noreturn]] void esp_restart(void);
#if ESP_IDF_VERSION_MAJOR < 5
uint32_t esp_random(void);  // moved to a header of its own in 5
#endif
}
