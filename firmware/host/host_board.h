// The host in place of a board: clock, chance, log and what a board can do. The clock's time of day can be taken away,
// as on a board that no time server has answered yet; and time can run faster, so that what takes a board minutes can
// be waited for.
#pragma once

#include <chrono>
#include <random>
#include <string>

#include "ports.h"

namespace ct {

class HostClock : public Clock {
 public:
  uint64_t uptime_ms() override;
  int64_t unix_ms() override;
  void boot() { booted_ = std::chrono::steady_clock::now(); }
  // `speed` times as fast, and equal to the true time at that moment: behind it before, so that nothing is dated in the
  // future, and the same for every process that is told the same.
  void hurry(double speed, int64_t equal_at_unix_ms);
  void set_known(bool is_known) { is_known_ = is_known; }
  // Of this clock when it read 0 uptime, whether or not it may be known.
  int64_t booted_unix_ms();

 private:
  std::chrono::steady_clock::time_point booted_ = std::chrono::steady_clock::now();
  int64_t shown_unix_ms() const;

  bool is_known_ = true;
  double speed_ = 1;
  int64_t equal_at_unix_ms_ = 0;
};

class HostEntropy : public Entropy {
 public:
  uint32_t random_u32() override { return device_(); }

 private:
  std::random_device device_;
};

class HostBoard : public Board {
 public:
  explicit HostBoard(Clock& clock) : clock_(clock) {}
  const char* reset_reason() override { return reset_reason_.c_str(); }
  int rssi_dbm() override { return rssi_dbm_; }
  double supply_v() override { return supply_v_; }
  void feed_watchdog() override { ++fed_count_; }
  void restart() override { wants_restart_ = true; }
  // Kept for this run only: the settings file belongs to the user.
  BoardResult store_secret(const char*, const char*) override { return BoardResult::done; }
  BoardResult start_update(const char*, const char*) override { return BoardResult::unsupported; }
  void log(const char* text) override;

  void set_reset_reason(const char* reason) { reset_reason_ = reason; }
  void set_supply_and_signal(double supply_v, int rssi_dbm) { supply_v_ = supply_v, rssi_dbm_ = rssi_dbm; }
  bool take_restart();
  uint64_t fed_count() const { return fed_count_; }

 private:
  Clock& clock_;
  std::string reset_reason_ = "poweron";
  bool wants_restart_ = false;
  double supply_v_ = 0;
  int rssi_dbm_ = 0;
  uint64_t fed_count_ = 0;
};

}  // namespace ct
