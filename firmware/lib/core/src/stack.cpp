#include "stack.h"

#include <cmath>

namespace ct::stack {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kMaxAreaM2 = kMaxDimensionM * kMaxDimensionM;
constexpr double kIsaLapseRateKPerM = 0.0065, kIsaSeaLevelK = 288.15, kIsaExponent = 5.25588;
constexpr double kMinAltitudeM = -500.0, kMaxAltitudeM = 9000.0;
constexpr double kMaxMoistureFraction = 0.5;

bool is_within(double value, double low, double high) { return value >= low && value <= high; }
bool is_positive(double value, double high = HUGE_VAL) { return value > 0.0 && value <= high && std::isfinite(value); }

}  // namespace

Result rectangle_area_m2(double width_m, double height_m, double& out) {
  if (!is_positive(width_m, kMaxDimensionM) || !is_positive(height_m, kMaxDimensionM)) return Result::dimension;
  out = width_m * height_m;
  return Result::ok;
}

Result circle_area_m2(double diameter_m, double& out) {
  if (!is_positive(diameter_m, kMaxDimensionM)) return Result::dimension;
  out = kPi * (diameter_m * diameter_m) / 4.0;
  return Result::ok;
}

Result flow_rate_m3s(double velocity_ms, double area_m2, double velocity_profile_factor, double& out) {
  if (!is_within(velocity_ms, 0.0, kMaxVelocityMs)) return Result::velocity;
  if (!is_positive(area_m2, kMaxAreaM2)) return Result::area;
  out = velocity_ms * area_m2 * velocity_profile_factor;
  return Result::ok;
}

Result gas_density_kg_per_m3(double pressure_pa, double temperature_k, double molar_mass_kg_per_mol, double& out) {
  if (!is_positive(pressure_pa)) return Result::pressure;
  if (!is_positive(temperature_k)) return Result::temperature;
  if (!is_positive(molar_mass_kg_per_mol)) return Result::density;
  out = pressure_pa * molar_mass_kg_per_mol / (kGasConstantJPerMolK * temperature_k);
  return Result::ok;
}

Result co2_density_kg_per_m3(double pressure_pa, double temperature_k, double& out) {
  return gas_density_kg_per_m3(pressure_pa, temperature_k, kMolarMassCo2KgPerMol, out);
}

Result co2_kg_per_s(double co2_fraction_wet, double flow_m3s, double pressure_pa, double temperature_k, double& out) {
  if (!is_within(co2_fraction_wet, 0.0, 1.0)) return Result::fraction;
  if (!(flow_m3s >= 0.0) || !std::isfinite(flow_m3s)) return Result::velocity;
  double density = 0.0;
  const Result result = co2_density_kg_per_m3(pressure_pa, temperature_k, density);
  if (result != Result::ok) return result;
  const double rate = co2_fraction_wet * flow_m3s * density;
  // The formula without 1e-6 gives 305,676 "kg/s" on the first vector; this is what stops it.
  if (!is_within(rate, 0.0, kMaxRateKgPerS)) return Result::rate;
  out = rate;
  return Result::ok;
}

Result co2_wet_from_dry(double co2_fraction_dry, double moisture_fraction, double& out) {
  if (!is_within(co2_fraction_dry, 0.0, 1.0)) return Result::fraction;
  if (!is_within(moisture_fraction, 0.0, kMaxMoistureFraction)) return Result::moisture;
  out = co2_fraction_dry * (1.0 - moisture_fraction);
  return Result::ok;
}

Result pitot_velocity_ms(double differential_pressure_pa, double gas_density_kg_per_m3, double coefficient,
                         double& out) {
  if (!(differential_pressure_pa >= 0.0) || !std::isfinite(differential_pressure_pa)) return Result::reversed;
  if (!is_positive(gas_density_kg_per_m3)) return Result::density;
  out = coefficient * std::sqrt(2.0 * differential_pressure_pa / gas_density_kg_per_m3);
  return Result::ok;
}

Result isa_pressure_pa(double altitude_m, double& out) {
  if (!is_within(altitude_m, kMinAltitudeM, kMaxAltitudeM)) return Result::pressure;
  out = kStandardPressurePa * std::pow(1.0 - kIsaLapseRateKPerM * altitude_m / kIsaSeaLevelK, kIsaExponent);
  return Result::ok;
}

double net_co2_fraction(double co2_fraction, double background_fraction) {
  const double net = co2_fraction - background_fraction;
  return net > 0.0 ? net : 0.0;
}

double proportional_pressure_factor(double pressure_pa, double calibration_pressure_pa) {
  return calibration_pressure_pa / pressure_pa;
}

}  // namespace ct::stack
