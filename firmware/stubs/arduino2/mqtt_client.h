// STUB: esp-mqtt of IDF 4.4: a flat configuration.
#pragma once

#include "mqtt_events.h"

typedef struct {
  const char* host;
  const char* uri;
  uint32_t port;
  const char* client_id;
  const char* username;
  const char* password;
  const char* lwt_topic;
  const char* lwt_msg;
  int lwt_qos;
  int lwt_retain;
  int lwt_msg_len;
  int disable_clean_session;
  int keepalive;
  bool disable_auto_reconnect;
  int task_prio;
  int task_stack;
  int buffer_size;
  const char* cert_pem;
  size_t cert_len;
  esp_mqtt_transport_t transport;
  esp_mqtt_protocol_ver_t protocol_ver;
  int out_buffer_size;
  int reconnect_timeout_ms;
  int network_timeout_ms;
  int message_retransmit_timeout;
} esp_mqtt_client_config_t;

#include "mqtt_calls.h"

extern "C" int esp_mqtt_client_subscribe(esp_mqtt_client_handle_t client, const char* topic, int qos);
