// The chimney: area, flow, density, CO2 mass rate, pressure, water, as in science/ of the server and with its limits.
// The server computes every total from its own geometry; these figures serve local limits and the installer.
// vectors/stack.json is read by the tests of both languages.
#pragma once

namespace ct::stack {

// science/constants.py, each with its source there.
inline constexpr double kGasConstantJPerMolK = 8.31446261815324;
inline constexpr double kMolarMassCo2KgPerMol = 0.0440095;
inline constexpr double kStandardPressurePa = 101'325.0;
inline constexpr double kZeroCelsiusK = 273.15;
// Wet smoke of wood at 10 to 14 % CO2; only the pitot's velocity depends on it, by half its error.
inline constexpr double kMolarMassFlueGasKgPerMol = 0.0295;
inline constexpr double kPitotCoefficientSType = 0.84;

// science/limits.py.
inline constexpr double kMaxDimensionM = 5.0;
inline constexpr double kMaxVelocityMs = 40.0;
inline constexpr double kMinPressurePa = 65'000.0, kMaxPressurePa = 108'000.0;
inline constexpr double kMinTemperatureC = -10.0, kMaxTemperatureC = 900.0;
inline constexpr double kMaxRateKgPerS = 50.0;

// Where science/ raises ValueError, these give the reason; `out` is written only with `ok`.
enum class Result { ok, dimension, velocity, area, fraction, pressure, temperature, rate, reversed, density, moisture };

Result rectangle_area_m2(double width_m, double height_m, double& out);
Result circle_area_m2(double diameter_m, double& out);
Result flow_rate_m3s(double velocity_ms, double area_m2, double velocity_profile_factor, double& out);
Result gas_density_kg_per_m3(double pressure_pa, double temperature_k, double molar_mass_kg_per_mol, double& out);
Result co2_density_kg_per_m3(double pressure_pa, double temperature_k, double& out);
// m = x_wet Q P M / (R T)
Result co2_kg_per_s(double co2_fraction_wet, double flow_m3s, double pressure_pa, double temperature_k, double& out);
Result co2_wet_from_dry(double co2_fraction_dry, double moisture_fraction, double& out);
// C_p sqrt(2 dP / rho)
Result pitot_velocity_ms(double differential_pressure_pa, double gas_density_kg_per_m3, double coefficient,
                         double& out);
Result isa_pressure_pa(double altitude_m, double& out);
double net_co2_fraction(double co2_fraction, double background_fraction);
// What a reading of an uncompensated NDIR is multiplied by.
double proportional_pressure_factor(double pressure_pa, double calibration_pressure_pa);

}  // namespace ct::stack
