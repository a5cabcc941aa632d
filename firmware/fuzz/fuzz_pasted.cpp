// Any bytes on the serial line, where settings are pasted: an object is found whole, what is made of it is JSON that the
// core reads the same way, and made of itself once more it stays as it is.
#include <algorithm>
#include <memory>
#include <string>

#include "fuzzing.h"
#include "portal_page.h"
#include "provisioning.h"

using namespace ct;
using ct::fuzz::must;

namespace {

constexpr char kKept[] = R"({"wifi_ssid":"Works","wifi_password":"old-password","device_id":"node-1"})";

class PageBytes : public PageSink {
 public:
  void write(const char* bytes, size_t size) override { text.append(bytes, size); }
  std::string text;
};

long tags_of_page(const Json& entered) {
  PageBytes page;
  write_portal_form(page, entered, "token", "an error");
  return std::count(page.text.begin(), page.text.end(), '<');
}

void check_merged(const std::string& pasted, const std::string& merged) {
  const Json object = Json::parse(merged.data(), merged.size());
  must(object.kind() == JsonKind::object, "what is kept is a JSON object");
  char again[kSettingsTextBytes];
  size_t size = 0;
  must(merge_pasted(merged.data(), merged.size(), merged.data(), merged.size(), again, sizeof again, size) ==
           MergeResult::ok,
       "what is kept can be pasted");
  must(merged == std::string(again, size), "what is kept stays as it is");

  const auto settings = std::make_unique<Settings>();
  SettingsError error;
  WifiLogin wifi;
  const bool has_path = Json::parse(pasted.data(), pasted.size())["ca_file"].exists();  // of the host alone
  if (!has_path && read_settings(pasted.data(), pasted.size(), *settings, error)) {
    must(read_settings(merged.data(), merged.size(), *settings, error), "what the core takes, it takes again");
  }
  if (read_wifi(merged.data(), merged.size(), wifi, error)) must(wifi.ssid[0] != '\0', "a network has a name");
  must(tags_of_page(object) == tags_of_page(Json::parse("{}", 2)), "no value brings a tag into the page");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto collector = std::make_unique<PasteCollector>();
  for (size_t i = 0; i < size; ++i) {
    if (collector->feed(static_cast<char>(bytes[i])) != PasteResult::complete) continue;
    const std::string pasted(collector->text(), collector->size());
    must(pasted.size() >= 2 && pasted.front() == '{' && pasted.back() == '}', "an object has its braces");
    must(pasted.size() < kSettingsTextBytes, "an object has its limit");
    char merged[kSettingsTextBytes];
    size_t merged_size = 0;
    if (merge_pasted(kKept, sizeof kKept - 1, pasted.data(), pasted.size(), merged, sizeof merged, merged_size) ==
        MergeResult::ok) {
      check_merged(pasted, std::string(merged, merged_size));
    }
  }
  return 0;
}
