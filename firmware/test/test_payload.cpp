// What the device says, byte for byte as mqtt_ingest/contract/vectors.json has it; the JSON writer and reader.
#include <cmath>
#include <cstring>

#include "payload.h"
#include "vector_file.h"

using namespace ct;

namespace {

const char* const kNames[kQuantities] = {
    "co2_ppm",          "temperature_c", "velocity_ms", "pressure_pa", "dp_pa", "cell_temperature_c",
    "cell_pressure_pa", "humidity_pct",  "o2_pct",      "ch4_ppm"};

// A vector's text without the blanks between its parts; none stands inside a text of these vectors.
std::string without_blanks(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c != ' ' && c != '\n') out += c;
  }
  return out;
}

Json vector_named(const std::string& text, const char* name) {
  size_t at = 0;
  for (Json item; Json::parse(text.data(), text.size())["vectors"].next(at, item);) {
    if (text_of(item["name"]) == name) return item;
  }
  FAIL("no vector named ", name);
  return Json();
}

Reading reading_of(const Json& expected) {
  Reading reading;
  reading.seq = static_cast<uint32_t>(integer_of(expected["seq"]));
  reading.t_ms = integer_of(expected["t"]);
  reading.flags = static_cast<uint8_t>(integer_of(expected["flags"]));
  for (size_t i = 0; i < kQuantities; ++i) {
    double number = 0;
    if (expected[kNames[i]].as_number(number)) reading.values[i] = static_cast<float>(number);
  }
  if (!expected["span_s"].exists()) return reading;
  reading.span_ms = static_cast<uint32_t>(number_of(expected["span_s"]) * 1000);
  reading.n = static_cast<uint16_t>(integer_of(expected["n"]));
  reading.seq_from = static_cast<uint32_t>(integer_of(expected["seq_from"]));
  return reading;
}

std::string number_f(float value, bool always_fraction = false) {
  char text[40];
  JsonWriter writer(text, sizeof text);
  writer.number_f(value, always_fraction);
  REQUIRE(writer.ok());
  return text;
}

}  // namespace

TEST_SUITE_BEGIN("payload");

TEST_CASE("readings are written byte for byte as the contract's vectors") {
  const std::string text = read_text_file(CONTRACT_VECTORS);
  for (const char* name : {"one reading", "every optional value", "a mean", "sensor failed: null with its flag",
                           "largest stream, seq and flags", "two seqs at one time"}) {
    CAPTURE(name);
    const Json vector = vector_named(text, name);
    const Json expect = vector["expect"];
    char buffer[2048];
    ReadingsMessage message(buffer, sizeof buffer, static_cast<uint32_t>(integer_of(expect["stream"])),
                            static_cast<uint32_t>(number_of(expect["interval_s"]) * 1000));
    size_t at = 0;
    for (Json item; expect["readings"].next(at, item);) REQUIRE(message.add(reading_of(item), 0));
    const size_t size = message.finish();
    CHECK(std::string(buffer, size) == without_blanks(text_of(vector["payload"])));
  }
}

TEST_CASE("status, last will, alert and ack are the contract's, byte for byte") {
  const std::string text = read_text_file(CONTRACT_VECTORS);
  char buffer[1024];
  Status status;
  status.stream = 2871049911u;
  status.firmware = "1.0.0";
  status.sensor = "sprintir-20";
  status.range_ppm = 200'000;
  status.co2_basis = "dry";
  status.pressure_compensation = "none";
  status.uptime_s = 81'234;
  status.rssi_dbm = -67;
  status.supply_v = 3.92;
  status.reset_reason = "poweron";
  status.has_previous = true;
  status.previous_stream = 1;
  status.previous_seq = 9;
  CHECK(std::string(buffer, write_status(status, buffer, sizeof buffer)) ==
        text_of(vector_named(text, "status")["payload"]));
  CHECK(kOfflinePayload == text_of(vector_named(text, "last will")["payload"]));
  Alert alert;
  alert.kind = AlertKind::co2_high;
  alert.t_ms = 1795262405000;
  alert.value = 171'000;
  alert.limit = 160'000;
  CHECK(std::string(buffer, write_alert(alert, buffer, sizeof buffer)) ==
        text_of(vector_named(text, "alert")["payload"]));
  CHECK(std::string(buffer, write_ack("1f0c6f3e-8a5e-4b1e-9d0a-0d6a3c6a2f10", nullptr, buffer, sizeof buffer)) ==
        text_of(vector_named(text, "ack")["payload"]));
}

TEST_CASE("topics are those of the vectors") {
  char topic[kTopicBytes];
  format_topic("litein-1", Topic::readings, topic);
  CHECK(std::string(topic) == "carbontrack/v1/litein-1/readings");
  format_topic("litein-1", Topic::committed, topic);
  CHECK(std::string(topic) == "carbontrack/v1/litein-1/committed");
}

TEST_CASE("counters of trouble stand in the status only when there is trouble") {
  char buffer[1024];
  Status status;
  status.dropped_count = 3;
  status.formatted_count = 1;
  const std::string text(buffer, write_status(status, buffer, sizeof buffer));
  CHECK(text.find("\"dropped\":3") != std::string::npos);
  CHECK(text.find("\"formatted\":1") != std::string::npos);
  CHECK(text.find("thinned") == std::string::npos);
  CHECK(text.find("rssi_dbm") == std::string::npos);
}

TEST_CASE("what does not fit is left out whole, and the message stays sound") {
  char buffer[400];
  ReadingsMessage message(buffer, sizeof buffer, 7, 5000);
  Reading reading;
  reading.values[kCo2Ppm] = 93'250.0f;
  size_t taken = 0;
  while (message.add(reading, kReplayed)) ++taken;
  CHECK(taken >= 2);
  CHECK(message.count() == taken);
  const size_t size = message.finish();
  REQUIRE(size != 0);
  const Json parsed = Json::parse(buffer, size);
  size_t at = 0, found = 0;
  for (Json item; parsed["readings"].next(at, item); ++found) CHECK(integer_of(item["flags"]) == 128);
  CHECK(found == taken);
}

TEST_CASE("a buffer too small for anything gives nothing") {
  for (size_t capacity = 0; capacity < 60; ++capacity) {
    char buffer[64];
    ReadingsMessage message(buffer, capacity, 7, 5000);
    CHECK_FALSE(message.add(Reading(), 0));
    const size_t size = message.finish();
    CHECK((size == 0 || Json::parse(buffer, size).exists()));
  }
}

TEST_CASE("an interval under a second and a value without a fraction are written plainly") {
  char buffer[400];
  ReadingsMessage message(buffer, sizeof buffer, 7, 20);
  message.finish();
  CHECK(std::string(buffer) == "{\"v\":1,\"stream\":7,\"interval_s\":0.02,\"readings\":[]}");
  CHECK(number_f(79'480.0f) == "79480");
  CHECK(number_f(93'250.0f, true) == "93250.0");
  CHECK(number_f(-0.0f) == "0");
  CHECK(number_f(3.21f) == "3.21");
  CHECK(number_f(NAN) == "null");
}

TEST_CASE("every float reads back the same") {
  for (float value : {0.1f, 1e-30f, 3.4e38f, 16'777'217.0f, 123'456.79f, -1.17549435e-38f, 1e9f, 999'999'936.0f}) {
    const std::string text = number_f(value);
    CAPTURE(text);
    CHECK(std::strtof(text.c_str(), nullptr) == value);
    CHECK(Json::parse(text.data(), text.size()).kind() == JsonKind::number);
  }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("json");

namespace {
bool is_json(const std::string& text) { return Json::parse(text.data(), text.size()).exists(); }
}  // namespace

TEST_CASE("what is no JSON is refused") {
  for (const char* text :
       {"",   " ",       "{",         "}",      "{]",  "[1,]",  "{\"a\"}",    "{\"a\":}", "{\"a\":1,}", "{a:1}",
        "01", "1.",      ".5",        "-",      "+1",  "1e",    "nul",        "truee",    "NaN",        "Infinity",
        "\"", "\"\\x\"", "\"\\u12\"", "\"\n\"", "1 2", "[1 2]", "{\"a\":1}{", "'a'"}) {
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
  }
}

TEST_CASE("what is JSON is taken") {
  for (const char* text :
       {"0", "-0.5e-3", "\"\"", "\"\\u00e9\\n\"", "[]", "{}", " { \"a\" : [ 1 , null ] } ", "true"}) {
    CAPTURE(text);
    CHECK(is_json(text));
  }
}

TEST_CASE("every beginning of a sound text is refused or whole") {
  const std::string text = "{\"v\":1,\"stream\":7,\"ranges\":[[1,2],[4,9]],\"refused\":[[3,3,\"too_old\"]]}";
  for (size_t size = 0; size < text.size(); ++size) CHECK_FALSE(is_json(text.substr(0, size)));
  CHECK(is_json(text));
}

TEST_CASE("depth is bounded, whatever comes") {
  CHECK(is_json(std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']')));
  CHECK_FALSE(is_json(std::string(kMaxJsonDepth + 1, '[') + std::string(kMaxJsonDepth + 1, ']')));
  CHECK_FALSE(is_json(std::string(100'000, '[')));
}

TEST_CASE("whole numbers are whole, in range, and nothing else is") {
  const auto read = [](const std::string& text, int64_t low, int64_t high) {
    int64_t out = -77;
    return Json::parse(text.data(), text.size()).as_integer(low, high, out) ? out : -77;
  };
  CHECK(read("4294967295", 0, 4294967295) == 4294967295);
  CHECK(read("4294967296", 0, 4294967295) == -77);
  CHECK(read("-5", -9, 9) == -5);
  CHECK(read("1.0", 0, 9) == -77);
  CHECK(read("1e0", 0, 9) == -77);
  CHECK(read("99999999999999999999999", 0, INT64_MAX) == -77);
  CHECK(read("\"5\"", 0, 9) == -77);
}

TEST_CASE("texts are unescaped, bounded and hold no 0") {
  char out[8];
  const auto read = [&out](const std::string& text) {
    const Json value = Json::parse(text.data(), text.size());
    return value.as_text(out, sizeof out);
  };
  CHECK(read("\"a\\\"\\u00e9\\/\""));
  CHECK(std::string(out) == "a\"\xC3\xA9/");
  CHECK(read("\"1234567\""));
  CHECK_FALSE(read("\"12345678\""));
  CHECK_FALSE(read("\"\\u0000\""));
  CHECK_FALSE(read("\"\\ud83d\\ude00\""));
  CHECK_FALSE(read("7"));
}

TEST_CASE("members are found by their whole name, at their own depth") {
  const std::string text = "{\"xstream\":1,\"in\":{\"stream\":2},\"stream\":3,\"stream\":4}";
  const Json object = Json::parse(text.data(), text.size());
  CHECK(integer_of(object["stream"]) == 3);
  CHECK(integer_of(object["in"]["stream"]) == 2);
  CHECK_FALSE(object["tream"].exists());
  CHECK_FALSE(object["none"]["deeper"].exists());
}

TEST_CASE("a walk sees every item once") {
  const std::string text = " [ 1 , [2,3] ,{\"a\":4}, \"]\" ] ";
  const Json list = Json::parse(text.data(), text.size());
  size_t at = 0, count = 0;
  for (Json item; list.next(at, item);) ++count;
  CHECK(count == 4);
}

TEST_SUITE_END();
