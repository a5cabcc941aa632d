// STUB: Arduino-ESP32 2.0.17 stands on IDF 4.4.7.
#pragma once

#define ESP_IDF_VERSION_MAJOR 4
#define ESP_IDF_VERSION_MINOR 4
#define ESP_IDF_VERSION_PATCH 7
