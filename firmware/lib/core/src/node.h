// The application: the same on the board and on the host, put together from its parts and driven by one loop. Set-up,
// the list of what is done at each turn, and commands; every decision is in the part that it concerns.
#pragma once

#include "commands.h"
#include "connection.h"
#include "instruments.h"
#include "limit_watch.h"
#include "local_figures.h"
#include "outbox.h"
#include "sampler.h"
#include "sender.h"
#include "settings.h"
#include "state_file.h"
#include "wall_clock.h"
#include "watchdog.h"

namespace ct {

struct NodePorts {
  Clock& clock;
  Entropy& entropy;
  Storage& storage;
  MqttLink& link;
  Board& board;
  SensorPorts sensors;
};

class Node {
 public:
  Node(const Settings& settings, const NodePorts& ports);

  // Once: reads the flash, draws the stream, wakes the sensors.
  void boot();
  // One turn of the loop; returns soon, is called every 10 to 100 ms.
  void tick();
  // Before a planned restart: writes RAM to flash and stores where this boot ended.
  void prepare_restart();

  uint32_t stream() const { return stream_; }
  uint32_t seq() const { return seq_; }
  // The newest of this boot, as it was put into the outbox; seq 0 before the first.
  const Reading& last_reading() const { return last_reading_; }
  const Outbox& outbox() const { return outbox_; }
  const Sender& sender() const { return sender_; }
  const LocalFigures& figures() const { return figures_; }
  bool is_connected() const { return connection_.is_up(); }

 private:
  void mount();
  void draw_stream();
  void date_what_waits();
  void measure(uint64_t uptime_ms);
  void take_reading(uint64_t uptime_ms);
  void watch_limits(const Reading& reading);
  void listen(uint64_t uptime_ms);
  void connected();
  void hear(const MqttEvent& event);
  void say(uint64_t uptime_ms);
  void say_alerts();
  bool say_status(uint64_t uptime_ms);
  void obey(const char* text, size_t size);
  // Carries it out; the error for the ack, or null.
  const char* carry_out(const Command& command);
  const char* resend(const Command& command);
  void answer_command(const char* id, const char* error);
  void save_state();
  void feed_watchdog(uint64_t uptime_ms);

  Settings settings_;
  NodePorts ports_;
  WallClock wall_clock_;
  Instruments instruments_;
  Sampler sampler_;
  LimitWatch limit_watch_;
  Outbox outbox_;
  Sender sender_;
  Connection connection_;
  StateFile state_file_;
  Watchdog watchdog_;
  AnsweredCommands answered_;

  uint32_t stream_ = 0, seq_ = 0;
  KeptState kept_;  // of this boot, as it would be written now
  bool has_previous_ = false;
  uint32_t previous_stream_ = 0, previous_seq_ = 0;
  uint32_t corrupt_count_ = 0, misheard_count_ = 0;
  LocalFigures figures_;
  Reading last_reading_;
  uint64_t next_sample_ms_ = 0, next_reading_ms_ = 0, status_due_ms_ = 0, state_due_ms_ = 0, restart_at_ms_ = 0;

  static constexpr size_t kAlerts = 16;
  Alert alerts_[kAlerts];
  size_t alert_count_ = 0;
  char resend_error_[kErrorBytes] = {};
  char message_[config::kMessageBytes] = {};
  char payload_[config::kPayloadBytes] = {};
};

}  // namespace ct
