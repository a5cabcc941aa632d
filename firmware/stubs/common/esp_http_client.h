// STUB: the HTTP client. Lengths are int in IDF 4.4 and 64 bits in 5.
#pragma once

#include <stdint.h>

#include "esp_err.h"
#include "esp_idf_version.h"

typedef struct esp_http_client* esp_http_client_handle_t;
typedef struct {
  const char* url;
  const char* cert_pem;
  int timeout_ms;
  bool disable_auto_redirect;
  int buffer_size;
  int buffer_size_tx;
  esp_err_t (*crt_bundle_attach)(void* conf);
} esp_http_client_config_t;

extern "C" {
esp_http_client_handle_t esp_http_client_init(const esp_http_client_config_t* config);
esp_err_t esp_http_client_open(esp_http_client_handle_t client, int write_len);
#if ESP_IDF_VERSION_MAJOR >= 5
int64_t esp_http_client_fetch_headers(esp_http_client_handle_t client);
#else
int esp_http_client_fetch_headers(esp_http_client_handle_t client);
#endif
int esp_http_client_get_status_code(esp_http_client_handle_t client);
bool esp_http_client_is_chunked_response(esp_http_client_handle_t client);
esp_err_t esp_http_client_set_redirection(esp_http_client_handle_t client);
esp_err_t esp_http_client_get_url(esp_http_client_handle_t client, char* url, const int len);
int esp_http_client_read(esp_http_client_handle_t client, char* buffer, int len);
bool esp_http_client_is_complete_data_received(esp_http_client_handle_t client);
esp_err_t esp_http_client_close(esp_http_client_handle_t client);
esp_err_t esp_http_client_cleanup(esp_http_client_handle_t client);
}
