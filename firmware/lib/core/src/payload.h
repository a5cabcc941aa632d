// The device's messages: readings, status, alerts, acks and their topics, as mqtt_ingest/contract/ fixes them.
// The server's messages are in committed.h and commands.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "json_writer.h"
#include "reading.h"

namespace ct {

enum class Topic { readings, status, alerts, acks, committed, commands };

inline constexpr size_t kTopicBytes = 96;
inline constexpr size_t kMaxDeviceIdBytes = 64;
inline constexpr char kOfflinePayload[] = "{\"v\":1,\"online\":false}";

// carbontrack/v1/<device id>/<kind>
void format_topic(const char* device_id, Topic topic, char out[kTopicBytes]);
const char* topic_name(Topic topic);

// Readings of one stream and one interval, one after the other, as long as they fit.
class ReadingsMessage {
 public:
  ReadingsMessage(char* buffer, size_t capacity, uint32_t stream, uint32_t interval_ms);
  // False, and nothing written, when the reading does not fit.
  bool add(const Reading& reading, uint8_t extra_flags);
  // Closes the message; 0 when not even its end fits.
  size_t finish();
  size_t count() const { return count_; }

 private:
  JsonWriter writer_;
  size_t count_ = 0;
};

struct Status {
  uint32_t stream = 0;
  const char* firmware = "";
  const char* sensor = "";
  double range_ppm = 0;
  const char* co2_basis = "";
  const char* pressure_compensation = "";
  uint64_t uptime_s = 0;
  int rssi_dbm = 0;     // 0: unknown, left out
  double supply_v = 0;  // 0: unknown, left out
  uint32_t outbox_count = 0;
  uint32_t refused_count = 0;
  uint32_t undatable_count = 0;
  const char* reset_reason = "";
  bool has_previous = false;
  uint32_t previous_stream = 0, previous_seq = 0;
  // Beyond the contract; the server ignores unknown keys. Each is left out while it is 0: losses are always
  // reported, and a healthy device sends none of them.
  uint32_t dropped_count = 0;    // readings lost because the flash was full
  uint32_t thinned_count = 0;    // readings that went into means
  uint32_t corrupt_count = 0;    // records that failed their CRC
  uint32_t formatted_count = 0;  // how often the file system was formatted, which lost its contents
};

size_t write_status(const Status& status, char* buffer, size_t capacity);

enum class AlertKind { co2_high, temperature_high, temperature_low, flow_high, flow_low, sensor_fault };

struct Alert {
  AlertKind kind = AlertKind::sensor_fault;
  int64_t t_ms = 0;
  double value = NAN;  // NAN: left out
  double limit = NAN;
};

const char* alert_name(AlertKind kind);
size_t write_alert(const Alert& alert, char* buffer, size_t capacity);
// `error` null: it was carried out.
size_t write_ack(const char* command_id, const char* error, char* buffer, size_t capacity);

}  // namespace ct
