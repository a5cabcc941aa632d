#include "nvs_settings.h"

#include <Preferences.h>

#include <cstdio>
#include <cstring>
#include <new>

namespace ct {

namespace {

constexpr char kNamespace[] = "carbontrack", kSettingsKey[] = "settings", kLabelKey[] = "label";

bool wrong(SettingsError& error, const char* text) {
  std::snprintf(error.text, sizeof error.text, "%s", text);
  return false;
}

bool check(const char* text, size_t size, SettingsError& error) {
  // Too large for the loop's stack beside what else lies there.
  const std::unique_ptr<Settings> settings(new (std::nothrow) Settings);
  WifiLogin wifi;
  if (settings == nullptr) return wrong(error, "memory: there is too little left; restart and try again");
  return read_wifi(text, size, wifi, error) && read_settings(text, size, *settings, error);
}

bool merged(MergeResult result, SettingsError& error) {
  if (result == MergeResult::ok) return true;
  return wrong(error, result == MergeResult::no_object
                          ? "settings are no JSON object; paste all of it, from { to }"
                          : "settings are too long: 6143 characters in all, 2559 for the CA");
}

using Buffer = std::unique_ptr<char[]>;

Buffer make_buffer() { return Buffer(new (std::nothrow) char[kSettingsTextBytes]); }

}  // namespace

bool NvsSettings::load() {
  size_ = 0;
  text_[0] = '\0';
  Preferences nvs;
  if (!nvs.begin(kNamespace, true)) return false;
  const size_t size = nvs.getBytesLength(kSettingsKey);
  if (size != 0 && size < sizeof text_ && nvs.getBytes(kSettingsKey, text_, size) == size) size_ = size;
  text_[size_] = '\0';
  nvs.end();
  return size_ != 0;
}

bool NvsSettings::read(Settings& settings, WifiLogin& wifi, SettingsError& error) const {
  return read_wifi(text_, size_, wifi, error) && read_settings(text_, size_, settings, error);
}

bool NvsSettings::store(const char* text, size_t size, SettingsError& error) {
  if (size >= sizeof text_) return merged(MergeResult::too_long, error);
  if (!check(text, size, error)) return false;
  if (size == size_ && std::memcmp(text, text_, size) == 0) return true;
  Preferences nvs;
  const bool is_written = nvs.begin(kNamespace, false) && nvs.putBytes(kSettingsKey, text, size) == size;
  nvs.end();
  if (!is_written) return wrong(error, "flash: the settings could not be written; try again");
  std::memcpy(text_, text, size);
  text_[size] = '\0';
  size_ = size;
  return true;
}

bool NvsSettings::store_pasted(const char* text, size_t size, SettingsError& error) {
  const Buffer all = make_buffer();
  size_t all_size = 0;
  if (all == nullptr) return wrong(error, "memory: there is too little left; restart and try again");
  return merged(merge_pasted(text_, size_, text, size, all.get(), kSettingsTextBytes, all_size), error) &&
         store(all.get(), all_size, error);
}

bool NvsSettings::store_secret(const char* secret, const char* previous, SettingsError& error) {
  const Buffer all = make_buffer();
  size_t all_size = 0;
  if (all == nullptr) return wrong(error, "memory: there is too little left; restart and try again");
  return merged(merge_secret(text_, size_, secret, previous, all.get(), kSettingsTextBytes, all_size), error) &&
         store(all.get(), all_size, error);
}

bool NvsSettings::label_password(Entropy& entropy, char out[kLabelPasswordBytes]) {
  Preferences nvs;
  if (!nvs.begin(kNamespace, false)) return false;
  bool is_there = nvs.getBytes(kLabelKey, out, kLabelPasswordBytes) == kLabelPasswordBytes;
  if (!is_there) {
    draw_label_password(entropy, out);
    is_there = nvs.putBytes(kLabelKey, out, kLabelPasswordBytes) == kLabelPasswordBytes;
  }
  nvs.end();
  out[kLabelPasswordBytes - 1] = '\0';
  return is_there;
}

}  // namespace ct
