// What only the board can do: its identity, its supply, why it restarted, restarting, and the log.
#pragma once

#include "nvs_settings.h"
#include "ota_update.h"
#include "ports.h"

namespace ct {

class EspEntropy : public Entropy {
 public:
  uint32_t random_u32() override;  // true chance while the radio is on
};

class EspBoard : public Board {
 public:
  EspBoard(Clock& clock, NvsSettings& settings, OtaUpdate& update);
  const char* reset_reason() override;
  int rssi_dbm() override;
  double supply_v() override;
  void feed_watchdog() override;
  void restart() override;
  BoardResult store_secret(const char* secret, const char* previous) override;
  BoardResult start_update(const char* url, const char* sha256) override;
  void log(const char* text) override;

 private:
  Clock& clock_;
  NvsSettings& settings_;
  OtaUpdate& update_;
};

}  // namespace ct
