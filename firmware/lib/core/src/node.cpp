// Set-up and the turns of the loop; commands are in node_commands.cpp.
#include "node.h"

#include <algorithm>
#include <cstring>

#include "config.h"

namespace ct {

namespace {

constexpr uint64_t kLongestLagIntervals = 3;  // during a longer stall nothing was measured, so that time stays a gap

}  // namespace

Node::Node(const Settings& settings, const NodePorts& ports)
    : settings_(settings),
      ports_(ports),
      wall_clock_(ports.clock),
      instruments_(settings_, ports.sensors),
      outbox_(ports.storage),
      sender_(outbox_),
      connection_(ports.link, ports.entropy, settings_),
      state_file_(ports.storage) {
  sampler_.set_range_ppm(settings_.range_ppm);
  limit_watch_.set_limits(settings_.limits);
  sender_.set_live_batch(settings_.live_batch);
  watchdog_.set_sampling_interval(settings_.interval_ms);
}

void Node::boot() {
  mount();
  draw_stream();
  save_state();
  instruments_.begin();
  const uint64_t now_ms = ports_.clock.uptime_ms();
  next_sample_ms_ = now_ms;
  next_reading_ms_ = now_ms + settings_.interval_ms;
  state_due_ms_ = now_ms + config::kStateEveryMs;
  for (size_t task = 0; task < static_cast<size_t>(Task::count); ++task) {
    watchdog_.worked(static_cast<Task>(task), now_ms);
  }
}

void Node::mount() {
  const MountReport report = outbox_.mount();
  KeptState before;
  if (report.result != MountResult::failed && state_file_.load(before)) {
    previous_stream_ = before.stream;
    previous_seq_ = std::max(before.seq, outbox_.last_seq_on_flash(before.stream));
    // A boot that ended before it stored anything is unknown, which differs from 0.
    has_previous_ = previous_seq_ != 0;
    kept_ = before;
    if (before.restart_command_id[0] != '\0') answered_.remember(before.restart_command_id, "");
    kept_.restart_command_id[0] = '\0';
  }
  if (report.result == MountResult::formatted) {
    ++kept_.formatted_count;
    ports_.board.log("flash: it could not be read and was formatted; what it held is lost");
  }
  if (report.result == MountResult::failed) {
    ports_.board.log("flash: it cannot be used; readings live in RAM only");
  }
  kept_.undatable_count += report.undatable_count;
  corrupt_count_ = report.corrupt_count;
}

// Random, not counted: a counter would restart after a flash erase, and the server would take new readings for old ones.
void Node::draw_stream() {
  do {
    stream_ = ports_.entropy.random_u32();
  } while (stream_ == previous_stream_ || outbox_.last_seq_on_flash(stream_) != 0);
  seq_ = 0;
}

void Node::tick() {
  const uint64_t now_ms = ports_.clock.uptime_ms();
  if (wall_clock_.has_just_been_set()) date_what_waits();
  measure(now_ms);
  outbox_.tick(now_ms);
  watchdog_.worked(Task::outbox, now_ms);
  listen(now_ms);
  say(now_ms);
  watchdog_.worked(Task::link, now_ms);
  if (now_ms >= state_due_ms_) {
    save_state();
    state_due_ms_ = now_ms + config::kStateEveryMs;
  }
  if (restart_at_ms_ != 0 && now_ms >= restart_at_ms_) {
    restart_at_ms_ = 0;
    prepare_restart();
    ports_.board.restart();
  }
  feed_watchdog(now_ms);
}

void Node::date_what_waits() {
  outbox_.date(stream_, wall_clock_.offset_ms());
  for (size_t i = 0; i < alert_count_; ++i) alerts_[i].t_ms += wall_clock_.offset_ms();
}

void Node::measure(uint64_t now_ms) {
  instruments_.poll(now_ms);
  const uint32_t interval_ms = settings_.interval_ms;
  if (now_ms >= next_sample_ms_) {
    sampler_.add(instruments_.sample(now_ms));
    const uint32_t period_ms = std::min(config::kSamplePeriodMs, interval_ms);
    next_sample_ms_ += period_ms;
    if (now_ms >= next_sample_ms_) next_sample_ms_ = now_ms + period_ms;
  }
  if (now_ms < next_reading_ms_) return;
  if (!sampler_.is_empty()) take_reading(now_ms);
  next_reading_ms_ += interval_ms;
  if (now_ms > next_reading_ms_ + kLongestLagIntervals * interval_ms) {
    next_reading_ms_ = now_ms + interval_ms;
  }
  watchdog_.worked(Task::sampling, now_ms);
}

void Node::take_reading(uint64_t now_ms) {
  if (seq_ == kMaxSeq) draw_stream();
  Reading reading = sampler_.take();
  reading.stream = stream_;
  reading.seq = ++seq_;
  reading.interval_ms = settings_.interval_ms;
  reading.is_undated = !wall_clock_.is_set();
  reading.t_ms = reading.is_undated ? static_cast<int64_t>(now_ms) : wall_clock_.unix_ms();
  outbox_.add(reading, now_ms);
  last_reading_ = reading;
  figures_ = local_figures(settings_, reading);
  watch_limits(reading);
}

void Node::watch_limits(const Reading& reading) {
  Alert begun[LimitWatch::kKinds];
  const size_t count = limit_watch_.check(reading, figures_.flow_m3s, begun);
  for (size_t i = 0; i < count; ++i) {
    if (alert_count_ == kAlerts) {
      // Only the newest alert matters now; the readings themselves are all kept.
      std::move(alerts_ + 1, alerts_ + kAlerts, alerts_);
      --alert_count_;
      ports_.board.log("alerts: more than 16 wait for a connection; the oldest was dropped");
    }
    alerts_[alert_count_++] = begun[i];
    if (begun[i].kind == AlertKind::sensor_fault) ports_.board.log(instruments_.last_fault());
  }
}

void Node::listen(uint64_t now_ms) {
  connection_.tick(now_ms, wall_clock_.is_set());
  for (;;) {
    const MqttEvent event = connection_.next_event(now_ms, message_, sizeof message_);
    switch (event.kind) {
      case MqttEventKind::none: return;
      case MqttEventKind::connected: connected(); break;
      case MqttEventKind::login_refused:
        ports_.board.log("broker: it refused the login; check device id and password");
        sender_.connection_lost();
        break;
      case MqttEventKind::disconnected:
        ports_.board.log("broker: the connection is gone");
        sender_.connection_lost();
        break;
      case MqttEventKind::message: hear(event); break;
    }
  }
}

void Node::connected() {
  ports_.board.log("broker: connected");
  if (connection_.has_password_on_trial()) {
    ports_.board.store_secret(settings_.password, "");
    connection_.password_proved();
  }
  status_due_ms_ = 0;
}

void Node::hear(const MqttEvent& event) {
  const char* slash = std::strrchr(event.topic, '/');
  const char* kind = slash == nullptr ? "" : slash + 1;
  if (std::strcmp(kind, topic_name(Topic::commands)) == 0) {
    obey(message_, event.size);
    return;
  }
  Committed committed;
  if (std::strcmp(kind, topic_name(Topic::committed)) != 0 ||
      Committed::parse(message_, event.size, committed) != CommittedResult::ok) {
    // An unreadable message frees nothing; its readings are sent again.
    ++misheard_count_;
    ports_.board.log("server: a message could not be read");
    return;
  }
  sender_.settle(committed);
}

void Node::say(uint64_t now_ms) {
  sender_.expire(now_ms);
  if (!connection_.is_up()) return;
  if (now_ms >= status_due_ms_ && say_status(now_ms)) status_due_ms_ = now_ms + config::kStatusEveryMs;
  say_alerts();
  // At most the window per turn, so that sampling stays on time.
  for (size_t i = 0; i < config::kWindow; ++i) {
    const size_t size = sender_.next_message(now_ms, payload_, sizeof payload_);
    if (size == 0) return;
    if (connection_.publish(Topic::readings, payload_, size) != PublishResult::handed_over) {
      sender_.hand_over_failed();
      return;
    }
  }
}

void Node::say_alerts() {
  size_t sent = 0;
  for (; sent < alert_count_; ++sent) {
    const size_t size = write_alert(alerts_[sent], payload_, sizeof payload_);
    if (connection_.publish(Topic::alerts, payload_, size) != PublishResult::handed_over) break;
  }
  std::move(alerts_ + sent, alerts_ + alert_count_, alerts_);
  alert_count_ -= sent;
}

bool Node::say_status(uint64_t now_ms) {
  Status status;
  status.stream = stream_;
  status.firmware = config::kFirmwareVersion;
  status.sensor = settings_.sensor;
  status.range_ppm = settings_.range_ppm;
  status.co2_basis = settings_.co2_basis;
  status.pressure_compensation = settings_.pressure_compensation;
  status.uptime_s = now_ms / 1000;
  status.rssi_dbm = ports_.board.rssi_dbm();
  status.supply_v = ports_.board.supply_v();
  status.outbox_count = outbox_.count();
  status.refused_count = sender_.refused_count();
  status.undatable_count = kept_.undatable_count;
  status.reset_reason = ports_.board.reset_reason();
  status.has_previous = has_previous_;
  status.previous_stream = previous_stream_;
  status.previous_seq = previous_seq_;
  status.dropped_count = outbox_.dropped_count();
  status.thinned_count = outbox_.thinned_count();
  status.corrupt_count = corrupt_count_;
  status.formatted_count = kept_.formatted_count;
  const size_t size = write_status(status, payload_, sizeof payload_);
  return size != 0 && connection_.publish(Topic::status, payload_, size, true) == PublishResult::handed_over;
}

void Node::save_state() {
  kept_.stream = stream_;
  kept_.seq = seq_;
  if (!state_file_.save(kept_)) ports_.board.log("flash: the state could not be written");
}

void Node::prepare_restart() {
  if (!outbox_.flush()) ports_.board.log("restart: the flash takes no more; what is left in RAM is lost");
  save_state();
}

void Node::feed_watchdog(uint64_t now_ms) {
  if (watchdog_.overdue(now_ms) == Task::count) ports_.board.feed_watchdog();
}

}  // namespace ct
