#include "portal_page.h"

#include <cstdio>
#include <cstring>

#include "provisioning.h"

namespace ct {

namespace {

constexpr char kHead[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Carbon Track sensor node</title>"
    "<style>body{font:16px sans-serif;max-width:34em;margin:1em auto;padding:0 1em}label{display:block;margin-top:1em}"
    "input,select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4em}small{color:#555}"
    ".wrong{border-left:4px solid #b00020;padding:.5em 1em;background:#fdecee}"
    "button{font:inherit;padding:.6em 2em;margin:1.5em 0}</style></head><body>";
constexpr char kTail[] = "</body></html>";

void write(PageSink& page, const char* text) { page.write(text, std::strlen(text)); }

void write_attribute(PageSink& page, const char* name, const char* value) {
  write(page, " ");
  write(page, name);
  write(page, "=\"");
  write_escaped(page, value);
  write(page, "\"");
}

// As it stands in the settings: a number in its own digits, a text unescaped from JSON.
void value_of(const Json& entered, const char* name, char* out, size_t capacity) {
  out[0] = '\0';
  const Json value = entered[name];
  if (value.kind() == JsonKind::number) {
    std::snprintf(out, capacity, "%.*s", static_cast<int>(value.size() < 40 ? value.size() : 40), value.begin());
  } else if (!value.as_text(out, capacity)) {
    out[0] = '\0';
  }
}

void write_choice(PageSink& page, const SettingKey& key, const char* value) {
  write(page, "<select");
  write_attribute(page, "name", key.name);
  write(page, ">");
  for (const char* const* choice = key.choices; *choice != nullptr; ++choice) {
    write(page, "<option");
    if (std::strcmp(*choice, value) == 0) write(page, " selected");
    write(page, ">");
    write_escaped(page, *choice);
    write(page, "</option>");
  }
  write(page, "</select>");
}

void write_field(PageSink& page, const SettingKey& key, const Json& entered) {
  char value[kCaBytes];
  value_of(entered, key.name, value, sizeof value);
  write(page, "<label>");
  write_escaped(page, key.label);
  write(page, " <small>");
  write_escaped(page, key.note);
  write(page, "</small>");
  switch (key.kind) {
    case EntryKind::choice: write_choice(page, key, value); break;
    case EntryKind::long_text:
      write(page, "<textarea rows=\"4\" spellcheck=\"false\"");
      write_attribute(page, "name", key.name);
      write(page, ">\n");  // the first line end of a text area is not part of it
      write_escaped(page, value);
      write(page, "</textarea>");
      break;
    case EntryKind::secret:
      write(page, "<input type=\"password\" autocomplete=\"off\"");
      write_attribute(page, "name", key.name);
      write(page, ">");
      break;
    case EntryKind::number:
    case EntryKind::text:
      write(page, "<input autocapitalize=\"off\" autocomplete=\"off\"");
      if (key.kind == EntryKind::number) write(page, " inputmode=\"decimal\"");
      write_attribute(page, "name", key.name);
      write_attribute(page, "value", value);
      write(page, ">");
      break;
  }
  write(page, "</label>");
}

}  // namespace

void write_escaped(PageSink& page, const char* text) {
  const char* from = text;
  for (const char* at = text;; ++at) {
    const char* escape = nullptr;
    switch (*at) {
      case '&': escape = "&amp;"; break;
      case '<': escape = "&lt;"; break;
      case '>': escape = "&gt;"; break;
      case '"': escape = "&quot;"; break;
      case '\'': escape = "&#39;"; break;
      case '\0': break;
      default: continue;
    }
    if (at != from) page.write(from, static_cast<size_t>(at - from));
    if (escape == nullptr) return;
    write(page, escape);
    from = at + 1;
  }
}

void write_portal_form(PageSink& page, const Json& entered, const char* token, const char* error) {
  write(page, kHead);
  write(page, "<h1>Carbon Track sensor node</h1>");
  if (error != nullptr) {
    write(page, "<p class=\"wrong\" role=\"alert\">Not saved: ");
    write_escaped(page, error);
    write(page, "</p>");
  }
  write(page, "<form method=\"post\" action=\"/save\"><input type=\"hidden\" name=\"token\"");
  write_attribute(page, "value", token);
  write(page,
        "><label>Everything at once <small>the text of provision_device "
        "--firmware-config; when it is given, the fields below do not count</small><textarea rows=\"3\" name=\"all\" "
        "spellcheck=\"false\"></textarea></label>");
  for (size_t i = 0; i < kSettingKeyCount; ++i) {
    if (kSettingKeys[i].label != nullptr) write_field(page, kSettingKeys[i], entered);
  }
  write(page, "<button>Save and restart</button></form>");
  write(page, kTail);
}

void write_portal_done(PageSink& page, const char* device_id) {
  write(page, kHead);
  write(page, "<h1>Saved</h1><p>");
  write_escaped(page, device_id);
  write(page, " restarts now and this Wi-Fi goes away. One flash of its light every two seconds: it measures.</p>");
  write(page, kTail);
}

}  // namespace ct
