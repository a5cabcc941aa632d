#include "provisioning.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "json_writer.h"

namespace ct {

namespace {

constexpr const char* kKeptWhenPasted[] = {"wifi_ssid", "wifi_password", "time_server"};

// The keys that a device password belongs to. If one changes, the form asks for the password again; else the old
// password would be sent to another broker.
constexpr const char* kPasswordBelongsTo[] = {"device_id", "host", "port", "ca"};
constexpr char kUsualPort[] = "8883";

bool is_one_of(const char* name, const char* const* names, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (std::strcmp(name, names[i]) == 0) return true;
  }
  return false;
}

// Browsers and phones add line ends of two bytes and blanks before or after. A secret stays as it was typed.
void tidy(char* text, EntryKind kind) {
  if (kind == EntryKind::secret) return;
  size_t size = 0;
  for (const char* from = text; *from != '\0'; ++from) {
    if (*from == '\r' || (size == 0 && (*from == ' ' || *from == '\n'))) continue;
    text[size++] = *from;
  }
  while (size != 0 && (text[size - 1] == ' ' || text[size - 1] == '\n')) --size;
  text[size] = '\0';
}

// A text that is no number stays a text, so that the error of read_settings shows it as typed.
void put(JsonWriter& writer, EntryKind kind, const char* text) {
  double number = 0;
  const Json parsed = Json::parse(text, std::strlen(text));
  if (kind == EntryKind::number && parsed.as_number(number)) {
    writer.number(number);
  } else {
    writer.text(text);
  }
}

// False when it does not fit into `value`.
bool put_kept(JsonWriter& writer, const SettingKey& key, const Json& old, char* value, size_t capacity) {
  if (!old.exists() || old.kind() == JsonKind::null) return true;
  double number = 0;
  if (old.as_number(number)) {
    writer.key(key.name).number(number);
    return true;
  }
  if (old.kind() == JsonKind::text) {
    if (!old.as_text(value, capacity)) return false;
  } else {
    std::snprintf(value, capacity, "%.*s", static_cast<int>(old.size() < 40 ? old.size() : 40), old.begin());
  }
  writer.key(key.name).text(value);
  return true;
}

bool is_text(const Json& value, const char* wanted) {
  char text[64];  // longer than any network name
  return value.as_text(text, sizeof text) && std::strcmp(text, wanted) == 0;
}

// `old` as a form would send it, in `text`. False when it does not fit, and so is another than what did.
bool is_same(const SettingKey& key, const Json& old, const char* value, char* text, size_t capacity) {
  const bool is_port = std::strcmp(key.name, "port") == 0;
  if (old.kind() == JsonKind::text) {
    if (!old.as_text(text, capacity)) return false;
    tidy(text, key.kind);
  } else {
    const bool is_number = old.kind() == JsonKind::number;
    const int size = std::snprintf(text, capacity, "%.*s", is_number ? static_cast<int>(old.size()) : 0, old.begin());
    if (static_cast<size_t>(size) >= capacity) return false;
  }
  const char* before = is_port && text[0] == '\0' ? kUsualPort : text;
  return std::strcmp(before, is_port && value[0] == '\0' ? kUsualPort : value) == 0;
}

// Both buffers are only for reckoning.
bool is_other_login(const Json& old, EntrySource& form, char* value, size_t value_capacity, char* before,
                    size_t before_capacity) {
  const size_t count = sizeof kPasswordBelongsTo / sizeof kPasswordBelongsTo[0];
  for (size_t i = 0; i < kSettingKeyCount; ++i) {
    const SettingKey& key = kSettingKeys[i];
    if (!is_one_of(key.name, kPasswordBelongsTo, count)) continue;
    if (form.read(key.name, value, value_capacity) != EntrySource::Found::found) continue;
    tidy(value, key.kind);
    if (!is_same(key, old[key.name], value, before, before_capacity)) return true;
  }
  return false;
}

class SecretEntry : public EntrySource {
 public:
  SecretEntry(const char* secret, const char* previous) : secret_(secret), previous_(previous) {}
  Found read(const char* name, char* out, size_t capacity) override {
    const bool is_secret = std::strcmp(name, "password") == 0;
    if (!is_secret && std::strcmp(name, kPreviousPassword) != 0) return Found::missing;
    const int size = std::snprintf(out, capacity, "%s", is_secret ? secret_ : previous_);
    return static_cast<size_t>(size) < capacity ? Found::found : Found::too_long;
  }

 private:
  const char* secret_;
  const char* previous_;
};

MergeResult finish(JsonWriter& writer, size_t& size) {
  writer.end_object();
  size = writer.ok() ? writer.size() : 0;
  return writer.ok() ? MergeResult::ok : MergeResult::too_long;
}

bool wrong(SettingsError& error, const char* text) {
  std::snprintf(error.text, sizeof error.text, "%s", text);
  return false;
}

}  // namespace

const SettingKey kSettingKeys[] = {
    {"wifi_ssid", EntryKind::text, "Wi-Fi network", "its name, 2.4 GHz", {}},
    {"wifi_password", EntryKind::secret, "Wi-Fi password", "empty: stays as it is", {}},
    {"device_id", EntryKind::text, "Device id", "as registered: 3 to 64 of A-Z a-z 0-9 _ -", {}},
    {"password", EntryKind::secret, "Device password", "shown once when it was registered; empty: stays as it is", {}},
    {"host", EntryKind::text, "Broker", "its name, as in its certificate", {}},
    {"port", EntryKind::number, "Port", "8883 when empty", {}},
    {"ca", EntryKind::long_text, "CA certificate of the broker", "PEM text, with its BEGIN and END lines", {}},
    {"co2_sensor", EntryKind::choice, "CO2 sensor", "", {"gss", "mhz19", "stc31"}},
    {"range_ppm", EntryKind::number, "Full scale of the CO2 sensor", "ppm: 200000 for 20 %", {}},
    {"sensor", EntryKind::text, "Its name in the registry", "the kind when empty", {}},
    {"co2_basis", EntryKind::choice, "The gas it sees", "dry: behind a cooler", {"dry", "wet"}},
    {"pressure_compensation",
     EntryKind::choice,
     "Pressure compensation",
     "",
     {"none", "linear_0017", "proportional", "on_sensor"}},
    {"thermocouple", EntryKind::choice, "Thermocouple chip", "", {"max31855", "max6675"}},
    {"velocity_sensor", EntryKind::choice, "Velocity sensor", "sdp8xx: a pitot tube", {"sdp8xx", "pulse", "loop"}},
    {"barometer", EntryKind::choice, "Barometer", "", {"bme280", "none"}},
    {"diameter_m", EntryKind::number, "Inner diameter of a round chimney", "m", {}},
    {"width_m", EntryKind::number, "or inner width of a rectangular one", "m", {}},
    {"height_m", EntryKind::number, "and its inner depth", "m", {}},
    {"velocity_profile_factor", EntryKind::number, "Velocity profile factor", "1 when empty", {}},
    {"altitude_m", EntryKind::number, "Altitude", "m above the sea", {}},
    {"interval_s", EntryKind::number, "A reading every", "s; 5 when empty", {}},
    {"time_server", EntryKind::text, "Time server", "those of the NTP pool when empty", {}},
    {kPreviousPassword, EntryKind::secret, nullptr, "", {}},
    {"live_batch", EntryKind::number, nullptr, "", {}},
    {"warm_up_s", EntryKind::number, nullptr, "", {}},
    {"moisture_fraction", EntryKind::number, nullptr, "", {}},
    {"pitot_coefficient", EntryKind::number, nullptr, "", {}},
    {"pulse_ms_per_hz", EntryKind::number, nullptr, "", {}},
    {"pulse_offset_ms", EntryKind::number, nullptr, "", {}},
    {"loop_full_scale_ms", EntryKind::number, nullptr, "", {}},
    {"co2_high_ppm", EntryKind::number, nullptr, "", {}},
    {"temperature_high_c", EntryKind::number, nullptr, "", {}},
    {"temperature_low_c", EntryKind::number, nullptr, "", {}},
    {"flow_high_m3s", EntryKind::number, nullptr, "", {}},
    {"flow_low_m3s", EntryKind::number, nullptr, "", {}},
};
const size_t kSettingKeyCount = sizeof kSettingKeys / sizeof kSettingKeys[0];

MergeResult merge_form(const char* base, size_t base_size, EntrySource& form, char* out, size_t capacity,
                       size_t& size) {
  const Json old = Json::parse(base, base_size);
  JsonWriter writer(out, capacity);
  char value[kCaBytes];
  // `out` is still empty, and large: where it is too small for what was, the whole is too long anyway.
  const bool is_other = is_other_login(old, form, value, sizeof value, out, capacity);
  writer.begin_object();
  bool is_other_network = false, is_new_password = is_other;
  for (size_t i = 0; i < kSettingKeyCount; ++i) {
    const SettingKey& key = kSettingKeys[i];
    const EntrySource::Found found = form.read(key.name, value, sizeof value);
    if (found == EntrySource::Found::too_long) return MergeResult::too_long;
    if (found == EntrySource::Found::found) tidy(value, key.kind);
    const bool is_missing = found == EntrySource::Found::missing;
    const bool is_empty_secret = key.kind == EntryKind::secret && (is_missing || value[0] == '\0');
    if (found == EntrySource::Found::found && std::strcmp(key.name, "wifi_ssid") == 0) {
      is_other_network = !is_text(old[key.name], value);
    }
    // An open network has no password.
    if (is_other_network && is_empty_secret && std::strcmp(key.name, "wifi_password") == 0) continue;
    if (std::strcmp(key.name, "password") == 0) {
      if (is_other && is_empty_secret) continue;
      is_new_password |= !is_empty_secret;
    }
    if (is_new_password && is_empty_secret && std::strcmp(key.name, kPreviousPassword) == 0) continue;
    if (is_missing || is_empty_secret) {
      if (!put_kept(writer, key, old[key.name], value, sizeof value)) return MergeResult::too_long;
    } else if (value[0] != '\0') {
      writer.key(key.name);
      put(writer, key.kind, value);
    }
  }
  return finish(writer, size);
}

MergeResult merge_pasted(const char* base, size_t base_size, const char* pasted, size_t pasted_size, char* out,
                         size_t capacity, size_t& size) {
  const Json old = Json::parse(base, base_size), entered = Json::parse(pasted, pasted_size);
  if (entered.kind() != JsonKind::object) return MergeResult::no_object;
  JsonWriter writer(out, capacity);
  writer.begin_object();
  char value[kCaBytes];
  const bool brings_wifi = entered["wifi_ssid"].kind() == JsonKind::text;
  for (size_t i = 0; i < kSettingKeyCount; ++i) {
    const SettingKey& key = kSettingKeys[i];
    const size_t kept_count = sizeof kKeptWhenPasted / sizeof kKeptWhenPasted[0];
    // Never mix two networks: the password of one is not that of the other.
    const bool is_kept = !brings_wifi && is_one_of(key.name, kKeptWhenPasted, kept_count);
    const Json chosen = is_kept ? old[key.name] : entered[key.name];
    if (!put_kept(writer, key, chosen, value, sizeof value)) return MergeResult::too_long;
  }
  return finish(writer, size);
}

MergeResult merge_secret(const char* base, size_t base_size, const char* secret, const char* previous, char* out,
                         size_t capacity, size_t& size) {
  SecretEntry entry(secret, previous);
  return merge_form(base, base_size, entry, out, capacity, size);
}

bool read_wifi(const char* text, size_t size, WifiLogin& out, SettingsError& error) {
  out = WifiLogin();
  const Json file = Json::parse(text, size);
  const Json ssid = file["wifi_ssid"], password = file["wifi_password"], time_server = file["time_server"];
  if (!ssid.as_text(out.ssid, sizeof out.ssid) || out.ssid[0] == '\0') {
    return wrong(error, "wifi_ssid must be the name of a Wi-Fi network, 1 to 32 bytes");
  }
  const bool has_password = password.exists() && password.kind() != JsonKind::null;
  if (has_password && !password.as_text(out.password, sizeof out.password)) {
    return wrong(error, "wifi_password must be a text of 8 to 63 characters, or left out for an open network");
  }
  if (out.password[0] != '\0' && std::strlen(out.password) < 8) {
    return wrong(error, "wifi_password has fewer than 8 characters, which no WPA network takes");
  }
  if (time_server.exists() && !time_server.as_text(out.time_server, sizeof out.time_server)) {
    return wrong(error, "time_server must be a name or an address of at most 64 characters");
  }
  return true;
}

void draw_label_password(Entropy& entropy, char out[kLabelPasswordBytes]) {
  static constexpr char kAlphabet[] = "abcdefghjkmnpqrstuvwxyz23456789+";  // 32: no l, i, o, 0, 1
  static_assert(sizeof kAlphabet == 33, "five bits a character");
  for (size_t i = 0; i + 1 < kLabelPasswordBytes; ++i) out[i] = kAlphabet[entropy.random_u32() >> 27];
  out[kLabelPasswordBytes - 1] = '\0';
}

}  // namespace ct
