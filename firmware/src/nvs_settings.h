// Data that survives a new firmware and a formatted flash: the settings as one JSON text, and the label's password. In
// NVS, as plain text: whoever holds the board can read it (docs/board.md).
#pragma once

#include <cstddef>
#include <memory>

#include "paste_collector.h"
#include "ports.h"
#include "provisioning.h"
#include "settings.h"

namespace ct {

class NvsSettings {
 public:
  // False when there are none yet.
  bool load();
  const char* text() const { return text_; }
  size_t size() const { return size_; }
  // The first error in them, for the core or for the board; empty without one.
  bool read(Settings& settings, WifiLogin& wifi, SettingsError& error) const;

  // Each checks first and writes only what can be used.
  bool store(const char* text, size_t size, SettingsError& error);
  bool store_pasted(const char* text, size_t size, SettingsError& error);
  bool store_secret(const char* secret, const char* previous, SettingsError& error);
  // The label's password; drawn and written when there is none yet. False: NVS cannot be written.
  bool label_password(Entropy& entropy, char out[kLabelPasswordBytes]);

 private:
  char text_[kSettingsTextBytes] = {};
  size_t size_ = 0;
};

}  // namespace ct
