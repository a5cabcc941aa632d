// A scenario file: what happens to the chimney, the sensors and the node, and when. One line an event:
//
//   <seconds> <what> [argument]        # comment
//
// firing, idle, saturation, drift <ppm a second>, noise on|off, unplug|plug co2|thermocouple|pitot|barometer,
// supply <V>, signal <dBm> (what the board says of itself; 0: unknown), clock set|unset, reboot (planned), power_cut,
// stop, again (from the first line on). The seconds count from the start of the process.
//
// A gas file says what is in the chimney at which time of day, in place of the stoker's rhythm here; one line a moment:
//
//   <Unix seconds> <CO2 ppm> <gas C> <pitot's differential Pa> <stack Pa>
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "simulated_sensors.h"

namespace ct {

// Between two moments a straight line; before the first and after the last, that one.
class GasTable {
 public:
  // False, with the line and what is wrong with it.
  bool read(const std::string& text, std::string& error);
  bool is_empty() const { return moments_.empty(); }
  void show(double unix_s, Chimney& chimney) const;

 private:
  struct Moment {
    double unix_s = 0, co2_ppm = 0, temperature_c = 0, differential_pressure_pa = 0, pressure_pa = 0;
  };
  std::vector<Moment> moments_;
};

enum class NodeEvent { none, reboot, power_cut, stop };

class Scenario {
 public:
  // False, with the line and what is wrong with it.
  bool read(const std::string& text, std::string& error);
  // The contents of the chimney whenever it is neither idle nor saturated, instead of the built-in rhythm.
  void use_gas(GasTable gas) { gas_ = std::move(gas); }
  // Brings the chimney to this moment; returns the next fault for the node, one a call. `unix_s` is the time of day,
  // for the gas table.
  NodeEvent advance(double seconds, Chimney& chimney, bool& is_clock_set, double unix_s = 0);

 private:
  struct Event {
    double at_s = 0;
    std::string what, argument;
  };
  bool is_known(const Event& event) const;
  void show_gas(double seconds, double unix_s, Chimney& chimney) const;
  NodeEvent happen(const Event& event, Chimney& chimney, bool& is_clock_set);

  std::vector<Event> events_;
  GasTable gas_;
  size_t next_ = 0;
  double last_s_ = 0, drift_ppm_per_s_ = 0, begun_s_ = 0;
  bool is_firing_ = true, is_saturated_ = false;
};

}  // namespace ct
