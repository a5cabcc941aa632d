// The whole application over fakes: it measures, keeps, sends, is answered, obeys; through reboots and power cuts.
#include <doctest/doctest.h>

#include <memory>

#include "fake_server.h"
#include "fakes.h"
#include "node.h"
#include "simulated_sensors.h"

using namespace ct;

namespace {

constexpr char kSettings[] =
    "{\"device_id\":\"litein-1\",\"password\":\"secret-one-of-16\",\"host\":\"localhost\",\"range_ppm\":200000,"
    "\"sensor\":\"sprintir-20\",\"diameter_m\":0.9,\"co2_high_ppm\":160000,\"warm_up_s\":0,\"altitude_m\":2000}";

Settings settings_of(const char* text) {
  Settings settings;
  SettingsError error;
  REQUIRE_MESSAGE(read_settings(text, std::strlen(text), settings, error), error.text);
  return settings;
}

struct World {
  Settings settings = settings_of(kSettings);
  Chimney chimney;
  SimulatedUart uart{chimney, Co2Sensor::gss, 200'000};
  SimulatedI2c i2c{chimney};
  SimulatedSpi spi{chimney, ThermocoupleChip::max31855};
  FakeClock clock;
  FakeEntropy entropy;
  FakeStorage storage;
  FakeLink link;
  FakeBoard board;
  FakeServer server;
  std::unique_ptr<Node> node;
  bool is_server_up = true;
  uint32_t produced_count = 0;

  World() { boot(); }
  void boot() {
    if (node != nullptr) produced_count += node->seq();
    node.reset();
    link.is_up = false;
    link.events.clear();
    clock.now_ms = 1000;
    node = std::make_unique<Node>(
        settings, NodePorts{clock, entropy, storage, link, board, {&uart, &i2c, &spi, nullptr, nullptr}});
    node->boot();
  }
  void run(int seconds) {
    for (int i = 0; i < seconds * 10; ++i) {
      clock.now_ms += 100;
      node->tick();
      serve();
    }
  }
  // Hands the server what was published since, and its answers to the device.
  void serve() {
    for (; served < link.published.size(); ++served) {
      const FakeLink::Published& one = link.published[served];
      if (!is_server_up || one.topic != "carbontrack/v1/litein-1/readings") continue;
      link.push(MqttEventKind::message, "carbontrack/v1/litein-1/committed", server.receive(one.payload));
    }
  }
  void order(const std::string& command) {
    link.push(MqttEventKind::message, "carbontrack/v1/litein-1/commands", command);
  }
  std::string last(const std::string& kind) const {
    for (size_t i = link.published.size(); i-- != 0;) {
      if (link.published[i].topic == "carbontrack/v1/litein-1/" + kind) return link.published[i].payload;
    }
    return "";
  }
  size_t count(const std::string& kind) const {
    size_t found = 0;
    for (const auto& one : link.published) found += one.topic == "carbontrack/v1/litein-1/" + kind ? 1 : 0;
    return found;
  }
  size_t stored_count() const {
    size_t found = 0;
    for (const auto& stream : server.stored) found += stream.second.size();
    return found;
  }
  size_t served = 0;
};

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE_BEGIN("node");

TEST_CASE("an hour of good days: every reading stored once, nothing written to flash but the state") {
  World world;
  world.run(3600);
  CHECK(world.node->seq() == 720);
  CHECK(world.stored_count() >= 719);
  CHECK(world.server.duplicate_count == 0);
  CHECK(world.node->outbox().flash_count() == 0);
  CHECK(world.storage.files.size() == 2);
  CHECK(world.board.fed_count > 30'000);
  CHECK(world.node->figures().co2_kg_per_s > 0.1);
  const std::string reading = world.last("readings");
  CHECK(contains(reading, "\"co2_ppm\":93250.0,\"temperature_c\":181.5"));
  CHECK(contains(reading, "\"flags\":0"));
}

TEST_CASE("the status says who it is, and the last will is the contract's") {
  World world;
  world.run(5);
  const std::string status = world.last("status");
  CHECK(contains(status, "\"sensor\":\"sprintir-20\",\"range_ppm\":200000,\"co2_basis\":\"dry\""));
  CHECK(contains(status, ("\"stream\":" + std::to_string(world.node->stream())).c_str()));
  CHECK_FALSE(contains(status, "previous"));
  CHECK(world.link.will == "{\"v\":1,\"online\":false}");
  bool is_retained = false;
  for (const auto& one : world.link.published)
    is_retained = is_retained || (one.retain && contains(one.topic, "status"));
  CHECK(is_retained);
}

TEST_CASE("a power cut costs at most a minute; the next boot says where the last one ended") {
  World world;
  world.is_server_up = false;
  world.run(600);
  const uint32_t stream = world.node->stream(), seq = world.node->seq();
  CHECK(seq == 120);
  world.boot();  // RAM is gone
  CHECK(world.node->stream() != stream);
  world.is_server_up = true;
  world.run(900);
  const FakeServer::Seqs& first = world.server.stored[stream];
  REQUIRE_FALSE(first.empty());
  CHECK(*first.rbegin() >= seq - 12);
  CHECK(first.size() == *first.rbegin());  // whole up to where it ends
  CHECK(contains(world.last("status"), ("\"previous\":{\"stream\":" + std::to_string(stream)).c_str()));
}

TEST_CASE("where a boot ended that was cut while all was answered is known to ten minutes, or not told") {
  World world;
  world.run(60);
  world.boot();
  world.run(5);
  CHECK_FALSE(contains(world.last("status"), "previous"));
  world.run(1500);
  world.boot();
  world.run(5);
  CHECK(contains(world.last("status"), ",\"seq\":240}"));
}

TEST_CASE("a planned restart costs nothing") {
  World world;
  world.is_server_up = false;
  world.run(100);
  const uint32_t stream = world.node->stream(), seq = world.node->seq();
  world.node->prepare_restart();
  world.boot();
  world.is_server_up = true;
  world.run(300);
  CHECK(world.server.stored[stream].size() == seq);
  CHECK(contains(world.last("status"), ("\"seq\":" + std::to_string(seq)).c_str()));
}

TEST_CASE("without a clock it measures and waits; once it is set, everything is dated and sent") {
  World world;
  world.clock.offset_ms = 0;
  world.run(200);
  CHECK(world.link.connect_count == 0);
  CHECK(world.node->outbox().count() == 40);
  world.clock.offset_ms = kT0Ms;
  world.run(120);
  CHECK(world.stored_count() >= 62);
  for (const auto& one : world.link.published) {
    if (!contains(one.topic, "readings")) continue;
    const Json message = Json::parse(one.payload.data(), one.payload.size());
    size_t at = 0;
    for (Json item; message["readings"].next(at, item);) {
      const int64_t due_ms = kT0Ms + 1000 + integer_of(item["seq"]) * 5000;
      CHECK(integer_of(item["t"]) >= due_ms);
      CHECK(integer_of(item["t"]) < due_ms + 200);
    }
  }
}

TEST_CASE("a boot that never learned the time is counted, not guessed") {
  World world;
  world.clock.offset_ms = 0;
  world.run(200);
  world.node->prepare_restart();
  world.boot();
  world.clock.offset_ms = kT0Ms;
  world.run(10);
  CHECK(contains(world.last("status"), "\"undatable\":40"));
}

TEST_CASE("an unplugged sensor is null with its flag, and an alert") {
  World world;
  world.run(30);
  world.chimney.is_thermocouple_open = true;
  world.run(15);
  CHECK(contains(world.last("readings"), "\"temperature_c\":null,\"velocity_ms\":null"));
  CHECK(contains(world.last("readings"), "\"flags\":6"));
  CHECK(contains(world.last("alerts"), "\"kind\":\"sensor_fault\""));
  CHECK(contains(world.board.logged, "thermocouple: open"));
}

TEST_CASE("a saturated sensor is flagged, and raises its limit") {
  World world;
  world.run(30);
  world.chimney.co2_ppm = 1e6;
  world.run(15);
  CHECK(contains(world.last("readings"), "\"co2_ppm\":200000.0"));
  CHECK(contains(world.last("readings"), "\"flags\":16"));
  CHECK(contains(world.last("alerts"), "\"kind\":\"co2_high\",\"value\":200000,\"limit\":160000"));
}

TEST_CASE("commands are carried out, answered, and not carried out twice") {
  World world;
  world.run(30);
  world.order("{\"v\":1,\"id\":\"i-1\",\"kind\":\"set_interval\",\"interval_s\":1}");
  world.run(20);
  CHECK(contains(world.last("acks"), "\"id\":\"i-1\",\"ok\":true,\"error\":null"));
  CHECK(contains(world.last("readings"), "\"interval_s\":1,"));
  const uint32_t seq = world.node->seq();
  CHECK(seq >= 24);
  world.order("{\"v\":1,\"id\":\"i-2\",\"kind\":\"set_interval\",\"interval_s\":99999}");
  world.run(1);
  CHECK(contains(world.last("acks"), "\"id\":\"i-2\",\"ok\":false,\"error\":\"interval_s must be"));
  world.order("{\"v\":1,\"id\":\"r-1\",\"kind\":\"reboot\"}");
  world.order("{\"v\":1,\"id\":\"r-1\",\"kind\":\"reboot\"}");
  world.run(5);
  CHECK(world.board.restart_count == 1);
  CHECK(world.count("acks") == 4);
}

TEST_CASE("a reboot that is ordered again after it happened is only answered") {
  World world;
  world.run(10);
  world.order("{\"v\":1,\"id\":\"r-1\",\"kind\":\"reboot\"}");
  world.run(5);
  REQUIRE(world.board.restart_count == 1);
  world.boot();
  world.run(5);
  world.order("{\"v\":1,\"id\":\"r-1\",\"kind\":\"reboot\"}");
  world.run(10);
  CHECK(world.board.restart_count == 1);
  CHECK(contains(world.last("acks"), "\"id\":\"r-1\",\"ok\":true"));
}

TEST_CASE("resend tells what is gone, and brings what is kept") {
  World world;
  world.run(60);
  const std::string stream = std::to_string(world.node->stream());
  world.order("{\"v\":1,\"id\":\"s-1\",\"kind\":\"resend\",\"stream\":" + stream + ",\"from\":1,\"to\":5}");
  world.run(1);
  CHECK(contains(world.last("acks"), "\"ok\":false,\"error\":\"0 of 5 readings are kept"));
}

TEST_CASE("a new secret that the broker does not know does not cut the device off") {
  World world;
  world.link.wanted_password = "secret-one-of-16";
  world.run(10);
  REQUIRE(world.node->is_connected());
  world.order("{\"v\":1,\"id\":\"p-1\",\"kind\":\"set_secret\",\"secret\":\"another-secret-16\"}");
  world.run(2);
  CHECK(world.board.stored_secret == "another-secret-16");
  CHECK(world.board.stored_previous == "secret-one-of-16");
  world.link.lose_connection();
  world.run(10);
  CHECK(world.node->is_connected());
  CHECK(world.link.password == "secret-one-of-16");
  CHECK(world.board.stored_secret == "secret-one-of-16");
  CHECK(world.board.stored_previous == "");
}

TEST_CASE("a new secret that the broker does not know, and a restart before that is known, does not cut it off") {
  for (const char* known : {"secret-one-of-16", "another-secret-16"}) {
    CAPTURE(known);
    World world;
    std::snprintf(world.settings.password, sizeof world.settings.password, "another-secret-16");
    std::snprintf(world.settings.previous_password, sizeof world.settings.previous_password, "secret-one-of-16");
    world.link.wanted_password = known;
    world.boot();
    world.run(10);
    CHECK(world.node->is_connected());
    CHECK(world.board.stored_secret == known);
    CHECK(world.board.stored_previous == "");
  }
}

TEST_CASE("a refused login is tried again slowly, and nothing is lost meanwhile") {
  World world;
  world.link.wanted_password = "other";
  world.run(600);
  CHECK(world.link.connect_count >= 9);
  CHECK(world.link.connect_count <= 22);
  world.link.wanted_password = "";
  world.run(200);
  CHECK(world.stored_count() == world.node->seq());
}

TEST_CASE("an attempt that hangs is given up") {
  World world;
  world.link.answer_connects = false;
  world.run(100);
  CHECK(world.link.connect_count >= 3);
}

TEST_CASE("what the server says wrongly frees nothing and breaks nothing") {
  World world;
  world.is_server_up = false;
  world.run(20);
  const uint32_t kept = world.node->outbox().count();
  for (const char* text : {"", "{", "[]", "{\"v\":1}", "{\"v\":1,\"stream\":0,\"ranges\":[[1,99]],\"refused\":0}"}) {
    world.link.push(MqttEventKind::message, "carbontrack/v1/litein-1/committed", text);
    world.link.push(MqttEventKind::message, "carbontrack/v1/litein-1/commands", text);
    world.link.push(MqttEventKind::message, "elsewhere", text);
  }
  world.node->tick();
  CHECK(world.node->outbox().count() == kept);
  CHECK(world.count("acks") == 0);
}

TEST_CASE("a formatted flash is told, boot after boot") {
  World world;
  world.storage.mount_result = MountResult::formatted;
  world.storage.files.clear();
  world.boot();
  world.storage.mount_result = MountResult::mounted;
  world.boot();
  world.run(5);
  CHECK(contains(world.last("status"), "\"formatted\":1"));
}

TEST_CASE("with no usable flash it still measures and sends") {
  World world;
  world.storage.mount_result = MountResult::failed;
  world.storage.is_failing = true;
  world.boot();
  world.run(60);
  CHECK(world.stored_count() >= 11);
  CHECK(contains(world.board.logged, "readings live in RAM only"));
}

TEST_CASE("days of outages, restarts and cuts: each reading is stored once, or was in RAM when the power went") {
  World world;
  uint32_t lost_at_most = 0, seq_total = 0;
  for (int day = 0; day < 8; ++day) {
    world.is_server_up = day % 3 != 1;
    if (day % 2) world.link.lose_connection();
    world.run(400 + 137 * day);
    seq_total += world.node->seq();
    if (day % 2) {
      lost_at_most += 13;
      world.boot();
    } else {
      world.node->prepare_restart();
      world.boot();
    }
  }
  world.is_server_up = true;
  world.run(2000);
  seq_total += world.node->seq();
  CHECK(world.stored_count() <= seq_total);
  CHECK(world.stored_count() + lost_at_most >= seq_total);
  CHECK(world.node->outbox().count() <= 1);
  CHECK(world.node->outbox().dropped_count() == 0);
}

TEST_SUITE_END();
