#include "scenario.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <sstream>

namespace ct {

namespace {

constexpr double kTau = 6.283185307179586;

bool is_one_of(const std::string& text, std::initializer_list<const char*> choices) {
  for (const char* choice : choices) {
    if (text == choice) return true;
  }
  return false;
}

void set_plug(Chimney& chimney, const std::string& sensor, bool is_unplugged) {
  if (sensor == "co2") chimney.is_co2_unplugged = is_unplugged;
  if (sensor == "thermocouple") chimney.is_thermocouple_open = is_unplugged;
  if (sensor == "pitot") chimney.is_pitot_unplugged = is_unplugged;
  if (sensor == "barometer") chimney.is_barometer_unplugged = is_unplugged;
}

}  // namespace

bool GasTable::read(const std::string& text, std::string& error) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string first, more;
    if (!(words >> first)) continue;
    Moment moment;
    char* end = nullptr;
    moment.unix_s = std::strtod(first.c_str(), &end);
    words >> moment.co2_ppm >> moment.temperature_c >> moment.differential_pressure_pa >> moment.pressure_pa;
    const bool is_later = moments_.empty() || moment.unix_s > moments_.back().unix_s;
    if (*end != '\0' || words.fail() || words >> more || !is_later) {
      error = "line " + std::to_string(number) + ": " + line;
      return false;
    }
    moments_.push_back(moment);
  }
  return true;
}

void GasTable::show(double unix_s, Chimney& chimney) const {
  const auto later = std::upper_bound(moments_.begin(), moments_.end(), unix_s,
                                      [](double wanted_s, const Moment& moment) { return wanted_s < moment.unix_s; });
  const Moment& after = later == moments_.end() ? moments_.back() : *later;
  const Moment& before = later == moments_.begin() ? moments_.front() : *(later - 1);
  const double span_s = after.unix_s - before.unix_s;
  const double share = span_s > 0 ? (unix_s - before.unix_s) / span_s : 0;
  const auto between = [share](double from, double to) { return from + share * (to - from); };
  chimney.co2_ppm = between(before.co2_ppm, after.co2_ppm);
  chimney.temperature_c = between(before.temperature_c, after.temperature_c);
  chimney.differential_pressure_pa = between(before.differential_pressure_pa, after.differential_pressure_pa);
  chimney.pressure_pa = between(before.pressure_pa, after.pressure_pa);
}

bool Scenario::read(const std::string& text, std::string& error) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    Event event;
    std::string seconds, more;
    if (!(words >> seconds)) continue;
    char* end = nullptr;
    event.at_s = std::strtod(seconds.c_str(), &end);
    words >> event.what >> event.argument;
    const bool is_sound = *end == '\0' && event.at_s >= 0 && is_known(event) && !(words >> more);
    const bool is_in_order = events_.empty() || events_.back().at_s <= event.at_s;
    if (!is_sound || !is_in_order) {
      error = "line " + std::to_string(number) + ": " + line + (is_sound ? " (earlier than the line before)" : "");
      return false;
    }
    events_.push_back(event);
  }
  return true;
}

bool Scenario::is_known(const Event& event) const {
  if (is_one_of(event.what, {"unplug", "plug"})) {
    return is_one_of(event.argument, {"co2", "thermocouple", "pitot", "barometer"});
  }
  if (event.what == "clock") return is_one_of(event.argument, {"set", "unset"});
  if (event.what == "noise") return is_one_of(event.argument, {"on", "off"});
  if (is_one_of(event.what, {"drift", "supply", "signal"})) return !event.argument.empty();
  if (event.what == "again") return event.argument.empty() && event.at_s > 0;
  return event.argument.empty() &&
         is_one_of(event.what, {"firing", "idle", "saturation", "reboot", "power_cut", "stop"});
}

NodeEvent Scenario::advance(double seconds, Chimney& chimney, bool& is_clock_set, double unix_s) {
  while (next_ < events_.size() && begun_s_ + events_[next_].at_s <= seconds) {
    const NodeEvent event = happen(events_[next_++], chimney, is_clock_set);
    if (event != NodeEvent::none) return event;
  }
  chimney.co2_drift_ppm += drift_ppm_per_s_ * (seconds - last_s_);
  last_s_ = seconds;
  show_gas(seconds, unix_s, chimney);
  return NodeEvent::none;
}

void Scenario::show_gas(double seconds, double unix_s, Chimney& chimney) const {
  if (!gas_.is_empty() && is_firing_) {
    gas_.show(unix_s, chimney);
    if (is_saturated_) chimney.co2_ppm = 1e6;
    return;
  }
  // A stoker's rhythm: wood every ten minutes.
  const double wave = std::sin(kTau * seconds / 600.0);
  chimney.co2_ppm = is_saturated_ ? 1e6 : is_firing_ ? 93'000 + 20'000 * wave : 430;
  chimney.temperature_c = is_firing_ ? 185 + 25 * wave : 24;
  chimney.differential_pressure_pa = is_firing_ ? 5.3 + 1.2 * wave : 0.02;
}

NodeEvent Scenario::happen(const Event& event, Chimney& chimney, bool& is_clock_set) {
  if (event.what == "firing" || event.what == "idle") {
    is_firing_ = event.what == "firing";
    is_saturated_ = false;
  }
  if (event.what == "saturation") is_saturated_ = true;
  if (event.what == "drift") drift_ppm_per_s_ = std::strtod(event.argument.c_str(), nullptr);
  if (event.what == "supply") chimney.supply_v = std::strtod(event.argument.c_str(), nullptr);
  if (event.what == "signal") chimney.rssi_dbm = static_cast<int>(std::strtol(event.argument.c_str(), nullptr, 10));
  if (event.what == "noise") chimney.is_line_noisy = event.argument == "on";
  if (event.what == "clock") is_clock_set = event.argument == "set";
  if (event.what == "unplug" || event.what == "plug") set_plug(chimney, event.argument, event.what == "unplug");
  if (event.what == "again") {
    begun_s_ += event.at_s;
    next_ = 0;
  }
  if (event.what == "reboot") return NodeEvent::reboot;
  if (event.what == "power_cut") return NodeEvent::power_cut;
  return event.what == "stop" ? NodeEvent::stop : NodeEvent::none;
}

}  // namespace ct
