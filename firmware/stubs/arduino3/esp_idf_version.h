// STUB: Arduino-ESP32 3.3 stands on IDF 5.5.
#pragma once

#define ESP_IDF_VERSION_MAJOR 5
#define ESP_IDF_VERSION_MINOR 5
#define ESP_IDF_VERSION_PATCH 2
