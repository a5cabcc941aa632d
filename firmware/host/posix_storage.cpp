#include "posix_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace ct {

namespace {

constexpr uint32_t kBlockBytes = 4096;
constexpr uint32_t kDirectoryBlocks = 2;
constexpr char kSuperblock[] = "superblock";
constexpr char kMagic[] = "carbontrack-1";

}  // namespace

bool write_whole_file(const std::string& path, const char* text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool is_written = std::fputs(text, file) >= 0;
  return std::fclose(file) == 0 && is_written;
}

PosixStorage::PosixStorage(std::string folder, uint32_t capacity_bytes)
    : folder_(std::move(folder)), capacity_bytes_(capacity_bytes) {}

std::string PosixStorage::path(const char* name) const { return folder_ + "/" + name; }

bool PosixStorage::list(std::vector<std::string>& names) const {
  names.clear();
  DIR* directory = opendir(folder_.c_str());
  if (directory == nullptr) return false;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return true;
}

MountResult PosixStorage::mount() {
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return MountResult::failed;
  std::vector<std::string> names;
  if (!list(names)) return MountResult::failed;
  uint8_t bytes[sizeof kMagic] = {};
  size_t size = 0;
  read(kSuperblock, bytes, sizeof bytes, size);
  const size_t wanted = sizeof kMagic - 1;
  if (size == wanted && std::memcmp(bytes, kMagic, wanted) == 0) return MountResult::mounted;
  for (const std::string& name : names) remove(name.c_str());
  if (append(kSuperblock, reinterpret_cast<const uint8_t*>(kMagic), wanted) != StorageResult::ok) {
    return MountResult::failed;
  }
  sync(kSuperblock);
  return names.empty() ? MountResult::mounted : MountResult::formatted;  // an empty one is new
}

StorageResult PosixStorage::append(const char* name, const uint8_t* bytes, size_t size) {
  if (used_bytes() + size > capacity_bytes_) return StorageResult::full;
  const int file = open(path(name).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return StorageResult::failed;
  size_t done = 0;
  while (done < size) {
    const ssize_t written = write(file, bytes + done, size - done);
    if (written <= 0) break;
    done += static_cast<size_t>(written);
  }
  const int error = errno;
  close(file);
  if (done == size) return StorageResult::ok;
  return error == ENOSPC ? StorageResult::full : StorageResult::failed;
}

StorageResult PosixStorage::sync(const char* name) {
  const int file = open(path(name).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? StorageResult::not_found : StorageResult::failed;
  const bool is_done = fsync(file) == 0;
  close(file);
  sync_folder();
  return is_done ? StorageResult::ok : StorageResult::failed;
}

void PosixStorage::sync_folder() const {
  const int folder = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

StorageResult PosixStorage::read(const char* name, uint8_t* bytes, size_t capacity, size_t& size) {
  size = 0;
  const int file = open(path(name).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? StorageResult::not_found : StorageResult::failed;
  ssize_t got = 0;
  while (size < capacity && (got = ::read(file, bytes + size, capacity - size)) > 0) size += static_cast<size_t>(got);
  close(file);
  return got < 0 ? StorageResult::failed : StorageResult::ok;
}

StorageResult PosixStorage::remove(const char* name) {
  if (unlink(path(name).c_str()) == 0) {
    sync_folder();
    return StorageResult::ok;
  }
  return errno == ENOENT ? StorageResult::not_found : StorageResult::failed;
}

bool PosixStorage::name_at(size_t place, char* name, size_t capacity) {
  if (place == 0 && !list(listing_)) return false;
  if (place >= listing_.size()) return false;
  std::snprintf(name, capacity, "%s", listing_[place].c_str());
  return true;
}

uint32_t PosixStorage::used_bytes() {
  std::vector<std::string> names;
  list(names);
  uint32_t blocks = kDirectoryBlocks;
  for (const std::string& name : names) {
    struct stat about = {};
    if (stat(path(name.c_str()).c_str(), &about) != 0) continue;
    blocks += (static_cast<uint32_t>(about.st_size) + kBlockBytes - 1) / kBlockBytes;
  }
  return blocks * kBlockBytes;
}

}  // namespace ct
