// The physics, against the file that tests/firmware/test_vectors.py holds against science/.
#include <cmath>
#include <cstring>

#include "local_figures.h"
#include "stack.h"
#include "vector_file.h"

using namespace ct;

namespace {

// Calls by name; the inputs are read by the names that Python uses.
stack::Result call(const std::string& quantity, const Json& in, double& out) {
  const auto input = [&in](const char* name) { return number_of(in[name]); };
  if (quantity == "rectangle_area_m2") return stack::rectangle_area_m2(input("width_m"), input("height_m"), out);
  if (quantity == "circle_area_m2") return stack::circle_area_m2(input("diameter_m"), out);
  if (quantity == "flow_rate_m3s") {
    return stack::flow_rate_m3s(input("velocity_ms"), input("area_m2"), input("velocity_profile_factor"), out);
  }
  if (quantity == "gas_density_kg_per_m3") {
    return stack::gas_density_kg_per_m3(input("pressure_pa"), input("temperature_k"), input("molar_mass_kg_per_mol"),
                                        out);
  }
  if (quantity == "co2_density_kg_per_m3") {
    return stack::co2_density_kg_per_m3(input("pressure_pa"), input("temperature_k"), out);
  }
  if (quantity == "co2_kg_per_s") {
    return stack::co2_kg_per_s(input("co2_fraction_wet"), input("flow_rate_m3s"), input("pressure_pa"),
                               input("temperature_k"), out);
  }
  if (quantity == "co2_wet_from_dry") {
    return stack::co2_wet_from_dry(input("co2_fraction_dry"), input("moisture_fraction"), out);
  }
  if (quantity == "pitot_velocity_ms") {
    return stack::pitot_velocity_ms(input("differential_pressure_pa"), input("gas_density_kg_per_m3"),
                                    input("coefficient"), out);
  }
  if (quantity == "isa_pressure_pa") return stack::isa_pressure_pa(input("altitude_m"), out);
  if (quantity == "net_co2_fraction") {
    out = stack::net_co2_fraction(input("co2_fraction"), input("background_fraction"));
    return stack::Result::ok;
  }
  REQUIRE(quantity == "proportional_pressure_factor");
  out = stack::proportional_pressure_factor(input("pressure_pa"), input("calibration_pressure_pa"));
  return stack::Result::ok;
}

const char* name_of(stack::Result result) {
  switch (result) {
    case stack::Result::ok: return "ok";
    case stack::Result::dimension: return "dimension";
    case stack::Result::velocity: return "velocity";
    case stack::Result::area: return "area";
    case stack::Result::fraction: return "fraction";
    case stack::Result::pressure: return "pressure";
    case stack::Result::temperature: return "temperature";
    case stack::Result::rate: return "rate";
    case stack::Result::reversed: return "reversed";
    case stack::Result::density: return "density";
    case stack::Result::moisture: return "moisture";
  }
  return "";
}

// Half a unit of the last digit printed, as tests/science/builders.py takes it.
double half_unit(const std::string& printed) {
  const size_t mantissa = printed.find('e');
  const int exponent = mantissa == std::string::npos ? 0 : std::atoi(printed.c_str() + mantissa + 1);
  const std::string digits = printed.substr(0, mantissa);
  const size_t point = digits.find('.');
  const int places = point == std::string::npos ? 0 : static_cast<int>(digits.size() - point - 1);
  return 0.5 * std::pow(10.0, exponent - places) * (1 + 1e-6);
}

}  // namespace

TEST_SUITE_BEGIN("stack");

TEST_CASE("every case of the vector file gives its value and its printed figure") {
  const std::string text = read_text_file(STACK_VECTORS);
  const Json file = Json::parse(text.data(), text.size());
  REQUIRE(file.exists());
  size_t at = 0, count = 0;
  for (Json item; file["cases"].next(at, item); ++count) {
    const std::string quantity = text_of(item["quantity"]);
    CAPTURE(quantity);
    CAPTURE(count);
    double value = NAN;
    REQUIRE(call(quantity, item["inputs"], value) == stack::Result::ok);
    const double wanted = number_of(item["value"]);
    CHECK(std::fabs(value - wanted) <= 1e-12 * std::fabs(wanted));
    if (item["printed"].kind() == JsonKind::text) {
      const std::string printed = text_of(item["printed"]);
      CHECK(std::fabs(value - std::atof(printed.c_str())) <= half_unit(printed));
    }
  }
  CHECK(count >= 30);
}

TEST_CASE("what science/ refuses is refused for the same reason") {
  const std::string text = read_text_file(STACK_VECTORS);
  const Json file = Json::parse(text.data(), text.size());
  size_t at = 0, count = 0;
  for (Json item; file["refused"].next(at, item); ++count) {
    double value = -1;
    const stack::Result result = call(text_of(item["quantity"]), item["inputs"], value);
    CHECK(text_of(item["reason"]) == name_of(result));
    CHECK(value == -1);
  }
  CHECK(count >= 10);
}

TEST_CASE("what is no number gives a reason and no value") {
  double out = -1;
  CHECK(stack::flow_rate_m3s(NAN, 1, 1, out) == stack::Result::velocity);
  CHECK(stack::co2_kg_per_s(NAN, 1, 80'000, 300, out) == stack::Result::fraction);
  CHECK(stack::co2_kg_per_s(0.1, HUGE_VAL, 80'000, 300, out) == stack::Result::velocity);
  CHECK(stack::co2_density_kg_per_m3(NAN, 300, out) == stack::Result::pressure);
  CHECK(out == -1);
}

TEST_CASE("a whole reading: vectors 3 and 4 with the device's own geometry") {
  Settings settings;
  REQUIRE(stack::circle_area_m2(0.9, settings.area_m2) == stack::Result::ok);
  std::strcpy(settings.co2_basis, "wet");
  Reading reading;
  reading.values[kCo2Ppm] = 96'000.0f;
  reading.values[kTemperatureC] = 210.0f;
  reading.values[kVelocityMs] = 4.1f;
  reading.values[kPressurePa] = 79'495.5f;
  CHECK(local_figures(settings, reading).flow_m3s == doctest::Approx(2.60831).epsilon(1e-5));
  CHECK(local_figures(settings, reading).co2_kg_per_s == doctest::Approx(0.218073).epsilon(1e-5));
  std::strcpy(settings.co2_basis, "dry");
  reading.values[kCo2Ppm] = 110'000.0f;
  CHECK(local_figures(settings, reading).co2_kg_per_s == doctest::Approx(0.217392).epsilon(1e-5));
}

TEST_CASE("no geometry, no temperature: no figure, not zero") {
  Settings settings;
  Reading reading;
  reading.values[kCo2Ppm] = 96'000.0f;
  reading.values[kVelocityMs] = 4.1f;
  CHECK(std::isnan(local_figures(settings, reading).flow_m3s));
  settings.area_m2 = 0.6;
  CHECK(local_figures(settings, reading).flow_m3s == doctest::Approx(2.46));
  CHECK(std::isnan(local_figures(settings, reading).co2_kg_per_s));
}

TEST_SUITE_END();
