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
    "usage: node_host --settings FILE --data FOLDER [--scenario FILE] [--seconds N] [--flash-bytes N] [--produced "
    "FILE]\n"
    "  --settings    what `manage.py provision_device --json` printed, with the keys of README.md\n"
    "  --data        the folder that stands for the flash\n"
    "  --produced    a line for each reading: stream, seq\n";

volatile sig_atomic_t is_stopping = 0;

struct Options {
  std::string settings, data, scenario, produced;
  double seconds = 0;               // 0: until told to stop
  uint32_t flash_bytes = 0x160000;  // default.csv of a 4 MB board
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
    else if (name == "--produced")
      options.produced = value;
    else if (name == "--seconds")
      options.seconds = std::strtod(value.c_str(), nullptr);
    else if (name == "--flash-bytes")
      options.flash_bytes = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 0));
    else
      return false;
  }
  return count % 2 == 1 && !options.settings.empty() && !options.data.empty();
}

bool read_file(const std::string& name, std::string& text) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  text = all.str();
  return file.good();
}

// All that belongs to one life of the process; a node is made anew at each boot.
class Host {
 public:
  Host(const ct::Settings& settings, const Options& options)
      : settings_(settings),
        board_(clock_),
        storage_(options.data, options.flash_bytes),
        uart_(chimney_, settings.co2_sensor, settings.range_ppm),
        i2c_(chimney_),
        spi_(chimney_, settings.thermocouple),
        started_(std::chrono::steady_clock::now()) {
    if (!options.produced.empty()) produced_.open(options.produced, std::ios::app);
  }

  int run(ct::Scenario& scenario, double seconds) {
    boot("poweron");
    while (is_stopping == 0 && (seconds <= 0 || elapsed_s() < seconds)) {
      switch (scenario.advance(elapsed_s(), chimney_, is_clock_set_)) {
        case ct::NodeEvent::none: break;
        case ct::NodeEvent::stop: return finish();
        case ct::NodeEvent::reboot: restart(); break;
        case ct::NodeEvent::power_cut:
          link_->vanish();
          boot("brownout");
          break;
      }
      clock_.set_known(is_clock_set_);
      node_->tick();
      note_produced();
      if (board_.take_restart()) boot("software");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return finish();
  }

 private:
  double elapsed_s() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

  void boot(const char* reason) {
    node_.reset();
    link_ = std::make_unique<ct::MosquittoLink>();
    clock_.boot();
    board_.set_reset_reason(reason);
    const ct::NodePorts ports = {clock_, entropy_, storage_, *link_, board_, {&uart_, &i2c_, &spi_, nullptr, nullptr}};
    node_ = std::make_unique<ct::Node>(settings_, ports);
    node_->boot();
    last_seq_ = 0;
    std::printf("boot: %s, stream %lu, %lu readings on flash\n", reason, static_cast<unsigned long>(node_->stream()),
                static_cast<unsigned long>(node_->outbox().flash_count()));
    std::fflush(stdout);
  }

  void restart() {
    node_->prepare_restart();
    boot("software");
  }

  void note_produced() {
    if (node_->seq() == last_seq_) return;
    last_seq_ = node_->seq();
    if (produced_.is_open()) produced_ << node_->stream() << ' ' << last_seq_ << std::endl;
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
  uint32_t last_seq_ = 0;
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
  struct sigaction action = {};
  action.sa_handler = [](int) { is_stopping = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  Host host(settings, options);
  return host.run(scenario, options.seconds);
}
