// The small interfaces through which the core meets a board or a host. Implementations: src/ (board), host/ (POSIX),
// test/ (fakes). Nothing here allocates, throws or waits for long.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ct {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since boot; never jumps. 64 bits, so that it never wraps either.
  virtual uint64_t uptime_ms() = 0;
  // Unix time, or 0 while no time server has answered since boot.
  virtual int64_t unix_ms() = 0;
};

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual uint32_t random_u32() = 0;
};

// --- Sensors ---
class Uart {
 public:
  virtual ~Uart() = default;
  virtual void write(const uint8_t* bytes, size_t size) = 0;
  virtual size_t read(uint8_t* bytes, size_t capacity) = 0;  // what has arrived; 0 when nothing has
};

enum class BusResult { ok, no_answer };

class I2cBus {
 public:
  virtual ~I2cBus() = default;
  virtual BusResult write(uint8_t address, const uint8_t* bytes, size_t size) = 0;
  virtual BusResult read(uint8_t address, uint8_t* bytes, size_t size) = 0;
};

class SpiBus {
 public:
  virtual ~SpiBus() = default;
  virtual BusResult read(uint8_t* bytes, size_t size) = 0;  // with the chip selected
};

class PulseCounter {
 public:
  virtual ~PulseCounter() = default;
  virtual uint32_t total() = 0;  // pulses since boot; may wrap
};

class CurrentLoop {
 public:
  virtual ~CurrentLoop() = default;
  virtual double milliamperes() = 0;
};

// --- Flash ---
enum class StorageResult { ok, not_found, full, failed };
enum class MountResult { mounted, formatted, failed };

class Storage {
 public:
  virtual ~Storage() = default;
  // `formatted`: the file system was unreadable and was formatted, so its contents are lost.
  virtual MountResult mount() = 0;
  // Adds to the end; makes the file when it is not there. Durable after sync only.
  virtual StorageResult append(const char* name, const uint8_t* bytes, size_t size) = 0;
  virtual StorageResult sync(const char* name) = 0;
  virtual StorageResult read(const char* name, uint8_t* bytes, size_t capacity, size_t& size) = 0;
  virtual StorageResult remove(const char* name) = 0;
  // The name with this place in the listing, or false behind the last; stable while nothing is written.
  virtual bool name_at(size_t place, char* name, size_t capacity) = 0;
  virtual uint32_t capacity_bytes() = 0;
  virtual uint32_t used_bytes() = 0;  // as the file system counts: whole blocks
};

// --- Network ---
struct MqttLogin {
  const char* host;
  uint16_t port;
  const char* device_id;  // user name and client id
  const char* secret;
  const char* ca;  // PEM text of the pinned CA, or a path on the host; empty: plain TCP, for this machine only
  const char* will_topic;
  const char* will_payload;
};

enum class MqttEventKind { none, connected, login_refused, disconnected, message };

struct MqttEvent {
  MqttEventKind kind = MqttEventKind::none;
  char topic[128] = {};
  size_t size = 0;  // of the message in the caller's buffer; one longer than that is dropped and counted by the link
};

enum class PublishResult { handed_over, not_connected, failed };

// Three methods, so that esp-mqtt and libmosquitto fit alike. QoS 1 throughout. A link never reconnects by itself and
// keeps nothing over a lost connection: only the outbox counts. The broker's PUBACK frees nothing, so it has no event.
class MqttLink {
 public:
  virtual ~MqttLink() = default;
  // Starts one attempt, cleanly; its outcome comes as an event. Subscribes to `committed` and `commands`.
  virtual void connect(const MqttLogin& login) = 0;
  virtual PublishResult publish(const char* topic, const char* payload, size_t size, bool retain) = 0;
  virtual MqttEvent next_event(char* payload, size_t capacity) = 0;
};

// --- What only the board can do ---
enum class BoardResult { done, failed, unsupported };

class Board {
 public:
  virtual ~Board() = default;
  virtual const char* reset_reason() = 0;
  virtual int rssi_dbm() = 0;     // 0: unknown
  virtual double supply_v() = 0;  // 0: unknown
  virtual void feed_watchdog() = 0;
  virtual void restart() = 0;
  // `previous`: to be tried as well after a restart, until the new one is proved; empty: it is.
  virtual BoardResult store_secret(const char* secret, const char* previous) = 0;
  virtual BoardResult start_update(const char* url, const char* sha256) = 0;
  virtual void log(const char* text) = 0;
};

}  // namespace ct
