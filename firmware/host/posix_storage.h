// Flash on the host: a folder, with the block arithmetic of LittleFS, so that "80 % full" means what it means on the
// board.
#pragma once

#include <string>
#include <vector>

#include "ports.h"

namespace ct {

bool write_whole_file(const std::string& path, const char* text);

class PosixStorage : public Storage {
 public:
  PosixStorage(std::string folder, uint32_t capacity_bytes);

  // The file `superblock` stands for a file system that can be read: when it is not what it should be, everything goes.
  MountResult mount() override;
  StorageResult append(const char* name, const uint8_t* bytes, size_t size) override;
  StorageResult sync(const char* name) override;
  StorageResult read(const char* name, uint8_t* bytes, size_t capacity, size_t& size) override;
  StorageResult remove(const char* name) override;
  bool name_at(size_t place, char* name, size_t capacity) override;
  uint32_t capacity_bytes() override { return capacity_bytes_; }
  uint32_t used_bytes() override;

 private:
  std::string path(const char* name) const;
  void sync_folder() const;
  bool list(std::vector<std::string>& names) const;

  std::string folder_;
  uint32_t capacity_bytes_;
  std::vector<std::string> listing_;
};

}  // namespace ct
