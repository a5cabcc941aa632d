#include "update_policy.h"

#include <cctype>
#include <cstdlib>
#include <cstring>

namespace ct {

namespace {

constexpr char kScheme[] = "https://";
constexpr size_t kSchemeSize = sizeof kScheme - 1;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_same_name(const char* a, const char* b) {
  for (; *a != '\0' && *b != '\0'; ++a, ++b) {
    if (std::tolower(static_cast<unsigned char>(*a)) != std::tolower(static_cast<unsigned char>(*b))) return false;
  }
  return *a == *b;
}

}  // namespace

UrlResult check_update_url(const char* url, char host[kHostBytes]) {
  if (host != nullptr) host[0] = '\0';
  if (std::strncmp(url, kScheme, kSchemeSize) != 0) return UrlResult::not_https;
  for (const char* c = url; *c != '\0'; ++c) {
    if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\' || *c == '<' || *c == '>') return UrlResult::bad_character;
  }
  const char* name = url + kSchemeSize;
  const size_t authority_size = std::strcspn(name, "/?#");
  if (std::memchr(name, '@', authority_size) != nullptr) return UrlResult::has_login;
  const size_t name_size = std::strcspn(name, ":/?#");
  if (name_size == 0 || name_size >= kHostBytes) return UrlResult::no_host;
  if (name[name_size] == ':') {
    const size_t digits = std::strspn(name + name_size + 1, "0123456789");
    const long port = digits >= 1 && digits <= 5 ? std::strtol(name + name_size + 1, nullptr, 10) : 0;
    if (port < 1 || port > 65535 || name_size + 1 + digits != authority_size) return UrlResult::bad_port;
  }
  if (host == nullptr) return UrlResult::ok;
  for (size_t i = 0; i < name_size; ++i) host[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  host[name_size] = '\0';
  return UrlResult::ok;
}

UpdateTrust update_trust(const char* url, const char* broker_host) {
  char host[kHostBytes];
  const bool is_known = check_update_url(url, host) == UrlResult::ok && is_same_name(host, broker_host);
  return is_known ? UpdateTrust::pinned_ca : UpdateTrust::public_cas;
}

FileResult check_announced(int64_t announced_bytes, size_t slot_bytes) {
  if (announced_bytes == 0) return FileResult::empty;
  if (announced_bytes > static_cast<int64_t>(slot_bytes)) return FileResult::too_long;
  return FileResult::ok;
}

FileResult check_received(int64_t announced_bytes, size_t received_bytes, const uint8_t digest[kDigestBytes],
                          const char* sha256_hex) {
  if (received_bytes == 0) return FileResult::empty;
  if (announced_bytes > 0 && static_cast<int64_t>(received_bytes) != announced_bytes) return FileResult::too_short;
  if (std::strlen(sha256_hex) != 2 * kDigestBytes) return FileResult::wrong_digest;
  for (size_t i = 0; i < kDigestBytes; ++i) {
    const int high = hex_value(sha256_hex[2 * i]), low = hex_value(sha256_hex[2 * i + 1]);
    if (high < 0 || low < 0 || digest[i] != high * 16 + low) return FileResult::wrong_digest;
  }
  return FileResult::ok;
}

const char* file_error(FileResult result) {
  switch (result) {
    case FileResult::ok: return "";
    case FileResult::empty: return "update: the server sent no file";
    case FileResult::too_long: return "update: the file is longer than a slot of this board; build it for this board";
    case FileResult::too_short: return "update: the file ended early; order it again";
    case FileResult::wrong_digest: return "update: the file has another SHA-256 than the command said; not installed";
  }
  return "";
}

Verdict judge_trial(bool is_on_trial, bool is_connected, uint64_t uptime_ms) {
  if (!is_on_trial) return Verdict::wait;
  if (is_connected) return Verdict::keep;
  return uptime_ms >= kTrialMs ? Verdict::go_back : Verdict::wait;
}

}  // namespace ct
