// Settings as a person enters them: the form, the paste, the page.
#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <string>

#include "fakes.h"
#include "portal_page.h"
#include "provisioning.h"

using namespace ct;

namespace {

const std::string kCa = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

class FakeForm : public EntrySource {
 public:
  FakeForm(std::initializer_list<std::pair<const std::string, std::string>> entered) : fields(entered) {}
  Found read(const char* name, char* out, size_t capacity) override {
    const auto found = fields.find(name);
    if (found == fields.end()) return Found::missing;
    if (found->second.size() >= capacity) return Found::too_long;
    std::snprintf(out, capacity, "%s", found->second.c_str());
    return Found::found;
  }
  std::map<std::string, std::string> fields;
};

class FakePage : public PageSink {
 public:
  void write(const char* bytes, size_t size) override { text.append(bytes, size); }
  std::string text;
};

FakeForm filled_form() {
  return {{"wifi_ssid", "Boiler house"},
          {"wifi_password", "steam and tea"},
          {"device_id", " litein-1 "},
          {"password", "secret"},
          {"host", "broker.example"},
          {"port", ""},
          {"ca", "-----BEGIN CERTIFICATE-----\r\nMIIB\r\n-----END CERTIFICATE-----\r\n"},
          {"co2_sensor", "gss"},
          {"range_ppm", "200000"},
          {"diameter_m", "0.9"}};
}

std::string merged(const std::string& base, FakeForm form) {
  char out[kSettingsTextBytes];
  size_t size = 0;
  REQUIRE(merge_form(base.data(), base.size(), form, out, sizeof out, size) == MergeResult::ok);
  return std::string(out, size);
}

std::string pasted(const std::string& base, const std::string& text) {
  char out[kSettingsTextBytes];
  size_t size = 0;
  REQUIRE(merge_pasted(base.data(), base.size(), text.data(), text.size(), out, sizeof out, size) == MergeResult::ok);
  return std::string(out, size);
}

std::string page_of(const std::string& settings, const char* error = nullptr) {
  FakePage page;
  write_portal_form(page, Json::parse(settings.data(), settings.size()), "to\"ken", error);
  return page.text;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE_BEGIN("provisioning");

TEST_CASE("a filled form makes settings that the core and the board take") {
  const std::string text = merged("", filled_form());
  Settings settings;
  WifiLogin wifi;
  SettingsError error;
  CHECK_MESSAGE(read_settings(text.data(), text.size(), settings, error), error.text);
  CHECK_MESSAGE(read_wifi(text.data(), text.size(), wifi, error), error.text);
  CHECK(std::string(settings.device_id) == "litein-1");
  CHECK(settings.port == 8883);
  CHECK(settings.range_ppm == 200'000);
  CHECK(std::string(settings.ca) == kCa.substr(0, kCa.size() - 1));
  CHECK(std::string(wifi.ssid) == "Boiler house");
  CHECK(std::string(wifi.password) == "steam and tea");
  CHECK(wifi.time_server[0] == '\0');
}

TEST_CASE("an empty secret stays as it was, any other empty field goes") {
  const std::string before = merged("", filled_form());
  FakeForm form = filled_form();
  form.fields["password"] = form.fields["wifi_password"] = form.fields["diameter_m"] = "";
  const std::string after = merged(before, form);
  CHECK(has(after, "\"password\":\"secret\""));
  CHECK(has(after, "\"wifi_password\":\"steam and tea\""));
  CHECK_FALSE(has(after, "diameter_m"));
}

TEST_CASE("the password of one Wi-Fi is not taken along to another") {
  FakeForm form = filled_form();
  form.fields["wifi_ssid"] = "Guest";
  form.fields["wifi_password"] = "";
  CHECK_FALSE(has(merged(merged("", filled_form()), form), "wifi_password"));
  form.fields.erase("wifi_password");  // not sent at all
  CHECK_FALSE(has(merged(merged("", filled_form()), form), "wifi_password"));
}

TEST_CASE("the password of one device at one broker is not taken along to another") {
  const std::string before = merged("", filled_form());
  for (const char* key : {"device_id", "host", "port", "ca"}) {
    CAPTURE(key);
    FakeForm form = filled_form();
    form.fields["password"] = "";
    form.fields[key] = std::strcmp(key, "port") == 0 ? "8884" : "other";
    const std::string after = merged(before, form);
    CHECK_FALSE(has(after, "\"password\""));
    CHECK_FALSE(has(merged(after, form), "\"password\""));
    form.fields["password"] = "typed-anew";
    CHECK(has(merged(before, form), "\"password\":\"typed-anew\""));
    form.fields.erase("password");  // not sent at all
    CHECK_FALSE(has(merged(before, form), "\"password\""));
  }
}

TEST_CASE("the same broker written otherwise is no other") {
  FakeForm form = filled_form();
  form.fields["password"] = "";
  for (const char* ca : {"MIIB\n", "MIIB\r\n"}) {
    form.fields["ca"] = ca;
    form.fields["port"] = "8883";
    form.fields["host"] = form.fields["device_id"] = " h ";
    const std::string base = R"({"device_id":"h","password":"secret","host":"h","ca":"MIIB\n"})";
    const std::string after = merged(base, form);
    CHECK(has(after, "\"password\":\"secret\""));
    form.fields["port"] = "";
    CHECK(has(merged(after, form), "\"password\":\"secret\""));
  }
}

TEST_CASE("what the form does not show is kept, what nobody knows is not") {
  const std::string base = R"({"co2_high_ppm":160000,"topics":{"status":"x"},"live_batch":3,"altitude_m":null})";
  const std::string after = merged(base, {{"host", "h"}});
  CHECK(after == R"({"host":"h","live_batch":3,"co2_high_ppm":160000})");
}

TEST_CASE("a number that is none is named as it was typed") {
  FakeForm form = filled_form();
  form.fields["range_ppm"] = "20 %";
  const std::string text = merged("", form);
  Settings settings;
  SettingsError error;
  CHECK_FALSE(read_settings(text.data(), text.size(), settings, error));
  CHECK(std::string(error.text) == "range_ppm=\"20 %\" must be a number from 1 to 1e+06 ppm");
}

TEST_CASE("secrets keep their blanks and their quotes") {
  FakeForm form = filled_form();
  form.fields["wifi_password"] = " \"back\\slash\" ";
  const std::string text = merged("", form);
  WifiLogin wifi;
  SettingsError error;
  REQUIRE(read_wifi(text.data(), text.size(), wifi, error));
  CHECK(std::string(wifi.password) == " \"back\\slash\" ");
}

TEST_CASE("an entry or a whole that is too long is refused") {
  char out[kSettingsTextBytes], small[64];
  size_t size = 7;
  FakeForm form = filled_form();
  CHECK(merge_form("", 0, form, small, sizeof small, size) == MergeResult::too_long);
  CHECK(size == 0);
  form.fields["ca"] = std::string(kCaBytes, 'x');
  CHECK(merge_form("", 0, form, out, sizeof out, size) == MergeResult::too_long);
}

TEST_CASE("a paste replaces everything but the Wi-Fi that it does not name") {
  const std::string before = merged("", filled_form());
  const std::string text = R"({"device_id":"litein-2","password":"new","host":"b","range_ppm":5000,"extra":[1,2]})";
  const std::string after = pasted(before, text);
  CHECK(has(after, "\"wifi_ssid\":\"Boiler house\""));
  CHECK(has(after, "\"wifi_password\":\"steam and tea\""));
  CHECK(has(after, "\"device_id\":\"litein-2\""));
  CHECK_FALSE(has(after, "diameter_m"));
  CHECK_FALSE(has(after, "extra"));
  const std::string other = pasted(before, R"({"wifi_ssid":"Guest","device_id":"litein-2"})");
  CHECK(other == R"({"wifi_ssid":"Guest","device_id":"litein-2"})");
}

TEST_CASE("what is pasted and is no object changes nothing") {
  char out[kSettingsTextBytes];
  size_t size = 0;
  for (const char* text : {"", "[]", "{\"a\":", "hello", "{} {}"}) {
    CAPTURE(text);
    CHECK(merge_pasted("{}", 2, text, std::strlen(text), out, sizeof out, size) == MergeResult::no_object);
  }
}

TEST_CASE("a value of a wrong kind reaches the check that names it") {
  const std::string text = pasted("", R"({"range_ppm":[1]})");
  CHECK(text == R"({"range_ppm":"[1]"})");
}

TEST_CASE("a secret given anew changes nothing else, and has the one before beside it until it is proved") {
  const std::string before = merged("", filled_form());
  char out[kSettingsTextBytes];
  size_t size = 0;
  REQUIRE(merge_secret(before.data(), before.size(), "rotated-0123456789", "", out, sizeof out, size) ==
          MergeResult::ok);
  std::string wanted = before;
  wanted.replace(wanted.find("\"secret\""), 8, "\"rotated-0123456789\"");
  CHECK(std::string(out, size) == wanted);
  REQUIRE(merge_secret(before.data(), before.size(), "rotated-0123456789", "secret", out, sizeof out, size) ==
          MergeResult::ok);
  const std::string on_trial(out, size);
  Settings settings;
  SettingsError error;
  REQUIRE(read_settings(out, size, settings, error));
  CHECK(std::string(settings.password) == "rotated-0123456789");
  CHECK(std::string(settings.previous_password) == "secret");
  REQUIRE(merge_secret(on_trial.data(), on_trial.size(), "rotated-0123456789", "", out, sizeof out, size) ==
          MergeResult::ok);
  CHECK(std::string(out, size) == wanted);
}

TEST_CASE("a password that is entered has none beside it") {
  const std::string on_trial = R"({"device_id":"abc","password":"new","host":"h","previous_password":"old"})";
  CHECK(has(merged(on_trial, {{"range_ppm", "5000"}, {"password", ""}}), "\"previous_password\":\"old\""));
  CHECK_FALSE(has(merged(on_trial, {{"password", "typed"}}), "previous_password"));
  CHECK_FALSE(has(merged(on_trial, {{"host", "other"}}), "old"));
  CHECK_FALSE(has(page_of(on_trial), "old\""));
}

TEST_CASE("Wi-Fi entries are checked") {
  const auto error_of = [](const std::string& text) {
    WifiLogin wifi;
    SettingsError error;
    return read_wifi(text.data(), text.size(), wifi, error) ? std::string() : std::string(error.text);
  };
  CHECK(error_of(R"({"wifi_ssid":"a"})").empty());
  CHECK(error_of("{}").find("wifi_ssid must be") == 0);
  CHECK(error_of(R"({"wifi_ssid":"123456789012345678901234567890123"})").find("wifi_ssid must be") == 0);
  CHECK(error_of(R"({"wifi_ssid":"a","wifi_password":"short"})").find("wifi_password has fewer than 8") == 0);
  CHECK(error_of(R"({"wifi_ssid":"a","wifi_password":12345678})").find("wifi_password must be") == 0);
  CHECK(error_of(R"({"wifi_ssid":"a","time_server":5})").find("time_server must be") == 0);
}

TEST_CASE("the label's password is drawn anew each time, in characters that can be told apart") {
  FakeEntropy entropy;
  char first[kLabelPasswordBytes], second[kLabelPasswordBytes];
  draw_label_password(entropy, first);
  draw_label_password(entropy, second);
  CHECK(std::string(first) != second);
  CHECK(std::strlen(first) == 12);
  CHECK(std::strspn(first, "abcdefghjkmnpqrstuvwxyz23456789+") == 12);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("portal_page");

TEST_CASE("no value breaks out of the page") {
  FakePage page;
  write_escaped(page, "a<b>&\"c'\">");
  CHECK(page.text == "a&lt;b&gt;&amp;&quot;c&#39;&quot;&gt;");
  const std::string text =
      page_of(R"({"wifi_ssid":"\"><script>x</script>","ca":"</textarea><b>"})", "host=\"<i>\" is wrong");
  CHECK_FALSE(has(text, "<script"));
  CHECK_FALSE(has(text, "</textarea><b>"));
  CHECK_FALSE(has(text, "<i>"));
  CHECK(has(text, "value=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;\""));
  CHECK(has(text, "Not saved: host=&quot;&lt;i&gt;&quot; is wrong"));
}

TEST_CASE("secrets are not in the page, other values are") {
  const std::string text = page_of(merged("", filled_form()));
  CHECK_FALSE(has(text, "steam and tea"));
  CHECK_FALSE(has(text, "\"secret\""));
  CHECK(has(text, "name=\"device_id\" value=\"litein-1\""));
  CHECK(has(text, "name=\"range_ppm\" value=\"200000\""));
  CHECK(has(text, "-----BEGIN CERTIFICATE-----\nMIIB"));
  CHECK(has(text, "<option selected>gss</option>"));
}

TEST_CASE("the form brings its token along") {
  CHECK(has(page_of(""), "<input type=\"hidden\" name=\"token\" value=\"to&quot;ken\">"));
}

TEST_CASE("every field of the form has its place in the page") {
  const std::string text = page_of("");
  for (size_t i = 0; i < kSettingKeyCount; ++i) {
    CAPTURE(kSettingKeys[i].name);
    const std::string name = std::string("name=\"") + kSettingKeys[i].name + "\"";
    CHECK((text.find(name) != std::string::npos) == (kSettingKeys[i].label != nullptr));
  }
  CHECK(has(text, "name=\"all\""));
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("paste");

namespace {

std::string collect(PasteCollector& collector, const std::string& bytes) {
  std::string found;
  for (const char byte : bytes) {
    if (collector.feed(byte) == PasteResult::complete) found += std::string(collector.text(), collector.size()) + "|";
  }
  return found;
}

}  // namespace

TEST_CASE("an object is found on one line or on many, whatever stands around it") {
  PasteCollector collector;
  CHECK(collect(collector, "help\r\n{\"a\":1}\r\n") == "{\"a\":1}|");
  CHECK(collect(collector, "{\n  \"a\": {\"b\": 2}\n}\n{}") == "{\n  \"a\": {\"b\": 2}\n}|{}|");
}

TEST_CASE("braces inside a text do not count") {
  PasteCollector collector;
  CHECK(collect(collector, R"({"a":"}{\"}\\"})") == R"({"a":"}{\"}\\"}|)");
}

TEST_CASE("half an object is forgotten, one without an end is given up") {
  PasteCollector collector;
  collect(collector, "{\"a\":");
  CHECK(collector.is_collecting());
  collector.forget();
  CHECK(collect(collector, "{\"b\":1}") == "{\"b\":1}|");
  collector.feed('{');
  PasteResult result = PasteResult::more;
  size_t fed = 1;
  while (result == PasteResult::more && fed < 2 * kSettingsTextBytes) {
    result = collector.feed('x');
    ++fed;
  }
  CHECK(result == PasteResult::too_long);
  CHECK(fed == kSettingsTextBytes);
  CHECK_FALSE(collector.is_collecting());
}

TEST_SUITE_END();
