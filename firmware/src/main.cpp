// The board: puts the ports together, and turns the tasks of the list below for ever. Every decision is the core's.
#include <Arduino.h>

#include <memory>
#include <new>

#include "board_pins.h"
#include "esp_board.h"
#include "esp_clock.h"
#include "esp_mqtt_link.h"
#include "esp_sensor_ports.h"
#include "hold_button.h"
#include "led_pattern.h"
#include "littlefs_storage.h"
#include "node.h"
#include "nvs_settings.h"
#include "ota_update.h"
#include "paste_collector.h"
#include "provisioning_portal.h"
#include "status_led.h"
#include "task_watchdog.h"
#include "wifi_station.h"

// The node's turn formats numbers and walks the flash: more than the 8 KB of the core's default.
SET_LOOP_TASK_STACK_SIZE(16'384);

namespace {

constexpr unsigned long kSerialBaud = 115'200;
constexpr size_t kSerialBytes = 2048;
constexpr uint32_t kHoldMs = 3000;
constexpr uint64_t kPasteSilenceMs = 5000;
constexpr uint64_t kRestartDelayMs = 2000;  // time for the page to leave
constexpr uint8_t kSensorFaults = ct::kCo2Fault | ct::kTemperatureFault | ct::kVelocityFault | ct::kPressureFault;

struct Shell {
  ct::EspClock clock;
  ct::EspEntropy entropy;
  ct::NvsSettings kept;
  ct::Settings settings;
  ct::WifiLogin wifi_login;
  ct::OtaUpdate update;
  ct::EspBoard board{clock, kept, update};
  ct::LittleFsStorage storage;
  ct::EspMqttLink link;
  ct::EspUart uart;
  ct::EspI2c i2c;
  ct::EspSpi spi;
  ct::EspPulses pulses;
  ct::EspLoop loop;
  ct::WifiStation wifi{entropy};
  ct::ProvisioningPortal portal{kept, entropy};
  ct::PasteCollector paste;
  ct::HoldButton button{kHoldMs};
  std::unique_ptr<ct::Node> node;  // none before there are settings
  uint64_t last_byte_ms = 0, restart_at_ms = 0;
};

Shell& shell() {
  static Shell one;
  return one;
}

void restart_soon(const char* why) {
  shell().board.log(why);
  shell().restart_at_ms = shell().clock.uptime_ms() + kRestartDelayMs;
}

void open_portal() {
  const char* error = shell().portal.open(shell().clock.uptime_ms());
  if (error != nullptr) shell().board.log(error);
}

void start_node() {
  Shell& s = shell();
  ct::SettingsError error;
  if (!s.kept.load()) {
    s.board.log("settings: there are none; enter them through the portal or paste them here");
  } else if (!s.kept.read(s.settings, s.wifi_login, error)) {
    s.board.log(error.text);
  } else {
    const ct::NodePorts ports = {s.clock, s.entropy, s.storage,
                                 s.link,  s.board,   {&s.uart, &s.i2c, &s.spi, &s.pulses, &s.loop}};
    s.node.reset(new (std::nothrow) ct::Node(s.settings, ports));
    if (s.node == nullptr) s.board.log("memory: too little for the node; is this firmware built for this board?");
  }
  if (s.node == nullptr) return;
  s.update.use(s.settings);
  s.wifi.join(s.wifi_login);
  s.clock.start(s.wifi_login.time_server);
  s.node->boot();
}

// --- The tasks ---

void turn_node(uint64_t) {
  Shell& s = shell();
  s.link.set_network(s.wifi.is_up());
  if (s.node != nullptr) {
    s.node->tick();  // feeds the watchdog, while all of it works
  } else {
    ct::feed_task_watchdog();
  }
}

void turn_wifi(uint64_t uptime_ms) {
  if (!shell().portal.is_open()) shell().wifi.tick(uptime_ms);
}

void turn_portal(uint64_t uptime_ms) {
  shell().portal.tick(uptime_ms);
  if (shell().portal.take_saved()) restart_soon("portal: new settings; restarting");
}

void read_button(uint64_t uptime_ms) {
  const bool is_pressed = digitalRead(ct::pins::kButton) == LOW;
  if (shell().button.feed(is_pressed, uptime_ms)) open_portal();
}

void read_serial(uint64_t uptime_ms) {
  Shell& s = shell();
  for (size_t i = 0; i < kSerialBytes && Serial.available() > 0; ++i) {
    s.last_byte_ms = uptime_ms;
    ct::SettingsError error;
    switch (s.paste.feed(static_cast<char>(Serial.read()))) {
      case ct::PasteResult::more: break;
      case ct::PasteResult::too_long: s.board.log("paste: not saved: longer than 6143 characters"); break;
      case ct::PasteResult::complete:
        if (s.kept.store_pasted(s.paste.text(), s.paste.size(), error)) {
          restart_soon("paste: saved; restarting");
        } else {
          s.board.log("paste: not saved:");
          s.board.log(error.text);
        }
        break;
    }
  }
  if (s.paste.is_collecting() && uptime_ms - s.last_byte_ms > kPasteSilenceMs) s.paste.forget();
}

void turn_update(uint64_t uptime_ms) {
  Shell& s = shell();
  const char* error = s.update.take_error();
  if (error != nullptr) s.board.log(error);
  if (s.update.state() == ct::UpdateState::ready && s.restart_at_ms == 0) restart_soon("update: ready; restarting");
  switch (s.update.judge(s.node != nullptr && s.node->is_connected(), uptime_ms)) {
    case ct::Verdict::wait: break;
    case ct::Verdict::keep:
      s.update.keep();
      s.board.log("update: this firmware has reached the broker and is kept");
      break;
    case ct::Verdict::go_back:
      s.board.log("update: this firmware has not reached the broker; going back to the one before");
      if (s.node != nullptr) s.node->prepare_restart();
      s.update.go_back();
      break;
  }
}

void show_light(uint64_t uptime_ms) {
  Shell& s = shell();
  ct::LedFacts facts;
  facts.is_portal_open = s.portal.is_open();
  facts.is_updating = s.update.state() == ct::UpdateState::running;
  facts.has_settings = s.node != nullptr;
  facts.has_flash = s.storage.is_mounted();
  facts.has_wifi = s.wifi.is_up();
  facts.is_clock_set = s.clock.unix_ms() != 0;
  facts.is_connected = s.node != nullptr && s.node->is_connected();
  facts.has_sensor_fault = s.node != nullptr && (s.node->last_reading().flags & kSensorFaults) != 0;
  ct::show_status_led(ct::led_state(facts), uptime_ms);
}

void restart_when_due(uint64_t uptime_ms) {
  Shell& s = shell();
  if (s.restart_at_ms == 0 || uptime_ms < s.restart_at_ms) return;
  s.restart_at_ms = 0;
  if (s.node != nullptr) s.node->prepare_restart();
  s.board.restart();
}

struct PeriodicTask {
  void (*turn)(uint64_t uptime_ms);
  uint32_t every_ms;
  uint64_t due_ms;
};

PeriodicTask tasks[] = {
    {turn_node, 10, 0},   {turn_portal, 10, 0},  {read_serial, 20, 0}, {show_light, 25, 0},
    {read_button, 50, 0}, {turn_update, 500, 0}, {turn_wifi, 1000, 0}, {restart_when_due, 100, 0},
};

}  // namespace

void setup() {
  Serial.setRxBufferSize(kSerialBytes);
  Serial.begin(kSerialBaud);
  ct::start_status_led();
  pinMode(ct::pins::kButton, INPUT_PULLUP);
  ct::start_task_watchdog();
  Shell& s = shell();
  s.update.begin();
  s.wifi.begin();
  s.uart.begin();
  s.i2c.begin();
  s.spi.begin();
  s.pulses.begin();
  s.board.log(s.board.reset_reason());
  start_node();
  if (s.node == nullptr) open_portal();
}

void loop() {
  for (PeriodicTask& task : tasks) {
    const uint64_t now_ms = shell().clock.uptime_ms();
    if (now_ms < task.due_ms) continue;
    task.due_ms = now_ms + task.every_ms;
    task.turn(now_ms);
  }
  delay(2);  // the idle task's turn
}
