// STUB: mounting LittleFS; files are reached through the C library.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace fs {
class LittleFSFS {
 public:
  bool begin(bool formatOnFail = false, const char* basePath = "/littlefs", uint8_t maxOpenFiles = 10,
             const char* partitionLabel = "spiffs");
  bool format();
  size_t totalBytes();
  size_t usedBytes();
  void end();
};
}  // namespace fs
extern fs::LittleFSFS LittleFS;
