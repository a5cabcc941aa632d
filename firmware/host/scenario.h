// A scenario file: what happens to the chimney, the sensors and the node, and when. One line an event:
//
//   <seconds> <what> [argument]        # comment
//
// firing, idle, saturation, drift <ppm a second>, noise on|off, unplug|plug co2|thermocouple|pitot|barometer,
// clock set|unset, reboot (planned), power_cut, stop. The seconds count from the start of the process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulated_sensors.h"

namespace ct {

enum class NodeEvent { none, reboot, power_cut, stop };

class Scenario {
 public:
  // False, with the line and what is wrong with it.
  bool read(const std::string& text, std::string& error);
  // Brings the chimney to this moment; gives what the node is to suffer, one event a call.
  NodeEvent advance(double seconds, Chimney& chimney, bool& is_clock_set);

 private:
  struct Event {
    double at_s = 0;
    std::string what, argument;
  };
  bool is_known(const Event& event) const;
  NodeEvent happen(const Event& event, Chimney& chimney, bool& is_clock_set);

  std::vector<Event> events_;
  size_t next_ = 0;
  double last_s_ = 0, drift_ppm_per_s_ = 0;
  bool is_firing_ = true, is_saturated_ = false;
};

}  // namespace ct
