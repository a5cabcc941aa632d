// The board's own Wi-Fi with one page on it, where the settings are entered. While it is open the radio is that Wi-Fi
// and nothing else, so nobody in the factory's network can reach the page; measuring goes on, readings wait.
#pragma once

#include <DNSServer.h>
#include <WebServer.h>

#include <cstdint>
#include <memory>

#include "nvs_settings.h"

namespace ct {

class ProvisioningPortal {
 public:
  ProvisioningPortal(NvsSettings& settings, Entropy& entropy);

  // Null, or what went wrong.
  const char* open(uint64_t uptime_ms);
  // Answers requests; closes after ten minutes without one.
  void tick(uint64_t uptime_ms);
  bool is_open() const { return server_ != nullptr; }
  // True once: the settings are new, so restart.
  bool take_saved();

 private:
  void close();
  // False, and answered, when the page was asked for by another name: a foreign page would do so.
  bool is_asked_by_address();
  void redirect();
  void show_form(const char* error, int status = 422);
  void save();
  void send_head(int status);

  NvsSettings& settings_;
  Entropy& entropy_;
  std::unique_ptr<WebServer> server_;
  std::unique_ptr<DNSServer> dns_;
  std::unique_ptr<char[]> draft_;  // the last form with an error
  size_t draft_size_ = 0;
  char token_[kLabelPasswordBytes] = {};  // of this opening: a form without it is foreign
  uint64_t last_asked_ms_ = 0;
  bool was_asked_ = false, has_saved_ = false;
};

}  // namespace ct
