// Flow and CO2 rate of one reading with the device's own geometry: for local limits, a display, the installer. The
// server computes every figure that counts from its own registry.
#pragma once

#include <cmath>

#include "reading.h"
#include "settings.h"

namespace ct {

struct LocalFigures {
  double flow_m3s = NAN;
  double co2_kg_per_s = NAN;
};

// NAN where a value is missing, impossible, or the settings have no geometry.
LocalFigures local_figures(const Settings& settings, const Reading& reading);

}  // namespace ct
