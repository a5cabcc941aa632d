#include "littlefs_storage.h"

#include <LittleFS.h>
#include <esp_partition.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ct {

namespace {

constexpr char kLabel[] = "outbox";  // of partitions/*.csv
#ifndef CT_OUTBOX_MOUNT              // a test's own folder
#define CT_OUTBOX_MOUNT "/outbox"
#endif
constexpr char kMountPoint[] = CT_OUTBOX_MOUNT;
constexpr uint8_t kOpenFiles = 4;
constexpr size_t kPathBytes = 128;
constexpr size_t kSuperblockBytes = 8192;  // LittleFS keeps its beginning twice

bool make_path(const char* name, char path[kPathBytes]) {
  const int size = std::snprintf(path, kPathBytes, "%s/%s", kMountPoint, name);
  return size > 0 && static_cast<size_t>(size) < kPathBytes;
}

StorageResult failure() {
  if (errno == ENOENT) return StorageResult::not_found;
  return errno == ENOSPC ? StorageResult::full : StorageResult::failed;
}

// A partition that was never written is new; an unreadable written one has lost its contents.
bool was_never_written() {
  const esp_partition_t* partition =
      esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_SPIFFS, kLabel);
  if (partition == nullptr) return false;
  uint8_t bytes[256];
  for (size_t at = 0; at < kSuperblockBytes; at += sizeof bytes) {
    if (esp_partition_read(partition, at, bytes, sizeof bytes) != ESP_OK) return false;
    for (const uint8_t byte : bytes) {
      if (byte != 0xFF) return false;
    }
  }
  return true;
}

}  // namespace

LittleFsStorage::~LittleFsStorage() { close_listing(); }

MountResult LittleFsStorage::mount() {
  has_used_ = false;
  // Never format silently: the loss has to be counted and reported.
  is_mounted_ = LittleFS.begin(false, kMountPoint, kOpenFiles, kLabel);
  if (is_mounted_) return MountResult::mounted;
  const bool is_new = was_never_written();
  is_mounted_ = LittleFS.begin(true, kMountPoint, kOpenFiles, kLabel);
  if (!is_mounted_) return MountResult::failed;
  return is_new ? MountResult::mounted : MountResult::formatted;
}

StorageResult LittleFsStorage::append(const char* name, const uint8_t* bytes, size_t size) {
  char path[kPathBytes];
  if (!is_mounted_ || !make_path(name, path)) return StorageResult::failed;
  has_used_ = false;
  const int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (file < 0) return failure();
  size_t done = 0;
  while (done < size) {
    const ssize_t written = write(file, bytes + done, size - done);
    if (written <= 0) break;
    done += static_cast<size_t>(written);
  }
  const StorageResult result = done == size ? StorageResult::ok : failure();
  // Closing commits: after a failed close nothing is stored.
  if (close(file) != 0) return failure();
  return result == StorageResult::not_found ? StorageResult::failed : result;
}

StorageResult LittleFsStorage::sync(const char* name) {
  char path[kPathBytes];
  struct stat about = {};
  if (!is_mounted_ || !make_path(name, path)) return StorageResult::failed;
  return stat(path, &about) == 0 ? StorageResult::ok : failure();
}

StorageResult LittleFsStorage::read(const char* name, uint8_t* bytes, size_t capacity, size_t& size) {
  size = 0;
  char path[kPathBytes];
  if (!is_mounted_ || !make_path(name, path)) return StorageResult::failed;
  const int file = open(path, O_RDONLY);
  if (file < 0) return failure();
  ssize_t got = 0;
  while (size < capacity && (got = ::read(file, bytes + size, capacity - size)) > 0) size += static_cast<size_t>(got);
  close(file);
  return got < 0 ? StorageResult::failed : StorageResult::ok;
}

StorageResult LittleFsStorage::remove(const char* name) {
  char path[kPathBytes];
  if (!is_mounted_ || !make_path(name, path)) return StorageResult::failed;
  has_used_ = false;
  return unlink(path) == 0 ? StorageResult::ok : failure();
}

void LittleFsStorage::close_listing() {
  if (listing_ != nullptr) closedir(listing_);
  listing_ = nullptr;
}

bool LittleFsStorage::name_at(size_t place, char* name, size_t capacity) {
  if (!is_mounted_) return false;
  if (listing_ == nullptr || place != next_place_) {
    close_listing();
    listing_ = opendir(kMountPoint);
    next_place_ = 0;
  }
  const dirent* entry = nullptr;
  do {
    entry = listing_ == nullptr ? nullptr : readdir(listing_);
  } while (entry != nullptr && (entry->d_name[0] == '.' || next_place_++ < place));
  if (entry == nullptr) {
    close_listing();
    return false;
  }
  std::snprintf(name, capacity, "%s", entry->d_name);
  return true;
}

uint32_t LittleFsStorage::capacity_bytes() { return is_mounted_ ? static_cast<uint32_t>(LittleFS.totalBytes()) : 0; }

uint32_t LittleFsStorage::used_bytes() {
  if (!is_mounted_) return 0;
  if (!has_used_) used_bytes_ = static_cast<uint32_t>(LittleFS.usedBytes());
  has_used_ = true;
  return used_bytes_;
}

}  // namespace ct
