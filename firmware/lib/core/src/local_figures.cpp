#include "local_figures.h"

#include <cstring>

#include "stack.h"

namespace ct {

LocalFigures local_figures(const Settings& settings, const Reading& reading) {
  LocalFigures figures;
  const double velocity_ms = static_cast<double>(reading.values[kVelocityMs]);
  double flow_m3s = 0, pressure_pa = static_cast<double>(reading.values[kPressurePa]), fraction = 0, rate = 0;
  if (settings.area_m2 <= 0 || stack::flow_rate_m3s(velocity_ms, settings.area_m2, settings.velocity_profile_factor,
                                                    flow_m3s) != stack::Result::ok) {
    return figures;
  }
  figures.flow_m3s = flow_m3s;
  const bool is_usable = pressure_pa >= stack::kMinPressurePa && pressure_pa <= stack::kMaxPressurePa;
  if (!is_usable && stack::isa_pressure_pa(settings.altitude_m, pressure_pa) != stack::Result::ok) return figures;
  double co2_ppm = static_cast<double>(reading.values[kCo2Ppm]);
  if (std::strcmp(settings.pressure_compensation, "proportional") == 0) {
    co2_ppm *= stack::proportional_pressure_factor(pressure_pa, stack::kStandardPressurePa);
  } else if (std::strcmp(settings.pressure_compensation, "linear_0017") == 0) {
    return figures;  // valid near sea level only, and needs the calibration's pressure, which only the server has
  }
  fraction = co2_ppm * 1e-6;
  const bool is_dry = std::strcmp(settings.co2_basis, "dry") == 0;
  if (is_dry && stack::co2_wet_from_dry(fraction, settings.moisture_fraction, fraction) != stack::Result::ok) {
    return figures;
  }
  const double temperature_k = static_cast<double>(reading.values[kTemperatureC]) + stack::kZeroCelsiusK;
  if (stack::co2_kg_per_s(fraction, flow_m3s, pressure_pa, temperature_k, rate) == stack::Result::ok) {
    figures.co2_kg_per_s = rate;
  }
  return figures;
}

}  // namespace ct
