// The MQTT port through libmosquitto, driven by our own loop: no thread, no reconnecting of its own, TLS with a pinned
// CA.
#pragma once

#include <deque>
#include <string>

#include "ports.h"

struct mosquitto;

namespace ct {

class MosquittoLink : public MqttLink {
 public:
  // `folder`: where the text of a CA becomes the file that the library wants.
  explicit MosquittoLink(std::string folder);
  ~MosquittoLink() override;
  MosquittoLink(const MosquittoLink&) = delete;
  MosquittoLink& operator=(const MosquittoLink&) = delete;

  void connect(const MqttLogin& login) override;
  PublishResult publish(const char* topic, const char* payload, size_t size, bool retain) override;
  MqttEvent next_event(char* payload, size_t capacity) override;
  // Ends without DISCONNECT, like a power cut: the broker sends the last will.
  void vanish();
  uint32_t oversize_count() const { return oversize_count_; }
  // A fault for tests: every n-th `committed` is dropped unread; 0: none.
  void lose_committed(unsigned every) { loses_every_ = every; }

 private:
  struct Waiting {
    MqttEventKind kind = MqttEventKind::none;
    std::string topic, payload;
  };
  bool prepare(const MqttLogin& login);
  bool pin(const char* ca);
  void answered(int code);
  void received(const char* topic, const void* payload, int size);
  void lost();

  mosquitto* client_ = nullptr;
  std::deque<Waiting> events_;
  std::string subscriptions_[2];
  std::string folder_;
  unsigned loses_every_ = 0, committed_count_ = 0;
  bool is_up_ = false, is_refused_ = false;
  uint32_t oversize_count_ = 0;
};

}  // namespace ct
