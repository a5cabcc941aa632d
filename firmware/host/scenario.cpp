#include "scenario.h"

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
  if (event.what == "drift") return !event.argument.empty();
  return event.argument.empty() &&
         is_one_of(event.what, {"firing", "idle", "saturation", "reboot", "power_cut", "stop"});
}

NodeEvent Scenario::advance(double seconds, Chimney& chimney, bool& is_clock_set) {
  while (next_ < events_.size() && events_[next_].at_s <= seconds) {
    const NodeEvent event = happen(events_[next_++], chimney, is_clock_set);
    if (event != NodeEvent::none) return event;
  }
  chimney.co2_drift_ppm += drift_ppm_per_s_ * (seconds - last_s_);
  last_s_ = seconds;
  // A stoker's rhythm: wood every ten minutes.
  const double wave = std::sin(kTau * seconds / 600.0);
  chimney.co2_ppm = is_saturated_ ? 1e6 : is_firing_ ? 93'000 + 20'000 * wave : 430;
  chimney.temperature_c = is_firing_ ? 185 + 25 * wave : 24;
  chimney.differential_pressure_pa = is_firing_ ? 5.3 + 1.2 * wave : 0.02;
  return NodeEvent::none;
}

NodeEvent Scenario::happen(const Event& event, Chimney& chimney, bool& is_clock_set) {
  if (event.what == "firing" || event.what == "idle") {
    is_firing_ = event.what == "firing";
    is_saturated_ = false;
  }
  if (event.what == "saturation") is_saturated_ = true;
  if (event.what == "drift") drift_ppm_per_s_ = std::strtod(event.argument.c_str(), nullptr);
  if (event.what == "noise") chimney.is_line_noisy = event.argument == "on";
  if (event.what == "clock") is_clock_set = event.argument == "set";
  if (event.what == "unplug" || event.what == "plug") set_plug(chimney, event.argument, event.what == "unplug");
  if (event.what == "reboot") return NodeEvent::reboot;
  if (event.what == "power_cut") return NodeEvent::power_cut;
  return event.what == "stop" ? NodeEvent::stop : NodeEvent::none;
}

}  // namespace ct
