// The factory's Wi-Fi: joined, and joined again when it is lost, for ever.
#pragma once

#include <cstdint>

#include "backoff.h"
#include "ports.h"
#include "provisioning.h"

namespace ct {

class WifiStation {
 public:
  explicit WifiStation(Entropy& entropy);

  // Turns the radio on, with or without a network to join: the chip's random numbers need it.
  void begin();
  void join(const WifiLogin& login);
  // Every second or so.
  void tick(uint64_t uptime_ms);
  bool is_up() const;

 private:
  Entropy& entropy_;
  Backoff backoff_;
  WifiLogin login_;
  bool has_login_ = false, was_up_ = false;
  uint64_t retry_at_ms_ = 0;
};

}  // namespace ct
