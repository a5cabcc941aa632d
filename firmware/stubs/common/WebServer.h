// STUB: the web server of the core.
#pragma once

#include <functional>

#include "WiFi.h"

#define CONTENT_LENGTH_UNKNOWN ((size_t)-1)
enum http_method { HTTP_DELETE = 0, HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 3 };
typedef enum http_method HTTPMethod;

class Uri {
 public:
  Uri(const char* uri);

 private:
  const char* uri_;
  friend class WebServer;
};

class WebServer {
 public:
  explicit WebServer(int port = 80);
  virtual ~WebServer();
  virtual void begin();
  virtual void handleClient();
  void stop();
  typedef std::function<void(void)> THandlerFunction;
  void on(const Uri& uri, HTTPMethod method, THandlerFunction fn);
  void onNotFound(THandlerFunction fn);
#if ARDUINO_GENERATION == 2
  String hostHeader();
  String arg(String name);
  bool hasArg(String name);
#else
  String hostHeader() const;
  String arg(const String& name) const;
  bool hasArg(const String& name) const;
#endif
  void send(int code, const char* content_type = nullptr, const String& content = String(""));
  void send(int code, char* content_type, const String& content);
  void send(int code, const String& content_type, const String& content);
  void send(int code, const char* content_type, const char* content);
  void setContentLength(const size_t contentLength);
  void sendHeader(const String& name, const String& value, bool first = false);
  void sendContent(const String& content);
  void sendContent(const char* content, size_t contentLength);
};
