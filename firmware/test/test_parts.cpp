// The small parts: sampler, local limits, back-off, clock, watchdog.
#include <doctest/doctest.h>

#include <cmath>

#include "backoff.h"
#include "fakes.h"
#include "limit_watch.h"
#include "sampler.h"
#include "wall_clock.h"
#include "watchdog.h"

using namespace ct;

namespace {

Sample make_sample(double co2_ppm, double temperature_c = 181.5, double velocity_ms = 3.2) {
  Sample sample;
  sample.values[kCo2Ppm] = co2_ppm;
  sample.values[kTemperatureC] = temperature_c;
  sample.values[kVelocityMs] = velocity_ms;
  return sample;
}

Reading take(std::initializer_list<Sample> samples, double range_ppm = 200'000) {
  Sampler sampler;
  sampler.set_range_ppm(range_ppm);
  for (const Sample& sample : samples) sampler.add(sample);
  return sampler.take();
}

}  // namespace

TEST_SUITE_BEGIN("sampler");

TEST_CASE("a reading is the mean of its samples, in digits that the sensor has") {
  const Reading reading = take({make_sample(93'000.04), make_sample(93'500.0)});
  CHECK(reading.values[kCo2Ppm] == 93'250.0f);
  CHECK(reading.values[kVelocityMs] == 3.2f);
  CHECK_FALSE(reading.has(kPressurePa));
  CHECK(reading.flags == 0);
}

TEST_CASE("a sample without a value does not pull the mean down, a quantity without any is null with its flag") {
  CHECK(take({make_sample(93'000), make_sample(NAN)}).values[kCo2Ppm] == 93'000.0f);
  const Reading reading = take({make_sample(NAN, NAN, 3.2), make_sample(NAN, NAN, 3.4)});
  CHECK_FALSE(reading.has(kCo2Ppm));
  CHECK(reading.flags == (kCo2Fault | kTemperatureFault));
  CHECK(reading.values[kVelocityMs] == doctest::Approx(3.3));
}

TEST_CASE("null has its flag even where no sensor said so: the contract demands it") {
  CHECK(take({Sample()}).flags == (kCo2Fault | kTemperatureFault | kVelocityFault));
}

TEST_CASE("a missing pressure is a fault only where there is a barometer") {
  CHECK(take({make_sample(1)}).flags == 0);
  Sample broken = make_sample(1);
  broken.faults = kPressureFault;
  CHECK(take({broken}).flags == kPressureFault);
}

TEST_CASE("over-range is flagged from 98 % of the range, and shown as the highest, never as a mean") {
  const Reading reading = take({make_sample(100'000), make_sample(197'000)});
  CHECK(reading.flags == kOverRange);
  CHECK(reading.values[kCo2Ppm] == 197'000.0f);
  CHECK(take({make_sample(195'999)}).flags == 0);
  CHECK(take({make_sample(196'000)}).flags == kOverRange);
  CHECK(take({make_sample(5'000)}, 5'000).flags == kOverRange);
}

TEST_CASE("warm-up and calibration taint the whole reading, and the next begins clean") {
  Sampler sampler;
  Sample warm = make_sample(1), calibrating = make_sample(2);
  warm.is_warm_up = true;
  calibrating.is_calibrating = true;
  sampler.add(warm);
  sampler.add(calibrating);
  CHECK(sampler.take().flags == (kWarmUp | kCalibrating));
  CHECK(sampler.is_empty());
  sampler.add(make_sample(5));
  CHECK(sampler.take().flags == 0);
}

TEST_CASE("negative CO2 is reported as it is: the server judges it") {
  CHECK(take({make_sample(-50), make_sample(-70)}).values[kCo2Ppm] == -60.0f);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("limits");

namespace {

struct Watched {
  LimitWatch watch;
  size_t count = 0;
  Alert alerts[LimitWatch::kKinds];

  explicit Watched(double co2_high_ppm) {
    Limits limits;
    limits.co2_high_ppm = co2_high_ppm;
    limits.flow_low_m3s = 1.0;
    watch.set_limits(limits);
  }
  size_t see(double co2_ppm, double flow_m3s = 2.0, uint8_t flags = 0) {
    Reading reading = make_reading(1);
    reading.values[kCo2Ppm] = static_cast<float>(co2_ppm);
    reading.flags = flags;
    return count = watch.check(reading, flow_m3s, alerts);
  }
};

}  // namespace

TEST_CASE("an alert begins with the second reading beyond, and once") {
  Watched watched(160'000);
  CHECK(watched.see(171'000) == 0);
  CHECK(watched.see(171'000) == 1);
  CHECK(watched.alerts[0].kind == AlertKind::co2_high);
  CHECK(watched.alerts[0].value == 171'000);
  CHECK(watched.alerts[0].limit == 160'000);
  CHECK(watched.see(180'000) == 0);
}

TEST_CASE("one spike is none") {
  Watched watched(160'000);
  for (int i = 0; i < 10; ++i) CHECK(watched.see(i % 2 ? 171'000 : 150'000) == 0);
}

TEST_CASE("it ends only 5 % below, so a value on the limit does not ring on and on") {
  Watched watched(160'000);
  size_t begun = 0;
  for (int i = 0; i < 100; ++i) begun += watched.see(i % 4 < 2 ? 161'000 : 159'000);
  CHECK(begun == 1);
  watched.see(151'000);
  CHECK_FALSE(watched.watch.is_raised(AlertKind::co2_high));
  watched.see(171'000);
  CHECK(watched.see(171'000) == 1);
}

TEST_CASE("low limits work the other way round") {
  Watched watched(1e6);
  watched.see(1, 0.9);
  CHECK(watched.see(1, 0.9) == 1);
  CHECK(watched.alerts[0].kind == AlertKind::flow_low);
  watched.see(1, 1.04);
  CHECK(watched.watch.is_raised(AlertKind::flow_low));
  watched.see(1, 1.06);
  CHECK_FALSE(watched.watch.is_raised(AlertKind::flow_low));
}

TEST_CASE("a missing value neither raises nor ends; a fault has an alert of its own") {
  Watched watched(160'000);
  watched.see(171'000);
  watched.see(171'000);
  CHECK(watched.see(NAN, 2.0, kCo2Fault) == 0);
  CHECK(watched.see(NAN, 2.0, kCo2Fault) == 1);
  CHECK(watched.alerts[0].kind == AlertKind::sensor_fault);
  CHECK(std::isnan(watched.alerts[0].value));
  CHECK(watched.watch.is_raised(AlertKind::co2_high));
  watched.see(100'000);
  CHECK_FALSE(watched.watch.is_raised(AlertKind::sensor_fault));
}

TEST_CASE("warm-up and calibration decide nothing, and new limits begin anew") {
  Watched watched(160'000);
  for (int i = 0; i < 5; ++i) CHECK(watched.see(171'000, 2.0, kWarmUp) == 0);
  for (int i = 0; i < 5; ++i) CHECK(watched.see(171'000, 2.0, kCalibrating) == 0);
  watched.see(171'000);
  watched.see(171'000);
  watched.watch.set_limits(watched.watch.limits());
  watched.see(171'000);
  CHECK(watched.see(171'000) == 1);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("small_parts");

TEST_CASE("waits double up to the longest, with jitter between half and whole") {
  FakeEntropy entropy;
  Backoff backoff(1000, 60'000);
  uint32_t wanted = 1000;
  bool differs = false;
  for (int i = 0; i < 50; ++i) {
    const uint32_t ms = backoff.next_ms(entropy);
    CHECK(ms >= wanted / 2);
    CHECK(ms <= wanted);
    differs = differs || ms != wanted;
    wanted = wanted * 2 > 60'000 ? 60'000 : wanted * 2;
  }
  CHECK(differs);
  backoff.succeeded();
  CHECK(backoff.next_ms(entropy) <= 1000);
  CHECK(doubled(15'000, 40, 300'000) == 300'000);
  CHECK(doubled(15'000, 4, 300'000) == 240'000);
}

TEST_CASE("a clock that shows 1970 or 2000 was never set; its setting is told once") {
  FakeClock clock;
  WallClock wall(clock);
  clock.offset_ms = 0;
  CHECK_FALSE(wall.has_just_been_set());
  clock.offset_ms = 946'684'800'000;
  CHECK_FALSE(wall.has_just_been_set());
  clock.offset_ms = kT0Ms;
  CHECK(wall.has_just_been_set());
  CHECK_FALSE(wall.has_just_been_set());
  CHECK(wall.offset_ms() == kT0Ms);
}

TEST_CASE("the offset stays as it was found, wherever the clock moves; a clock lost again goes on by the uptime") {
  FakeClock clock;
  WallClock wall(clock);
  clock.offset_ms = kT0Ms;
  wall.has_just_been_set();
  clock.offset_ms += 5000;
  CHECK(wall.offset_ms() == kT0Ms);
  CHECK(wall.unix_ms() == kT0Ms + 5000 + 1000);
  clock.offset_ms = 0;
  clock.now_ms = 9000;
  CHECK(wall.unix_ms() == kT0Ms + 9000);
}

TEST_CASE("the watchdog is fed only while every task works") {
  Watchdog watchdog;
  for (const Task task : {Task::sampling, Task::outbox, Task::link}) watchdog.worked(task, 0);
  CHECK(watchdog.overdue(30'000) == Task::count);
  CHECK(watchdog.overdue(30'001) == Task::sampling);
  watchdog.set_sampling_interval(600'000);
  CHECK(watchdog.overdue(60'001) == Task::outbox);
  watchdog.worked(Task::outbox, 100'000);
  CHECK(watchdog.overdue(120'001) == Task::link);
  watchdog.worked(Task::link, 120'001);
  CHECK(watchdog.overdue(140'000) == Task::count);
}

TEST_SUITE_END();
