// The node as a Linux process: the application of the board over POSIX files, libmosquitto and sensors made of bytes.
// SIGTERM is a planned restart without the restart, SIGKILL is a power cut.
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "host_board.h"
#include "mosquitto_link.h"
#include "node.h"
#include "posix_storage.h"
#include "scenario.h"

namespace {

constexpr char kUsage[] =
    "usage: node_host --settings FILE --data FOLDER [option value] ...\n"
    "  --settings        what `manage.py provision_device --firmware-config` wrote, or the keys of README.md\n"
    "  --data            the folder that stands for the flash\n"
    "  --scenario        what happens to sensors and node (host/scenario.h)\n"
    "  --gas             what is in the chimney at which time of day (host/scenario.h)\n"
    "  --seconds         ends by itself after so many\n"
    "  --until           empty: ends by itself when it is connected and nothing waits for an answer any more\n"
    "  --flash-bytes     size of the flash, default 1441792\n"
    "  --produced        a line for each reading: stream, seq, t, flags, the values in the order of the message\n"
    "  --speed           time runs so many times as fast (with --equal-at)\n"
    "  --equal-at        the Unix second at which that time is the true one; before it, it lies behind\n"
    "  --lose-committed  throws every so manieth `committed` away\n"
    "  --start           poweron or brownout: what the status is to say of this boot\n";

constexpr unsigned kTurnsForLastWords = 20;  // the status that it says of itself leaves in these

volatile sig_atomic_t is_stopping = 0;

struct Options {
  std::string settings, data, scenario, gas, produced, start = "poweron";
  double seconds = 0;               // 0: until told to stop
  uint32_t flash_bytes = 0x160000;  // default.csv of a 4 MB board
  double speed = 1;
  int64_t equal_at_s = 0;
  unsigned lose_committed = 0;
  bool is_until_empty = false;
};

bool read_options(int count, char** words, Options& options) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i], value = words[i + 1];
    if (name == "--settings")
      options.settings = value;
    else if (name == "--data")
      options.data = value;
    else if (name == "--scenario")
      options.scenario = value;
    else if (name == "--gas")
      options.gas = value;
    else if (name == "--produced")
      options.produced = value;
    else if (name == "--until" && value == "empty")
      options.is_until_empty = true;
    else if (name == "--start")
      options.start = value;
    else if (name == "--speed")
      options.speed = std::strtod(value.c_str(), nullptr);
    else if (name == "--equal-at")
      options.equal_at_s = std::strtoll(value.c_str(), nullptr, 10);
    else if (name == "--lose-committed")
      options.lose_committed = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
    else if (name == "--seconds")
      options.seconds = std::strtod(value.c_str(), nullptr);
    else if (name == "--flash-bytes")
      options.flash_bytes = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 0));
    else
      return false;
  }
  const bool is_sound_speed = options.speed == 1 || (options.speed > 1 && options.equal_at_s > 0);
  return count % 2 == 1 && !options.settings.empty() && !options.data.empty() && is_sound_speed;
}

bool read_file(const std::string& name, std::string& text) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  text = all.str();
  return file.good();
}

// Everything that belongs to one boot; each boot makes a new node.
class Host {
 public:
  Host(const ct::Settings& settings, const Options& options)
      : settings_(settings),
        options_(options),
        board_(clock_),
        storage_(options.data, options.flash_bytes),
        uart_(chimney_, settings.co2_sensor, settings.range_ppm),
        i2c_(chimney_),
        spi_(chimney_, settings.thermocouple),
        started_(std::chrono::steady_clock::now()) {
    if (options.speed > 1) clock_.hurry(options.speed, options.equal_at_s * 1000);
    if (!options.produced.empty()) produced_.open(options.produced, std::ios::app);
  }

  int run(ct::Scenario& scenario) {
    // Events before the first turn of the loop hold at the first boot: for example a clock that is not set.
    scenario.advance(0, chimney_, is_clock_set_, unix_s());
    boot(options_.start.c_str());
    while (is_stopping == 0 && !is_over()) {
      switch (scenario.advance(elapsed_s(), chimney_, is_clock_set_, unix_s())) {
        case ct::NodeEvent::none: break;
        case ct::NodeEvent::stop: return finish();
        case ct::NodeEvent::reboot: restart(); break;
        case ct::NodeEvent::power_cut:
          link_->vanish();
          boot("brownout");
          break;
      }
      clock_.set_known(is_clock_set_);
      board_.set_supply_and_signal(chimney_.supply_v, chimney_.rssi_dbm);
      node_->tick();
      note_produced();
      note_dropped();
      if (board_.take_restart()) boot("software");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return finish();
  }

 private:
  double elapsed_s() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

  double unix_s() { return static_cast<double>(clock_.booted_unix_ms()) / 1000.0 + uptime_s(); }
  double uptime_s() { return static_cast<double>(clock_.uptime_ms()) / 1000.0; }

  bool is_over() {
    if (options_.seconds > 0 && elapsed_s() >= options_.seconds) return true;
    const bool is_empty = node_->is_connected() && node_->outbox().count() == 0;
    turns_empty_ = is_empty ? turns_empty_ + 1 : 0;
    return options_.is_until_empty && turns_empty_ > kTurnsForLastWords;
  }

  void boot(const char* reason) {
    node_.reset();
    link_ = std::make_unique<ct::MosquittoLink>(options_.data);
    link_->lose_committed(options_.lose_committed);
    clock_.boot();
    clock_.set_known(is_clock_set_);
    board_.set_reset_reason(reason);
    const ct::NodePorts ports = {clock_, entropy_, storage_, *link_, board_, {&uart_, &i2c_, &spi_, nullptr, nullptr}};
    node_ = std::make_unique<ct::Node>(settings_, ports);
    node_->boot();
    last_seq_ = dropped_count_ = 0;
    std::printf("boot: %s, stream %lu, %lu readings on flash\n", reason, static_cast<unsigned long>(node_->stream()),
                static_cast<unsigned long>(node_->outbox().flash_count()));
    std::fflush(stdout);
  }

  void restart() {
    node_->prepare_restart();
    note_dropped();
    boot("software");
  }

  void note_dropped() {
    if (node_->outbox().dropped_count() == dropped_count_) return;
    dropped_count_ = node_->outbox().dropped_count();
    std::printf("dropped: %lu readings in this life, the flash is full\n", static_cast<unsigned long>(dropped_count_));
    std::fflush(stdout);
  }

  void note_produced() {
    if (node_->seq() == last_seq_) return;
    last_seq_ = node_->seq();
    if (!produced_.is_open()) return;
    const ct::Reading& reading = node_->last_reading();
    // Dated here even if the node does not know the time yet: its own dating is compared with this.
    const int64_t t_ms = reading.is_undated ? clock_.booted_unix_ms() + reading.t_ms : reading.t_ms;
    char line[400];
    int used = std::snprintf(line, sizeof line, "%lu %lu %lld %u %d", static_cast<unsigned long>(reading.stream),
                             static_cast<unsigned long>(reading.seq), static_cast<long long>(t_ms),
                             static_cast<unsigned>(reading.flags), reading.is_undated ? 1 : 0);
    for (const float value : reading.values) {
      used += std::snprintf(line + used, sizeof line - static_cast<size_t>(used), " %.9g", static_cast<double>(value));
    }
    produced_ << line << '\n' << std::flush;
  }

  int finish() {
    node_->prepare_restart();
    std::printf("end: stream %lu, seq %lu, outbox %lu, refused %lu, dropped %lu, thinned %lu\n",
                static_cast<unsigned long>(node_->stream()), static_cast<unsigned long>(node_->seq()),
                static_cast<unsigned long>(node_->outbox().count()),
                static_cast<unsigned long>(node_->sender().refused_count()),
                static_cast<unsigned long>(node_->outbox().dropped_count()),
                static_cast<unsigned long>(node_->outbox().thinned_count()));
    return 0;
  }

  ct::Settings settings_;
  Options options_;
  ct::HostClock clock_;
  ct::HostEntropy entropy_;
  ct::HostBoard board_;
  ct::PosixStorage storage_;
  ct::Chimney chimney_;
  ct::SimulatedUart uart_;
  ct::SimulatedI2c i2c_;
  ct::SimulatedSpi spi_;
  std::unique_ptr<ct::MosquittoLink> link_;
  std::unique_ptr<ct::Node> node_;
  std::ofstream produced_;
  std::chrono::steady_clock::time_point started_;
  uint32_t last_seq_ = 0, dropped_count_ = 0;
  unsigned turns_empty_ = 0;
  bool is_clock_set_ = true;
};

}  // namespace

int main(int count, char** words) {
  Options options;
  if (!read_options(count, words, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::string text, error;
  ct::Settings settings;
  ct::SettingsError wrong;
  if (!read_file(options.settings, text) || !ct::read_settings(text.data(), text.size(), settings, wrong)) {
    std::fprintf(stderr, "%s: %s\n", options.settings.c_str(), wrong.text[0] ? wrong.text : "cannot be read");
    return 2;
  }
  ct::Scenario scenario;
  std::string events;
  if (!options.scenario.empty() && (!read_file(options.scenario, events) || !scenario.read(events, error))) {
    std::fprintf(stderr, "%s: %s\n", options.scenario.c_str(), error.empty() ? "cannot be read" : error.c_str());
    return 2;
  }
  ct::GasTable gas;
  std::string moments;
  if (!options.gas.empty() && (!read_file(options.gas, moments) || !gas.read(moments, error))) {
    std::fprintf(stderr, "%s: %s\n", options.gas.c_str(), error.empty() ? "cannot be read" : error.c_str());
    return 2;
  }
  scenario.use_gas(std::move(gas));
  struct sigaction action = {};
  action.sa_handler = [](int) { is_stopping = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  Host host(settings, options);
  return host.run(scenario);
}
