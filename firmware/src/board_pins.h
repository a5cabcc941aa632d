// Which pin carries what, board by board, and which peripheral drives it. No other file in src/ names a pin. The pins
// avoid the flash and ADC2 (which Wi-Fi takes). The only strapping pins used are those whose wiring leaves them at a
// start as the chip needs them: the light, the button, an idle chip select.
#pragma once

#include <Arduino.h>

#include <cstdint>

namespace ct::pins {

inline constexpr int kNone = -1;

#if CONFIG_IDF_TARGET_ESP32S3
// ESP32-S3-DevKitC-1, 16 MB.
inline constexpr int kCo2Rx = 18, kCo2Tx = 17;  // UART1
inline constexpr int kSda = 8, kScl = 9;
inline constexpr int kSpiClock = 12, kSpiMiso = 13, kSpiMosi = kNone,
                     kThermocoupleSelect = 10;  // FSPI; chips only speak
inline constexpr int kPulses = 4;
inline constexpr int kLoop = 1;    // ADC1 channel 0
inline constexpr int kSupply = 2;  // ADC1 channel 1
inline constexpr int kLed = 5;     // a light of its own: the one on the board is addressable, and its pin varies
inline constexpr int kButton = 0;  // BOOT
#elif CONFIG_IDF_TARGET_ESP32
// ESP32-DevKitC and its relatives, 4 MB.
inline constexpr int kCo2Rx = 16, kCo2Tx = 17;  // UART2's own; not on WROVER modules, where the RAM sits on them
inline constexpr int kSda = 21, kScl = 22;
inline constexpr int kSpiClock = 18, kSpiMiso = 19, kSpiMosi = kNone,
                     kThermocoupleSelect = 5;  // VSPI; chips only speak
inline constexpr int kPulses = 27;
inline constexpr int kLoop = 34;    // ADC1 channel 6
inline constexpr int kSupply = 35;  // ADC1 channel 7
inline constexpr int kLed = 2;      // the light on most boards
inline constexpr int kButton = 0;   // BOOT
#else
#error "no pins for this chip: add a block to board_pins.h"
#endif

inline constexpr int kCo2UartNumber = 1;
inline constexpr uint32_t kCo2Baud = 9600;     // MH-Z19 and GSS alike
inline constexpr uint32_t kI2cHz = 100'000;    // hoses and cables to the sensors are long
inline constexpr uint32_t kSpiHz = 1'000'000;  // a MAX6675 takes 4.3 MHz on a short wire
inline constexpr double kLoopOhm = 100;        // 20 mA: 2.0 V, within what either converter reads straight
inline constexpr double kSupplyDivider = 2;    // two equal resistors in front of the pin: up to 6 V
inline constexpr bool kIsLedOnHigh = true;
inline constexpr bool kHasSupplyDivider = true;  // false: no divider is soldered, and a floating pin would be reported

}  // namespace ct::pins
