// Any text as the settings file: what is accepted is within the bounds that README.md states, what is not says why.
#include "fuzzing.h"
#include "settings.h"

using namespace ct;
using ct::fuzz::is_ended;
using ct::fuzz::is_within;
using ct::fuzz::must;

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const char* text = reinterpret_cast<const char*>(bytes);
  Settings settings;
  SettingsError error;
  if (!read_settings(text, size, settings, error)) {
    must(is_ended(error.text) && error.text[0] != '\0', "a refusal says why");
    return 0;
  }
  must(is_device_id(settings.device_id), "the device has a name");
  must(settings.password[0] != '\0' && is_ended(settings.password), "it has a password");
  must(settings.host[0] != '\0' && is_ended(settings.host), "it has a broker");
  must(settings.port >= 1, "a port is 1 to 65535");
  must(settings.interval_ms >= 20 && settings.interval_ms <= 3'600'000, "an interval is 0.02 to 3600 s");
  must(settings.live_batch >= 1 && settings.live_batch <= 12, "a live message has 1 to 12 readings");
  must(is_within(settings.range_ppm, 1, 1e6), "a range is 1 to 1,000,000 ppm");
  must(is_within(settings.area_m2, 0, 1e4), "an area is a number");
  must(is_within(settings.altitude_m, -500, 9000), "an altitude is one of a place on land");
  must(is_within(settings.moisture_fraction, 0, 0.5), "moisture is a fraction");
  must(is_ended(settings.sensor) && is_ended(settings.co2_basis) && is_ended(settings.pressure_compensation),
       "every text ends in its buffer");
  return 0;
}
