#include "commands.h"

#include <cstdio>
#include <cstring>

#include "json_reader.h"
#include "reading.h"

namespace ct {

namespace {

constexpr double kMinIntervalS = 0.02, kMaxIntervalS = 3600.0;
constexpr size_t kShortestSecret = 16;

struct KindName {
  const char* name;
  CommandKind kind;
};
constexpr KindName kKinds[] = {
    {"set_interval", CommandKind::set_interval},
    {"set_limits", CommandKind::set_limits},
    {"set_secret", CommandKind::set_secret},
    {"resend", CommandKind::resend},
    {"zero", CommandKind::zero},
    {"reboot", CommandKind::reboot},
    {"update_firmware", CommandKind::update_firmware},
};

CommandResult bad(Command& out, const char* text) {
  std::snprintf(out.error, sizeof out.error, "%s", text);
  return CommandResult::bad_argument;
}

CommandResult read_interval(const Json& message, Command& out) {
  double seconds = 0;
  if (!message["interval_s"].as_number(seconds) || !(seconds >= kMinIntervalS && seconds <= kMaxIntervalS)) {
    return bad(out, "interval_s must be a number of 0.02 to 3600 s");
  }
  out.interval_ms = static_cast<uint32_t>(std::lround(seconds * 1000.0));
  return CommandResult::ok;
}

CommandResult read_limits(const Json& message, const Limits& in_force, Command& out) {
  out.limits = in_force;
  const struct {
    const char* name;
    double* limit;
    double low, high;
    const char* unit;
  } named[] = {{"co2_high_ppm", &out.limits.co2_high_ppm, 0, 1e6, "ppm"},
               {"temperature_high_c", &out.limits.temperature_high_c, -50, 1500, "C"},
               {"temperature_low_c", &out.limits.temperature_low_c, -50, 1500, "C"},
               {"flow_high_m3s", &out.limits.flow_high_m3s, 0, 1000, "m3/s"},
               {"flow_low_m3s", &out.limits.flow_low_m3s, 0, 1000, "m3/s"}};
  bool has_any = false;
  for (const auto& one : named) {
    const Json value = message[one.name];
    if (!value.exists()) continue;
    has_any = true;
    if (value.kind() == JsonKind::null) {
      *one.limit = NAN;
    } else if (!value.as_number(*one.limit) || !(*one.limit >= one.low && *one.limit <= one.high)) {
      std::snprintf(out.error, sizeof out.error, "%s must be a number from %g to %g %s, or null for no limit", one.name,
                    one.low, one.high, one.unit);
      return CommandResult::bad_argument;
    }
  }
  if (!has_any)
    return bad(out, "no limit named: co2_high_ppm, temperature_high_c, temperature_low_c, flow_high_m3s, ...");
  return CommandResult::ok;
}

CommandResult read_resend(const Json& message, Command& out) {
  int64_t stream = 0, from = 0, to = 0;
  if (!message["stream"].as_integer(0, 0xFFFFFFFFLL, stream) || !message["from"].as_integer(1, kMaxSeq, from) ||
      !message["to"].as_integer(from, kMaxSeq, to)) {
    return bad(out, "resend needs stream, from and to, whole numbers, from not above to");
  }
  out.stream = static_cast<uint32_t>(stream);
  out.from = static_cast<uint32_t>(from);
  out.to = static_cast<uint32_t>(to);
  return CommandResult::ok;
}

CommandResult read_secret(const Json& message, Command& out) {
  if (!message["secret"].as_text(out.secret, sizeof out.secret) || std::strlen(out.secret) < kShortestSecret) {
    out.secret[0] = '\0';
    return bad(out, "secret must be a text of 16 to 64 characters");
  }
  return CommandResult::ok;
}

CommandResult read_zero(const Json& message, Command& out) {
  char reference[16];
  if (message["reference"].as_text(reference, sizeof reference)) {
    if (std::strcmp(reference, "fresh_air") == 0 || std::strcmp(reference, "nitrogen") == 0) {
      out.zero = reference[0] == 'f' ? ZeroReference::fresh_air : ZeroReference::nitrogen;
      return CommandResult::ok;
    }
  }
  // Never guess the gas: a sensor zeroed in the wrong gas stays wrong until somebody notices.
  return bad(out, "reference must be \"fresh_air\" or \"nitrogen\": the gas the sensor stands in now");
}

CommandResult read_update(const Json& message, Command& out) {
  if (!message["url"].as_text(out.url, sizeof out.url) || std::strncmp(out.url, "https://", 8) != 0) {
    return bad(out, "url must be an https:// address of at most 200 characters");
  }
  const bool has_sum = message["sha256"].as_text(out.sha256, sizeof out.sha256);
  if (!has_sum || std::strspn(out.sha256, "0123456789abcdef") != 64) {
    return bad(out, "sha256 must be 64 hexadecimal digits in small letters");
  }
  return CommandResult::ok;
}

}  // namespace

CommandResult parse_command(const char* text, size_t size, const Limits& in_force, Command& out) {
  out = Command();
  const Json message = Json::parse(text, size);
  if (!message["id"].as_text(out.id, sizeof out.id) || out.id[0] == '\0') return CommandResult::no_id;
  int64_t version = 0;
  if (!message["v"].as_integer(1, 1, version)) return bad(out, "v must be 1");
  char kind[24] = {};
  message["kind"].as_text(kind, sizeof kind);
  for (const KindName& known : kKinds) {
    if (std::strcmp(kind, known.name) == 0) out.kind = known.kind;
  }
  switch (out.kind) {
    case CommandKind::set_interval: return read_interval(message, out);
    case CommandKind::set_limits: return read_limits(message, in_force, out);
    case CommandKind::set_secret: return read_secret(message, out);
    case CommandKind::resend: return read_resend(message, out);
    case CommandKind::zero: return read_zero(message, out);
    case CommandKind::update_firmware: return read_update(message, out);
    case CommandKind::reboot: return CommandResult::ok;
    case CommandKind::unknown: break;
  }
  std::snprintf(out.error, sizeof out.error, "this firmware knows no command of that kind");
  return CommandResult::unknown_kind;
}

const char* AnsweredCommands::answer_to(const char* id) const {
  for (const Answer& answer : answers_) {
    if (answer.id[0] != '\0' && std::strcmp(answer.id, id) == 0) return answer.error;
  }
  return nullptr;
}

void AnsweredCommands::remember(const char* id, const char* error) {
  Answer& answer = answers_[next_];
  next_ = (next_ + 1) % kKept;
  std::snprintf(answer.id, sizeof answer.id, "%s", id);
  std::snprintf(answer.error, sizeof answer.error, "%s", error);
}

}  // namespace ct
