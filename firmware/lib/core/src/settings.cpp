#include "settings.h"

#include <cstdio>
#include <cstring>

#include "json_reader.h"
#include "stack.h"

namespace ct {

namespace {

bool wrong(SettingsError& error, const char* name, const char* text) {
  std::snprintf(error.text, sizeof error.text, "%s %s", name, text);
  return false;
}

bool read_text(const Json& file, const char* name, char* out, size_t capacity, SettingsError& error) {
  const Json value = file[name];
  if (!value.exists()) return true;
  if (value.as_text(out, capacity)) return true;
  std::snprintf(error.text, sizeof error.text, "%s must be a text of at most %u characters", name,
                static_cast<unsigned>(capacity - 1));
  return false;
}

// The place of the text among `choices`, into `out`; left alone where the key is missing.
bool read_choice(const Json& file, const char* name, const char* const* choices, int count, int& out,
                 SettingsError& error) {
  const Json value = file[name];
  if (!value.exists()) return true;
  char text[24] = {};
  value.as_text(text, sizeof text);
  for (int i = 0; i < count; ++i) {
    if (std::strcmp(text, choices[i]) == 0) {
      out = i;
      return true;
    }
  }
  size_t used = static_cast<size_t>(std::snprintf(error.text, sizeof error.text, "%s must be one of", name));
  for (int i = 0; i < count && used < sizeof error.text; ++i) {
    used += static_cast<size_t>(std::snprintf(error.text + used, sizeof error.text - used, " \"%s\"", choices[i]));
  }
  return false;
}

struct NumberRule {
  const char* name;
  double* out;
  double low, high;
  const char* unit;
};

bool read_numbers(const Json& file, const NumberRule* rules, size_t count, SettingsError& error) {
  for (size_t i = 0; i < count; ++i) {
    const NumberRule& rule = rules[i];
    const Json value = file[rule.name];
    if (!value.exists() || value.kind() == JsonKind::null) continue;
    double number = 0;
    if (value.as_number(number) && number >= rule.low && number <= rule.high) {
      *rule.out = number;
      continue;
    }
    std::snprintf(error.text, sizeof error.text, "%s=%.*s must be a number from %g to %g %s", rule.name,
                  static_cast<int>(value.size() < 40 ? value.size() : 40), value.begin(), rule.low, rule.high,
                  rule.unit);
    return false;
  }
  return true;
}

bool read_ca(const Json& file, Settings& out, SettingsError& error) {
  if (file["ca"].exists() && file["ca_file"].exists()) {
    return wrong(error, "ca", "stands beside ca_file: give the text or the path, so that it is clear which is pinned");
  }
  if (!read_text(file, "ca_file", out.ca, sizeof out.ca, error) ||
      !read_text(file, "ca", out.ca, sizeof out.ca, error)) {
    return false;
  }
  if (!file["ca"].exists() || is_pem(out.ca)) return true;
  return wrong(error, "ca", "must be the text of a PEM certificate, from -----BEGIN CERTIFICATE----- to its END line");
}

bool read_login(const Json& file, Settings& out, SettingsError& error) {
  double port = out.port;
  const NumberRule rule = {"port", &port, 1, 65535, ""};
  if (!read_text(file, "device_id", out.device_id, sizeof out.device_id, error) ||
      !read_text(file, "password", out.password, sizeof out.password, error) ||
      !read_text(file, kPreviousPassword, out.previous_password, sizeof out.previous_password, error) ||
      !read_text(file, "host", out.host, sizeof out.host, error) || !read_ca(file, out, error) ||
      !read_numbers(file, &rule, 1, error)) {
    return false;
  }
  out.port = static_cast<uint16_t>(port);
  if (!is_device_id(out.device_id)) return wrong(error, "device_id", "must have 3 to 64 of A-Z a-z 0-9 _ -");
  if (out.password[0] == '\0') return wrong(error, "password", "is missing: provision_device prints it once");
  if (out.host[0] == '\0') return wrong(error, "host", "is missing: the broker's name, as in its certificate");
  const bool is_here = std::strcmp(out.host, "localhost") == 0 || std::strcmp(out.host, "127.0.0.1") == 0;
  if (out.ca[0] == '\0' && !is_here) {
    return wrong(error, "ca", "is missing: without it a password would cross the network unencrypted");
  }
  return true;
}

bool read_sensors(const Json& file, Settings& out, SettingsError& error) {
  static const char* const kCo2[] = {"mhz19", "gss", "stc31"};
  static const char* const kThermocouples[] = {"max31855", "max6675"};
  static const char* const kVelocities[] = {"sdp8xx", "pulse", "loop"};
  static const char* const kBarometers[] = {"none", "bme280"};
  static const char* const kBases[] = {"wet", "dry"};
  static const char* const kCompensations[] = {"none", "linear_0017", "proportional", "on_sensor"};
  static constexpr double kUsualWarmUpS[] = {180, 60, 10};
  int co2 = static_cast<int>(out.co2_sensor), thermocouple = 0, velocity = 0, barometer = 1, basis = 1;
  int compensation = 0;
  if (!read_choice(file, "co2_sensor", kCo2, 3, co2, error) ||
      !read_choice(file, "thermocouple", kThermocouples, 2, thermocouple, error) ||
      !read_choice(file, "velocity_sensor", kVelocities, 3, velocity, error) ||
      !read_choice(file, "barometer", kBarometers, 2, barometer, error) ||
      !read_choice(file, "co2_basis", kBases, 2, basis, error) ||
      !read_choice(file, "pressure_compensation", kCompensations, 4, compensation, error)) {
    return false;
  }
  out.co2_sensor = static_cast<Co2Sensor>(co2);
  out.warm_up_s = kUsualWarmUpS[co2];
  out.thermocouple = static_cast<ThermocoupleChip>(thermocouple);
  out.velocity_sensor = static_cast<VelocitySensor>(velocity);
  out.has_barometer = barometer == 1;
  std::snprintf(out.co2_basis, sizeof out.co2_basis, "%s", kBases[basis]);
  std::snprintf(out.pressure_compensation, sizeof out.pressure_compensation, "%s", kCompensations[compensation]);
  std::snprintf(out.sensor, sizeof out.sensor, "%s", kCo2[co2]);
  return read_text(file, "sensor", out.sensor, sizeof out.sensor, error);
}

bool read_chimney(const Json& file, Settings& out, SettingsError& error) {
  double diameter_m = 0, width_m = 0, height_m = 0;
  const double most = stack::kMaxDimensionM;
  const NumberRule rules[] = {
      {"diameter_m", &diameter_m, 0.01, most, "m, measured inside"},
      {"width_m", &width_m, 0.01, most, "m, measured inside"},
      {"height_m", &height_m, 0.01, most, "m, measured inside"},
      {"velocity_profile_factor", &out.velocity_profile_factor, 0.1, 1.2, ""},
      {"altitude_m", &out.altitude_m, -500, 9000, "m above the sea"},
      {"moisture_fraction", &out.moisture_fraction, 0, 0.5, ""},
  };
  if (!read_numbers(file, rules, sizeof rules / sizeof rules[0], error)) return false;
  if (diameter_m != 0 && (width_m != 0 || height_m != 0)) {
    return wrong(error, "diameter_m", "stands beside width_m and height_m: a chimney is round or it is not");
  }
  if (diameter_m != 0) stack::circle_area_m2(diameter_m, out.area_m2);
  if ((width_m != 0) != (height_m != 0))
    return wrong(error, "width_m", "and height_m are given together or not at all");
  if (width_m != 0) stack::rectangle_area_m2(width_m, height_m, out.area_m2);
  return true;
}

bool read_measuring(const Json& file, Settings& out, SettingsError& error) {
  double interval_s = out.interval_ms / 1000.0, live_batch = static_cast<double>(out.live_batch);
  const NumberRule rules[] = {
      {"interval_s", &interval_s, 0.02, 3600, "s"},
      {"live_batch", &live_batch, 1, 12, "readings"},
      {"range_ppm", &out.range_ppm, 1, 1e6, "ppm"},
      {"warm_up_s", &out.warm_up_s, 0, 3600, "s"},
      {"pitot_coefficient", &out.pitot_coefficient, 0.5, 1.2, ""},
      {"pulse_ms_per_hz", &out.pulse_ms_per_hz, 0.0001, 10, "m/s per Hz"},
      {"pulse_offset_ms", &out.pulse_offset_ms, 0, 5, "m/s"},
      {"loop_full_scale_ms", &out.loop_full_scale_ms, 0.1, 40, "m/s at 20 mA"},
      {"co2_high_ppm", &out.limits.co2_high_ppm, 0, 1e6, "ppm"},
      {"temperature_high_c", &out.limits.temperature_high_c, -50, 1500, "C"},
      {"temperature_low_c", &out.limits.temperature_low_c, -50, 1500, "C"},
      {"flow_high_m3s", &out.limits.flow_high_m3s, 0, 1000, "m3/s"},
      {"flow_low_m3s", &out.limits.flow_low_m3s, 0, 1000, "m3/s"},
  };
  if (!read_numbers(file, rules, sizeof rules / sizeof rules[0], error)) return false;
  out.interval_ms = static_cast<uint32_t>(std::lround(interval_s * 1000.0));
  out.live_batch = static_cast<size_t>(live_batch);
  if (out.range_ppm == 0) return wrong(error, "range_ppm", "is missing: full scale of the CO2 sensor, in ppm");
  return true;
}

}  // namespace

bool is_device_id(const char* text) {
  const size_t size = std::strlen(text);
  const char* allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return size >= 3 && size <= 64 && std::strspn(text, allowed) == size;
}

bool is_pem(const char* text) {
  static constexpr char kBegin[] = "-----BEGIN CERTIFICATE-----\n", kEnd[] = "\n-----END CERTIFICATE-----";
  return std::strncmp(text, kBegin, sizeof kBegin - 1) == 0 && std::strstr(text, kEnd) != nullptr;
}

bool read_settings(const char* text, size_t size, Settings& out, SettingsError& error) {
  out = Settings();
  const Json file = Json::parse(text, size);
  if (file.kind() != JsonKind::object) return wrong(error, "settings", "are no JSON object");
  return read_login(file, out, error) && read_sensors(file, out, error) && read_chimney(file, out, error) &&
         read_measuring(file, out, error);
}

}  // namespace ct
