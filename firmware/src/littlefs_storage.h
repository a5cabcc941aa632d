// The outbox's flash: a LittleFS partition, reached through the C library. A file is durable when it is closed.
#pragma once

#include <dirent.h>

#include "ports.h"

namespace ct {

class LittleFsStorage : public Storage {
 public:
  ~LittleFsStorage() override;
  MountResult mount() override;
  StorageResult append(const char* name, const uint8_t* bytes, size_t size) override;
  StorageResult sync(const char* name) override;
  StorageResult read(const char* name, uint8_t* bytes, size_t capacity, size_t& size) override;
  StorageResult remove(const char* name) override;
  bool name_at(size_t place, char* name, size_t capacity) override;
  uint32_t capacity_bytes() override;
  uint32_t used_bytes() override;

  bool is_mounted() const { return is_mounted_; }

 private:
  void close_listing();

  bool is_mounted_ = false;
  bool has_used_ = false;  // counting walks the whole file system, so it is done once after each change
  uint32_t used_bytes_ = 0;
  DIR* listing_ = nullptr;
  size_t next_place_ = 0;
};

}  // namespace ct
