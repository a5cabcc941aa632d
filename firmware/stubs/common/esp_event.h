// STUB: what an event handler looks like.
#pragma once

#include <stdint.h>

typedef const char* esp_event_base_t;
typedef void (*esp_event_handler_t)(void* handler_arg, esp_event_base_t base, int32_t id, void* data);
