// Any text on the topic `commands`: what would be carried out has arguments within the bounds that README.md states,
// and what would not says why.
#include "commands.h"
#include "fuzzing.h"
#include "reading.h"

using namespace ct;
using ct::fuzz::is_ended;
using ct::fuzz::must;

namespace {

bool is_limit(double value) { return std::isnan(value) || std::isfinite(value); }

void check_arguments(const Command& command) {
  switch (command.kind) {
    case CommandKind::set_interval:
      must(command.interval_ms >= 20 && command.interval_ms <= 3'600'000, "an interval is 0.02 to 3600 s");
      break;
    case CommandKind::set_limits:
      must(is_limit(command.limits.co2_high_ppm) && is_limit(command.limits.temperature_high_c) &&
               is_limit(command.limits.temperature_low_c) && is_limit(command.limits.flow_high_m3s) &&
               is_limit(command.limits.flow_low_m3s),
           "a limit is a finite number or none");
      break;
    case CommandKind::set_secret:
      must(std::strlen(command.secret) >= 16, "a secret has 16 characters");
      break;
    case CommandKind::resend:
      must(command.from >= 1 && command.from <= command.to && command.to <= kMaxSeq, "a range ascends");
      break;
    case CommandKind::update_firmware:
      must(std::strncmp(command.url, "https://", 8) == 0, "firmware comes by https");
      must(std::strlen(command.sha256) == 64, "a SHA-256 has 64 digits");
      break;
    case CommandKind::unknown:
      must(false, "a command that nobody knows is not carried out");
      break;
    case CommandKind::zero:
    case CommandKind::reboot:
      break;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const char* text = reinterpret_cast<const char*>(bytes);
  Command command;
  const CommandResult result = parse_command(text, size, Limits(), command);
  must(is_ended(command.id) && is_ended(command.secret) && is_ended(command.url) && is_ended(command.sha256) &&
           is_ended(command.error),
       "every text ends in its buffer");
  if (result == CommandResult::no_id) return 0;
  must(command.id[0] != '\0', "an answer needs an id");
  if (result != CommandResult::ok) {
    must(command.error[0] != '\0', "a refusal says why");
    return 0;
  }
  check_arguments(command);
  AnsweredCommands answered;
  answered.remember(command.id, "");
  must(answered.answer_to(command.id) != nullptr, "a command that came is known when it comes again");
  return 0;
}
