// STUB for type checks, written from the vendor's documentation: what src/ uses of the Arduino core. Nothing here works.
#pragma once

#include <esp_err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IRAM_ATTR
#define HIGH 0x1
#define LOW 0x0
#define INPUT 0x01
#define OUTPUT 0x03
#define INPUT_PULLUP 0x05
#define RISING 0x01
#define FALLING 0x02
#define digitalPinToInterrupt(pin) (pin)
#define SET_LOOP_TASK_STACK_SIZE(sz) \
  size_t getArduinoLoopTaskStackSize() { return sz; }
size_t getArduinoLoopTaskStackSize(void);

extern "C" {
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t value);
int digitalRead(uint8_t pin);
uint32_t analogReadMilliVolts(uint8_t pin);
void attachInterrupt(uint8_t pin, void (*handler)(void), int mode);
void delay(uint32_t ms);
void delayMicroseconds(uint32_t us);
void configTime(long gmtOffset_sec, int daylightOffset_sec, const char* server1, const char* server2 = nullptr,
                const char* server3 = nullptr);
}
// Of the core: `unsigned long` in both generations.
unsigned long millis();

void setup();
void loop();

class String {
 public:
  String(const char* text = "");
  String(const String& other);
  String& operator=(const String& other);
  ~String();
  const char* c_str() const;
  unsigned int length() const;

 private:
  char* text_;
};
String operator+(const String& left, const String& right);
String operator+(const String& left, const char* right);

class IPAddress {
 public:
  IPAddress();
  String toString() const;
};

class EspClass {
 public:
  uint64_t getEfuseMac();
};
extern EspClass ESP;

#include "HardwareSerial.h"
#include "freertos/FreeRTOS.h"
