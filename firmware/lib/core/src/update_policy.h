// The decisions of an update: which address may be fetched, whom to trust for it, whether the file is the right one,
// and when a new firmware has proved itself. Fetching and writing is the board's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

inline constexpr size_t kHostBytes = 129;
inline constexpr size_t kDigestBytes = 32;

enum class UrlResult { ok, not_https, no_host, has_login, bad_port, bad_character };

// An https address; its host in small letters into `host`, if that is not null.
UrlResult check_update_url(const char* url, char host[kHostBytes]);

// The pinned CA where the broker itself serves the file, else the public ones that the board's core brings along: the
// file is known by its SHA-256, which came over the pinned connection, so a wrong answer here costs a try, no more.
enum class UpdateTrust { pinned_ca, public_cas };
UpdateTrust update_trust(const char* url, const char* broker_host);

enum class FileResult { ok, empty, too_long, too_short, wrong_digest };

// `announced_bytes`: Content-Length, or -1 where the server gave none.
FileResult check_announced(int64_t announced_bytes, size_t slot_bytes);
FileResult check_received(int64_t announced_bytes, size_t received_bytes, const uint8_t digest[kDigestBytes],
                          const char* sha256_hex);
const char* file_error(FileResult result);

// A firmware on trial is kept once it has reached the broker: one that cannot could never be updated again. If
// it restarts before, the bootloader returns to the old one.
inline constexpr uint64_t kTrialMs = 900'000;
enum class Verdict { wait, keep, go_back };
Verdict judge_trial(bool is_on_trial, bool is_connected, uint64_t uptime_ms);

}  // namespace ct
