// STUB: esp-mqtt of IDF 5: a nested configuration, and subscribing is a macro.
#pragma once

#include "mqtt_events.h"

typedef struct esp_mqtt_client_config_t {
  struct {
    struct {
      const char* uri;
      const char* hostname;
      esp_mqtt_transport_t transport;
      const char* path;
      uint32_t port;
    } address;
    struct {
      const char* certificate;
      size_t certificate_len;
    } verification;
  } broker;
  struct {
    const char* username;
    const char* client_id;
    struct {
      const char* password;
    } authentication;
  } credentials;
  struct {
    struct {
      const char* topic;
      const char* msg;
      int msg_len;
      int qos;
      int retain;
    } last_will;
    bool disable_clean_session;
    int keepalive;
    esp_mqtt_protocol_ver_t protocol_ver;
    int message_retransmit_timeout;
  } session;
  struct {
    int reconnect_timeout_ms;
    int timeout_ms;
    bool disable_auto_reconnect;
  } network;
  struct {
    int priority;
    int stack_size;
  } task;
  struct {
    int size;
    int out_size;
  } buffer;
} esp_mqtt_client_config_t;

#include "mqtt_calls.h"

#define esp_mqtt_client_subscribe esp_mqtt_client_subscribe_single
extern "C" int esp_mqtt_client_subscribe_single(esp_mqtt_client_handle_t client, const char* topic, int qos);
