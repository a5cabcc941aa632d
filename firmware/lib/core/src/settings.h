// What differs from device to device: its identity, its sensors, its chimney. Read from the JSON that
// `provision_device --firmware-config` writes, or the one of --json (device_id, password, host, port, ca_file) with the
// further keys of README.md; every value is checked before any of it is used, and keys that are not the core's (Wi-Fi)
// are left to the shell.
#pragma once

#include <cstddef>
#include <cstdint>

#include "commands.h"

namespace ct {

enum class Co2Sensor { mhz19, gss, stc31 };
enum class ThermocoupleChip { max31855, max6675 };
enum class VelocitySensor { sdp8xx, pulse, loop };

inline constexpr size_t kCaBytes = 2560;  // an RSA root of 4096 bits takes 1,939

struct Settings {
  char device_id[65] = {};
  char password[kSecretBytes] = {};
  char previous_password[kSecretBytes] = {};  // while `password` is not proved yet; else empty
  char host[129] = {};
  uint16_t port = 8883;
  // The pinned CA: its PEM text (key `ca`), or on the host a path (`ca_file`); empty: plain TCP to this machine only.
  char ca[kCaBytes] = {};

  uint32_t interval_ms = 5000;
  size_t live_batch = 1;

  Co2Sensor co2_sensor = Co2Sensor::gss;
  char sensor[41] = {};  // as the registry names it
  double range_ppm = 0;
  char co2_basis[4] = "dry";
  char pressure_compensation[16] = "none";
  double warm_up_s = 60;

  ThermocoupleChip thermocouple = ThermocoupleChip::max31855;
  VelocitySensor velocity_sensor = VelocitySensor::sdp8xx;
  bool has_barometer = true;
  double pitot_coefficient = 0.84;
  double pulse_ms_per_hz = 0.1, pulse_offset_ms = 0;
  double loop_full_scale_ms = 20;

  double area_m2 = 0;  // 0: unknown, and then there is no local flow
  double velocity_profile_factor = 1;
  double altitude_m = 0;
  double moisture_fraction = 0.13;
  Limits limits;
};

// Written by the node alone, beside a `password` that the server gave anew.
inline constexpr char kPreviousPassword[] = "previous_password";

struct SettingsError {
  char text[160] = {};  // name, value, limit, remedy
};

bool is_device_id(const char* text);
bool is_pem(const char* text);
// False, with the first error; then `out` must not be used.
bool read_settings(const char* text, size_t size, Settings& out, SettingsError& error);

}  // namespace ct
