#include "esp_clock.h"

#include <Arduino.h>
#include <esp_sntp.h>
#include <esp_timer.h>
#include <sys/time.h>

#include <atomic>

namespace ct {

namespace {

constexpr char kPool[] = "pool.ntp.org";
constexpr char kSecondPool[] = "time.google.com";

std::atomic<bool> has_been_set{false};  // written by the network's task

void note_set(timeval*) { has_been_set = true; }

}  // namespace

uint64_t EspClock::uptime_ms() { return static_cast<uint64_t>(esp_timer_get_time()) / 1000; }

int64_t EspClock::unix_ms() {
  if (!has_been_set) return 0;
  timeval now = {};
  gettimeofday(&now, nullptr);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_usec / 1000;
}

void EspClock::start(const char* time_server) {
  sntp_set_time_sync_notification_cb(note_set);
  const bool has_own = time_server != nullptr && time_server[0] != '\0';
  configTime(0, 0, has_own ? time_server : kPool, has_own ? kPool : kSecondPool);
}

}  // namespace ct
