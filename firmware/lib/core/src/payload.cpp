#include "payload.h"

#include <cstdio>

namespace ct {

namespace {

constexpr const char* kQuantityNames[kQuantities] = {
    "co2_ppm",          "temperature_c", "velocity_ms", "pressure_pa", "dp_pa", "cell_temperature_c",
    "cell_pressure_pa", "humidity_pct",  "o2_pct",      "ch4_ppm",
};
constexpr size_t kClosingBytes = 2;  // "]}"

size_t finished(const JsonWriter& writer) { return writer.ok() ? writer.size() : 0; }

}  // namespace

const char* topic_name(Topic topic) {
  switch (topic) {
    case Topic::readings: return "readings";
    case Topic::status: return "status";
    case Topic::alerts: return "alerts";
    case Topic::acks: return "acks";
    case Topic::committed: return "committed";
    case Topic::commands: return "commands";
  }
  return "";
}

void format_topic(const char* device_id, Topic topic, char out[kTopicBytes]) {
  std::snprintf(out, kTopicBytes, "carbontrack/v1/%.64s/%s", device_id, topic_name(topic));
}

ReadingsMessage::ReadingsMessage(char* buffer, size_t capacity, uint32_t stream, uint32_t interval_ms)
    : writer_(buffer, capacity > kClosingBytes ? capacity - kClosingBytes : 0) {
  writer_.begin_object().key("v").integer(1).key("stream").integer(stream);
  writer_.key("interval_s").number(interval_ms / 1000.0).key("readings").begin_array();
}

bool ReadingsMessage::add(const Reading& reading, uint8_t extra_flags) {
  if (!writer_.ok()) return false;
  const size_t size = writer_.size();
  const bool needs_comma = writer_.needs_comma();
  writer_.begin_object().key("seq").integer(reading.seq).key("t").integer(reading.t_ms);
  for (size_t i = 0; i < kQuantities; ++i) {
    if (reading.has(i)) {
      writer_.key(kQuantityNames[i]).number_f(reading.values[i], i == kCo2Ppm);
    } else if (i < kRequiredQuantities) {
      writer_.key(kQuantityNames[i]).null();
    }
  }
  writer_.key("flags").integer(reading.flags | extra_flags);
  if (reading.is_mean()) {
    writer_.key("span_s").number(reading.span_ms / 1000.0).key("n").integer(reading.n);
    writer_.key("seq_from").integer(reading.seq_from);
  }
  writer_.end_object();
  if (!writer_.ok()) {
    writer_.rewind(size, needs_comma);
    return false;
  }
  ++count_;
  return true;
}

size_t ReadingsMessage::finish() {
  if (!writer_.ok()) return 0;
  writer_.grow(kClosingBytes);
  writer_.end_array().end_object();
  return finished(writer_);
}

size_t write_status(const Status& status, char* buffer, size_t capacity) {
  JsonWriter writer(buffer, capacity);
  const auto counted = [&writer](const char* name, uint32_t count) {
    if (count != 0) writer.key(name).integer(count);
  };
  writer.begin_object().key("v").integer(1).key("online").boolean(true).key("stream").integer(status.stream);
  writer.key("firmware").text(status.firmware).key("sensor").text(status.sensor);
  writer.key("range_ppm").number(status.range_ppm).key("co2_basis").text(status.co2_basis);
  writer.key("pressure_compensation").text(status.pressure_compensation);
  writer.key("uptime_s").integer(static_cast<int64_t>(status.uptime_s));
  if (status.rssi_dbm != 0) writer.key("rssi_dbm").integer(status.rssi_dbm);
  if (status.supply_v != 0.0) writer.key("supply_v").number(status.supply_v);
  writer.key("outbox").integer(status.outbox_count).key("refused").integer(status.refused_count);
  writer.key("undatable").integer(status.undatable_count).key("reset_reason").text(status.reset_reason);
  if (status.has_previous) {
    writer.key("previous").begin_object().key("stream").integer(status.previous_stream);
    writer.key("seq").integer(status.previous_seq).end_object();
  }
  counted("dropped", status.dropped_count);
  counted("thinned", status.thinned_count);
  counted("corrupt", status.corrupt_count);
  counted("formatted", status.formatted_count);
  writer.end_object();
  return finished(writer);
}

const char* alert_name(AlertKind kind) {
  switch (kind) {
    case AlertKind::co2_high: return "co2_high";
    case AlertKind::temperature_high: return "temperature_high";
    case AlertKind::temperature_low: return "temperature_low";
    case AlertKind::flow_high: return "flow_high";
    case AlertKind::flow_low: return "flow_low";
    case AlertKind::sensor_fault: return "sensor_fault";
  }
  return "";
}

size_t write_alert(const Alert& alert, char* buffer, size_t capacity) {
  JsonWriter writer(buffer, capacity);
  writer.begin_object().key("v").integer(1).key("t").integer(alert.t_ms).key("kind").text(alert_name(alert.kind));
  if (!std::isnan(alert.value)) writer.key("value").number(alert.value);
  if (!std::isnan(alert.limit)) writer.key("limit").number(alert.limit);
  writer.end_object();
  return finished(writer);
}

size_t write_ack(const char* command_id, const char* error, char* buffer, size_t capacity) {
  JsonWriter writer(buffer, capacity);
  writer.begin_object().key("v").integer(1).key("id").text(command_id).key("ok").boolean(error == nullptr);
  writer.key("error");
  error == nullptr ? writer.null() : writer.text(error);
  writer.end_object();
  return finished(writer);
}

}  // namespace ct
