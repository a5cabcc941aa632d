// The server's commands, and the memory of those answered: a repeated id is answered again but not carried out
// again. node_commands.cpp carries commands out.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace ct {

inline constexpr size_t kCommandIdBytes = 65;
inline constexpr size_t kSecretBytes = 65;
inline constexpr size_t kUrlBytes = 201;
inline constexpr size_t kSha256Bytes = 65;
inline constexpr size_t kErrorBytes = 120;

enum class CommandKind { set_interval, set_limits, set_secret, resend, zero, reboot, update_firmware, unknown };
enum class ZeroReference { fresh_air, nitrogen };

// Of the readings' own units; NAN: no such limit. Flow is that of the whole chimney, m3/s.
struct Limits {
  double co2_high_ppm = NAN;
  double temperature_high_c = NAN, temperature_low_c = NAN;
  double flow_high_m3s = NAN, flow_low_m3s = NAN;
};

struct Command {
  char id[kCommandIdBytes] = {};
  CommandKind kind = CommandKind::unknown;
  uint32_t interval_ms = 0;               // set_interval
  Limits limits;                          // set_limits: those in force, with what it changes
  char secret[kSecretBytes] = {};         // set_secret
  uint32_t stream = 0, from = 0, to = 0;  // resend
  ZeroReference zero = ZeroReference::fresh_air;
  char url[kUrlBytes] = {};  // update_firmware
  char sha256[kSha256Bytes] = {};
  char error[kErrorBytes] = {};  // of bad_argument and unknown_kind: what the ack says
};

// Without an id there can be no answer: the caller counts it and drops it.
enum class CommandResult { ok, unknown_kind, bad_argument, no_id };

// `in_force`: the limits that set_limits changes; one that it does not name stays, null takes it away.
CommandResult parse_command(const char* text, size_t size, const Limits& in_force, Command& out);

class AnsweredCommands {
 public:
  // The error it was answered with ("" for done), or null when the id is new.
  const char* answer_to(const char* id) const;
  void remember(const char* id, const char* error);

 private:
  static constexpr size_t kKept = 8;
  struct Answer {
    char id[kCommandIdBytes] = {};
    char error[kErrorBytes] = {};
  };
  Answer answers_[kKept];
  size_t next_ = 0;
};

}  // namespace ct
