// Settings as a person enters them: through the form of the board's own Wi-Fi, or as one pasted text (the JSON of
// `provision_device --firmware-config`). Makes the text that is kept; checking it is read_settings' and read_wifi's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "json_reader.h"
#include "paste_collector.h"
#include "ports.h"
#include "settings.h"

namespace ct {

enum class EntryKind { text, secret, number, choice, long_text };

struct SettingKey {
  const char* name;
  EntryKind kind;
  const char* label;  // null: not in the form, but kept where it was pasted
  const char* note;
  const char* choices[5];  // of a choice, ended by null; the first is the default
};

// Every key that is kept, in the order of the form. Other keys are dropped.
extern const SettingKey kSettingKeys[];
extern const size_t kSettingKeyCount;

// Where the values of a form come from.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  enum class Found { missing, found, too_long };
  virtual Found read(const char* name, char* out, size_t capacity) = 0;
};

enum class MergeResult { ok, too_long, no_object };

// `base`: what was kept before, or nothing. A field left empty takes the value away; an empty secret keeps the old one,
// as the page never shows it (but not that of another Wi-Fi, nor of another device, broker or CA); a field that the
// form does not have keeps its value.
MergeResult merge_form(const char* base, size_t base_size, EntrySource& form, char* out, size_t capacity, size_t& size);
// A pasted text replaces everything but the Wi-Fi, which the server may not know.
MergeResult merge_pasted(const char* base, size_t base_size, const char* pasted, size_t pasted_size, char* out,
                         size_t capacity, size_t& size);
// The device's password changed, all else as it was. `previous`: the one to go back to while the new one is not proved,
// which a restart must not forget; empty: none.
MergeResult merge_secret(const char* base, size_t base_size, const char* secret, const char* previous, char* out,
                         size_t capacity, size_t& size);

// --- What only the board reads of it ---
struct WifiLogin {
  char ssid[33] = {};
  char password[65] = {};     // empty: an open network
  char time_server[65] = {};  // empty: those of the pool
};

bool read_wifi(const char* text, size_t size, WifiLogin& out, SettingsError& error);

// --- The board's own Wi-Fi ---
inline constexpr size_t kLabelPasswordBytes = 13;
// Drawn once in a board's life and printed on its label: 60 bits, in characters that are not mistaken for one another.
void draw_label_password(Entropy& entropy, char out[kLabelPasswordBytes]);

}  // namespace ct
