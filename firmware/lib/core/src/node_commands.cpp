// Carries out the server's commands and answers them.
#include <cinttypes>
#include <cstdio>

#include "config.h"
#include "node.h"

namespace ct {

namespace {

constexpr uint64_t kRestartDelayMs = 2000;  // time for the ack to leave

const char* board_error(BoardResult result) {
  switch (result) {
    case BoardResult::done: return nullptr;
    case BoardResult::failed: return "the board could not do it; see its log";
    case BoardResult::unsupported: break;
  }
  return "this board cannot do that";
}

}  // namespace

void Node::obey(const char* text, size_t size) {
  Command command;
  const CommandResult result = parse_command(text, size, limit_watch_.limits(), command);
  if (result == CommandResult::no_id) {
    ++misheard_count_;
    ports_.board.log("server: a command could not be read, and has no id to answer to");
    return;
  }
  // Repeated because its ack was lost: answer it again, do not carry it out again.
  const char* known = answered_.answer_to(command.id);
  if (known != nullptr) {
    answer_command(command.id, known[0] == '\0' ? nullptr : known);
    return;
  }
  const char* error = result == CommandResult::ok ? carry_out(command) : command.error;
  answered_.remember(command.id, error == nullptr ? "" : error);
  answer_command(command.id, error);
}

void Node::answer_command(const char* id, const char* error) {
  const size_t size = write_ack(id, error, payload_, sizeof payload_);
  // A lost ack is asked for again by the server.
  if (size != 0) connection_.publish(Topic::acks, payload_, size);
}

const char* Node::carry_out(const Command& command) {
  switch (command.kind) {
    case CommandKind::set_interval:
      settings_.interval_ms = command.interval_ms;
      watchdog_.set_sampling_interval(command.interval_ms);
      // Samples taken so far belong to the next reading, whatever its interval.
      next_reading_ms_ = ports_.clock.uptime_ms() + command.interval_ms;
      return nullptr;
    case CommandKind::set_limits: limit_watch_.set_limits(command.limits); return nullptr;
    case CommandKind::set_secret: {
      const char* error = board_error(ports_.board.store_secret(command.secret, settings_.password));
      if (error == nullptr) connection_.change_password(command.secret);
      return error;
    }
    case CommandKind::resend: return resend(command);
    case CommandKind::zero:
      return instruments_.zero(command.zero, ports_.clock.uptime_ms())
                 ? nullptr
                 : "this sensor cannot be zeroed in that gas by command";
    case CommandKind::reboot:
      std::snprintf(kept_.restart_command_id, sizeof kept_.restart_command_id, "%s", command.id);
      restart_at_ms_ = ports_.clock.uptime_ms() + kRestartDelayMs;
      return nullptr;
    case CommandKind::update_firmware:
      // RAM first: an update ends in a restart, and may fail.
      outbox_.flush();
      return board_error(ports_.board.start_update(command.url, command.sha256));
    case CommandKind::unknown: break;
  }
  return "unknown command";
}

const char* Node::resend(const Command& command) {
  uint32_t kept_count = 0;
  const SeqRange range = {command.from, command.to};
  const bool is_all = outbox_.has(command.stream, range, kept_count);
  sender_.hurry(command.stream, range);
  if (is_all) return nullptr;
  std::snprintf(resend_error_, sizeof resend_error_,
                "%" PRIu32 " of %" PRIu32 " readings are kept and go again; the rest was named in committed, or lost",
                kept_count, range.to - range.from + 1);
  return resend_error_;
}

}  // namespace ct
