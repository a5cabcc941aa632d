// What the device hears: `committed` and commands; and its settings file.
#include <cmath>
#include <cstring>
#include <random>

#include "commands.h"
#include "committed.h"
#include "settings.h"
#include "vector_file.h"

using namespace ct;

namespace {

CommittedResult parse(const std::string& text, Committed& out) {
  return Committed::parse(text.data(), text.size(), out);
}

CommandResult command(const std::string& text, Command& out, const Limits& limits = Limits()) {
  return parse_command(text.data(), text.size(), limits, out);
}

}  // namespace

TEST_SUITE_BEGIN("committed");

TEST_CASE("the contract's example: ranges and a refusal with its reason") {
  const std::string text =
      "{\"v\":1,\"stream\":2871049911,\"ranges\":[[40180,40211]],\"refused\":[[40179,40179,\"future_time\"]]}";
  Committed committed;
  REQUIRE(parse(text, committed) == CommittedResult::ok);
  CHECK(committed.stream() == 2871049911u);
  SeqRange range;
  size_t at = 0;
  REQUIRE(committed.next_range(at, range));
  CHECK(range.from == 40180);
  CHECK(range.to == 40211);
  CHECK_FALSE(committed.next_range(at, range));
  char reason[kReasonBytes];
  at = 0;
  REQUIRE(committed.next_refused(at, range, reason));
  CHECK(range.from == 40179);
  CHECK(std::string(reason) == "future_time");
  CHECK_FALSE(committed.next_refused(at, range, reason));
}

TEST_CASE("a message that is wrong anywhere frees nothing") {
  Committed committed;
  CHECK(parse("{", committed) == CommittedResult::not_json);
  CHECK(parse("{\"v\":2,\"stream\":1,\"ranges\":[],\"refused\":[]}", committed) == CommittedResult::wrong_version);
  for (const char* text : {
           "{\"v\":1,\"stream\":-1,\"ranges\":[],\"refused\":[]}",
           "{\"v\":1,\"stream\":4294967296,\"ranges\":[],\"refused\":[]}",
           "{\"v\":1,\"stream\":1,\"ranges\":[[1,2],[3]],\"refused\":[]}",
           "{\"v\":1,\"stream\":1,\"ranges\":[[0,2]],\"refused\":[]}",
           "{\"v\":1,\"stream\":1,\"ranges\":[[5,2]],\"refused\":[]}",
           "{\"v\":1,\"stream\":1,\"ranges\":[[1,2147483648]],\"refused\":[]}",
           "{\"v\":1,\"stream\":1,\"ranges\":[[1,2,3]],\"refused\":[]}",
           "{\"v\":1,\"stream\":1,\"ranges\":[[1.5,2]],\"refused\":[]}",
           "{\"v\":1,\"stream\":1,\"ranges\":{\"a\":[1,2]},\"refused\":[]}",
           "{\"v\":1,\"stream\":1,\"ranges\":[],\"refused\":[[1,2]]}",
           "{\"v\":1,\"stream\":1,\"ranges\":[]}",
       }) {
    CAPTURE(text);
    CHECK(parse(text, committed) == CommittedResult::bad_shape);
  }
}

TEST_CASE("a hundred ranges are the most") {
  for (int count : {100, 101}) {
    std::string text = "{\"v\":1,\"stream\":1,\"refused\":[],\"ranges\":[";
    for (int i = 0; i < count; ++i)
      text += (i ? ",[" : "[") + std::to_string(2 * i + 1) + "," + std::to_string(2 * i + 1) + "]";
    Committed committed;
    CHECK((parse(text + "]}", committed) == CommittedResult::ok) == (count == 100));
  }
}

TEST_CASE("bytes changed by chance are survived") {
  const std::string good = "{\"v\":1,\"stream\":7,\"ranges\":[[1,2],[4,9]],\"refused\":[[3,3,\"too_old\"]]}";
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (int change = 0; change < 3; ++change) text[random() % text.size()] = static_cast<char>(random());
    Committed committed;
    if (parse(text, committed) != CommittedResult::ok) continue;
    SeqRange range;
    size_t at = 0;
    while (committed.next_range(at, range)) CHECK(range.from <= range.to);
  }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("commands");

TEST_CASE("each kind is read with its arguments") {
  Command out;
  REQUIRE(command("{\"v\":1,\"id\":\"a\",\"kind\":\"set_interval\",\"interval_s\":2.5}", out) == CommandResult::ok);
  CHECK(out.interval_ms == 2500);
  REQUIRE(command("{\"v\":1,\"id\":\"a\",\"kind\":\"resend\",\"stream\":7,\"from\":1,\"to\":9}", out) ==
          CommandResult::ok);
  CHECK(out.stream == 7);
  CHECK(out.to == 9);
  CHECK(command("{\"v\":1,\"id\":\"a\",\"kind\":\"reboot\"}", out) == CommandResult::ok);
  REQUIRE(command("{\"v\":1,\"id\":\"a\",\"kind\":\"zero\",\"reference\":\"nitrogen\"}", out) == CommandResult::ok);
  CHECK(out.zero == ZeroReference::nitrogen);
  REQUIRE(command("{\"v\":1,\"id\":\"a\",\"kind\":\"set_secret\",\"secret\":\"0123456789abcdef\"}", out) ==
          CommandResult::ok);
  const std::string sum(64, 'a');
  CHECK(command("{\"v\":1,\"id\":\"a\",\"kind\":\"update_firmware\",\"url\":\"https://x/f.bin\",\"sha256\":\"" + sum +
                    "\"}",
                out) == CommandResult::ok);
}

TEST_CASE("the contract's commands are read as its vectors say") {
  const std::string text = read_text_file(CONTRACT_VECTORS);
  const Json vectors = Json::parse(text.data(), text.size())["commands"];
  size_t count = 0, at = 0;
  for (Json vector; vectors.next(at, vector); ++count) {
    CAPTURE(text_of(vector["name"]));
    const Json expected = vector["expect"], arguments = expected["arguments"];
    Command out;
    const bool is_ok = command(text_of(vector["payload"]), out) == CommandResult::ok;
    CHECK(is_ok == arguments.exists());
    CHECK(std::string(out.id) == "1f0c6f3e-8a5e-4b1e-9d0a-0d6a3c6a2f10");
    if (!is_ok) {
      CHECK(std::string(out.error).find(text_of(expected["error_contains"])) != std::string::npos);
      continue;
    }
    const struct {
      const char* name;
      double value;
    } numbers[] = {{"interval_s", out.interval_ms / 1000.0},
                   {"co2_high_ppm", out.limits.co2_high_ppm},
                   {"temperature_high_c", out.limits.temperature_high_c},
                   {"temperature_low_c", out.limits.temperature_low_c},
                   {"flow_high_m3s", out.limits.flow_high_m3s},
                   {"flow_low_m3s", out.limits.flow_low_m3s},
                   {"stream", static_cast<double>(out.stream)},
                   {"from", static_cast<double>(out.from)},
                   {"to", static_cast<double>(out.to)}};
    for (const auto& number : numbers) {
      const Json wanted = arguments[number.name];
      if (!wanted.exists()) continue;
      if (wanted.kind() == JsonKind::null) {
        CHECK(std::isnan(number.value));
      } else {
        CHECK(number.value == number_of(wanted));
      }
    }
    const struct {
      const char* name;
      const char* value;
    } texts[] = {{"secret", out.secret},
                 {"url", out.url},
                 {"sha256", out.sha256},
                 {"reference", out.zero == ZeroReference::nitrogen ? "nitrogen" : "fresh_air"}};
    for (const auto& one : texts) {
      if (arguments[one.name].exists()) CHECK(text_of(arguments[one.name]) == one.value);
    }
  }
  CHECK(count == 27);
}

TEST_CASE("set_limits changes what it names, null takes away, the rest stays") {
  Limits in_force;
  in_force.co2_high_ppm = 160'000;
  in_force.temperature_high_c = 350;
  Command out;
  REQUIRE(command("{\"v\":1,\"id\":\"a\",\"kind\":\"set_limits\",\"temperature_high_c\":null,\"flow_low_m3s\":0.5}",
                  out, in_force) == CommandResult::ok);
  CHECK(out.limits.co2_high_ppm == 160'000);
  CHECK(std::isnan(out.limits.temperature_high_c));
  CHECK(out.limits.flow_low_m3s == 0.5);
}

TEST_CASE("a bad argument is refused with words, and keeps its id for the answer") {
  Command out;
  for (const char* text : {
           "{\"v\":1,\"id\":\"a\",\"kind\":\"set_interval\"}",
           "{\"v\":1,\"id\":\"a\",\"kind\":\"set_interval\",\"interval_s\":0}",
           "{\"v\":1,\"id\":\"a\",\"kind\":\"set_interval\",\"interval_s\":3601}",
           "{\"v\":1,\"id\":\"a\",\"kind\":\"set_limits\"}",
           "{\"v\":1,\"id\":\"a\",\"kind\":\"set_limits\",\"co2_high_ppm\":\"hot\"}",
           "{\"v\":1,\"id\":\"a\",\"kind\":\"resend\",\"stream\":7,\"from\":9,\"to\":1}",
           "{\"v\":1,\"id\":\"a\",\"kind\":\"set_secret\",\"secret\":\"short\"}",
           "{\"v\":1,\"id\":\"a\",\"kind\":\"zero\"}",
           "{\"v\":1,\"id\":\"a\",\"kind\":\"update_firmware\",\"url\":\"http://x\",\"sha256\":\"\"}",
           "{\"v\":2,\"id\":\"a\",\"kind\":\"reboot\"}",
       }) {
    CAPTURE(text);
    CHECK(command(text, out) == CommandResult::bad_argument);
    CHECK(std::string(out.id) == "a");
    CHECK(std::strlen(out.error) > 10);
  }
  CHECK(command("{\"v\":1,\"id\":\"a\",\"kind\":\"dance\"}", out) == CommandResult::unknown_kind);
}

TEST_CASE("without an id there is nobody to answer") {
  Command out;
  CHECK(command("{\"v\":1,\"kind\":\"reboot\"}", out) == CommandResult::no_id);
  CHECK(command("{\"v\":1,\"id\":\"\",\"kind\":\"reboot\"}", out) == CommandResult::no_id);
  CHECK(command("{\"v\":1,\"id\":\"" + std::string(65, 'x') + "\",\"kind\":\"reboot\"}", out) == CommandResult::no_id);
  CHECK(command("not JSON", out) == CommandResult::no_id);
}

TEST_CASE("the last eight answers are remembered, with their errors") {
  AnsweredCommands answered;
  for (int i = 0; i < 9; ++i) answered.remember(std::to_string(i).c_str(), i == 8 ? "no" : "");
  CHECK(answered.answer_to("0") == nullptr);
  REQUIRE(answered.answer_to("1") != nullptr);
  CHECK(std::string(answered.answer_to("8")) == "no");
  CHECK(answered.answer_to("") == nullptr);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("settings");

namespace {

const char* const kGood =
    "{\"device_id\":\"litein-1\",\"username\":\"litein-1\",\"password\":\"secret\",\"host\":\"broker.example\","
    "\"port\":8883,\"ca_file\":\"/ca.pem\",\"topics\":{\"readings\":\"x\"},\"range_ppm\":200000,\"diameter_m\":0.9}";

std::string with(const std::string& more) { return std::string(kGood).insert(1, more + ","); }

std::string error_of(const std::string& text) {
  Settings settings;
  SettingsError error;
  return read_settings(text.data(), text.size(), settings, error) ? "" : error.text;
}

}  // namespace

TEST_CASE("what provision_device prints is enough with a range") {
  Settings settings;
  SettingsError error;
  REQUIRE(read_settings(kGood, std::strlen(kGood), settings, error));
  CHECK(std::string(settings.device_id) == "litein-1");
  CHECK(settings.port == 8883);
  CHECK(std::string(settings.ca) == "/ca.pem");
  CHECK(settings.interval_ms == 5000);
  CHECK(settings.area_m2 == doctest::Approx(0.636173));
  CHECK(settings.warm_up_s == 60);
  CHECK(std::isnan(settings.limits.co2_high_ppm));
}

TEST_CASE("the CA comes as its text or as a path, not as both, and not as anything else") {
  static const std::string kHead =
      "{\"device_id\":\"litein-1\",\"password\":\"secret\",\"host\":\"broker.example\",\"range_ppm\":200000,";
  Settings settings;
  SettingsError error;
  const std::string text = kHead +
                           "\"ca\":\"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n\","
                           "\"wifi_ssid\":\"Boiler house\"}";
  REQUIRE(read_settings(text.data(), text.size(), settings, error));
  CHECK(std::string(settings.ca) == "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
  CHECK(is_pem(settings.ca));
  CHECK(error_of(kHead + "\"ca\":\"/etc/ca.pem\"}").find("ca must be the text of a PEM certificate") == 0);
  CHECK(error_of(kHead + "\"ca\":\"" + std::string(2560, 'x') + "\"}") ==
        "ca must be a text of at most 2559 characters");
  CHECK(error_of(with("\"ca\":\"x\"")).find("ca stands beside ca_file") == 0);
}

TEST_CASE("every wrong value is named with what it should be") {
  CHECK(error_of("[]") == "settings are no JSON object");
  CHECK(error_of(with("\"interval_s\":0")) == "interval_s=0 must be a number from 0.02 to 3600 s");
  const std::string local = "{\"device_id\":\"abc\",\"password\":\"x\",\"host\":\"localhost\",\"range_ppm\":5000,";
  CHECK(error_of(local + "\"port\":0}").find("port=0 must be a number from 1 to 65535") == 0);
  CHECK(error_of(local + "\"port\":65536}").find("port=65536 must be a number from 1 to 65535") == 0);
  CHECK(error_of(local + "\"port\":65535}").empty());
  CHECK(error_of(with("\"width_m\":1,\"height_m\":1")).find("diameter_m stands beside") == 0);
  CHECK(error_of(with("\"co2_sensor\":\"nose\"")) == "co2_sensor must be one of \"mhz19\" \"gss\" \"stc31\"");
  CHECK(error_of(with("\"altitude_m\":\"high\"")).find("altitude_m=\"high\" must be a number") == 0);
  CHECK(error_of("{\"device_id\":\"a\"}").find("device_id must have 3 to 64") == 0);
  CHECK(error_of("{\"device_id\":\"abc\"}").find("password is missing") == 0);
  CHECK(error_of("{\"device_id\":\"abc\",\"password\":\"x\",\"host\":\"far.example\"}").find("ca is missing") == 0);
  CHECK(error_of("{\"device_id\":\"abc\",\"password\":\"x\",\"host\":\"localhost\"}").find("range_ppm is missing") ==
        0);
}

TEST_CASE("sensors bring their own warm-up and names") {
  Settings settings;
  SettingsError error;
  const std::string text = with("\"co2_sensor\":\"mhz19\",\"barometer\":\"none\",\"velocity_sensor\":\"loop\"");
  REQUIRE(read_settings(text.data(), text.size(), settings, error));
  CHECK(settings.warm_up_s == 180);
  CHECK(std::string(settings.sensor) == "mhz19");
  CHECK_FALSE(settings.has_barometer);
  CHECK(settings.velocity_sensor == VelocitySensor::loop);
}

TEST_CASE("device ids are those of the wire format") {
  CHECK(is_device_id("a-B_9"));
  CHECK_FALSE(is_device_id("ab"));
  CHECK_FALSE(is_device_id("a/b"));
  CHECK_FALSE(is_device_id("abc\xC3\xA9"));
  CHECK(is_device_id(std::string(64, 'x').c_str()));
  CHECK_FALSE(is_device_id(std::string(65, 'x').c_str()));
}

TEST_SUITE_END();
