// STUB: the DNS server of the core.
#pragma once

#include "WiFi.h"

class DNSServer {
 public:
  DNSServer();
  void processNextRequest();
#if ARDUINO_GENERATION == 2
  bool start(const uint16_t& port, const String& domainName, const IPAddress& resolvedIP);
#else
  bool start();
  bool start(uint16_t port, const String& domainName, const IPAddress& resolvedIP);
#endif
  void stop();
};
