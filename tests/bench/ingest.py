"""`python -m tests.bench.ingest`: how many single-reading messages a second one machine stores, all parts on it.

Load (200 identities, QoS 1), Mosquitto, ingest, PostgreSQL with fsync, and roll-ups if asked for, on the same cores.
A sweep finds the knee: the highest rate at which what is sent is committed and p99 stays below a second. Then that
rate is held (a lower one if it proves too high over the longer time), then half of it, and the yardsticks get the same
load in the same run. `make bench-ingest`. Exit code 1: something sent was not stored, or not answered.
"""

# ruff: noqa: E402, T201  # the environment first, then Django; and this is a program that prints
import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass

import django

import tests.environment  # noqa: F401  # a folder of our own

os.environ["DJANGO_SETTINGS_MODULE"] = "carbontrack.settings"
django.setup()

from tests.bench.commits import CommitListener, Latency
from tests.bench.load import PROTOCOLS, Load
from tests.bench.parts import BenchParts, machine

FIRST_RATE, LAST_RATE, STEP, FINE_STEP = 4_000.0, 40_000.0, 1.25, 1.08
STEP_S = 5.0
SETTLE_S = 1.5
# A batch more or less at either end of a step is 2 %; who falls behind for longer shows in the latency.
KEEPS_UP_SHARE = 0.95
P99_LIMIT_MS = 1_000.0
STILL_S = 10.0
YARDSTICK_S = 6.0
NOT_STORED, NOT_ANSWERED = "sent and not stored", "sent and not answered"
ORM_OFFERED_PER_S, RECEIVE_OFFERED_PER_S = 4_000.0, 24_000.0


@dataclass(frozen=True, slots=True)
class Held:
    """What happened while a rate was held."""

    offered_per_s: float
    committed_per_s: float
    latency: Latency
    cpu_us: dict[str, float]  # a committed message, by process
    cores: dict[str, float]
    rss_mb: dict[str, float]
    wal_bytes: float  # a committed message

    @property
    def keeps_up(self) -> bool:
        enough = self.committed_per_s >= KEEPS_UP_SHARE * self.offered_per_s
        return enough and self.latency.p99_ms < P99_LIMIT_MS

    def line(self) -> str:
        shares = "  ".join(f"{name} {us:.1f}" for name, us in self.cpu_us.items())
        return (
            f"{self.offered_per_s:8.0f}/s sent {self.committed_per_s:8.0f}/s committed"
            f"  p50 {self.latency.p50_ms:5.0f}  p99 {self.latency.p99_ms:5.0f}  max {self.latency.largest_ms:5.0f} ms"
            f"  | CPU us a message: {shares}  all {sum(self.cpu_us.values()):.1f}"
        )

    def cores_line(self) -> str:
        busy = "  ".join(f"{name} {cores:.2f}" for name, cores in self.cores.items())
        largest = "  ".join(f"{name} {mb:.0f}" for name, mb in self.rss_mb.items())
        return (
            f"{'':10}cores in use: {busy}  all {sum(self.cores.values()):.2f}\n{'':10}largest MB: {largest}\n"
            f"{'':10}write-ahead log: {self.wal_bytes:.0f} bytes a message"
        )


class Bench:
    def __init__(self, parts: BenchParts, load: Load, listener: CommitListener) -> None:
        self.parts, self.load, self.listener = parts, load, listener
        self.dropped = 0  # by the broker, whose queue a rate above the knee has filled

    def hold(self, rate_per_s: float, seconds: float) -> Held:
        """The rate, for so long after it has settled. The load goes on afterwards."""
        self.load.set_rate(rate_per_s)
        time.sleep(SETTLE_S)
        sent, before, stored = self.load.count().sent, self.parts.usage(), self.parts.counters().stored
        wal_bytes = self.parts.wal_bytes()
        begun_s, begun_ms = time.monotonic(), time.time_ns() // 1_000_000
        time.sleep(seconds)
        committed = self.parts.counters().stored - stored
        took_s = time.monotonic() - begun_s
        used, wal_bytes = self.parts.usage_since(before), self.parts.wal_bytes() - wal_bytes
        offered = self.load.count().sent - sent
        ended_ms = time.time_ns() // 1_000_000
        time.sleep(P99_LIMIT_MS / 1000)  # so that those sent last can still come in time
        latency = self.listener.latency(begun_ms, ended_ms - 1)
        return Held(
            offered / took_s,
            committed / took_s,
            latency,
            {name: 1e6 * one.cpu_s / max(1, committed) for name, one in used.items()},
            {name: one.cpu_s / took_s for name, one in used.items()},
            {name: one.largest_rss_bytes / 1e6 for name, one in used.items()},
            wal_bytes / max(1, committed),
        )

    def hold_highest(self, rate_per_s: float, seconds: float, *, attempts: int) -> Held:
        """The rate, or the next lower one that keeps up over so long a time."""
        for attempt in range(attempts):
            held = self.hold(rate_per_s / FINE_STEP**attempt, seconds)
            self.drain()
            verdict = "" if held.keeps_up else "  falls behind"
            print(f"-- for {seconds:.0f} s\n{held.line()}{verdict}\n{held.cores_line()}", flush=True)
            if held.keeps_up:
                break
        return held

    def drain(self) -> None:
        """Nothing new is sent, until all that was is stored, or no more comes: a broker with a full queue drops."""
        self.load.set_rate(0)
        received, still_since_s = -1, time.monotonic()
        while (now_received := self.parts.counters().received) < self.load.count().sent:
            if now_received != received:
                received, still_since_s = now_received, time.monotonic()
            elif time.monotonic() - still_since_s > STILL_S:
                if self.parts.broker.has_said("messages are being dropped"):
                    self.dropped = self.load.count().sent - now_received
                return
            time.sleep(0.2)

    def find_knee(self) -> float:
        """In steps of a quarter until it no longer keeps up, then in fine steps from the last that did."""
        rate = self._climb(FIRST_RATE, STEP)
        return self._climb(rate * FINE_STEP, FINE_STEP, ceiling=rate * STEP) if rate else 0.0

    def _climb(self, rate: float, step: float, ceiling: float = LAST_RATE) -> float:
        last = rate / step
        while rate < ceiling and self._keeps_up(rate):
            last, rate = rate, rate * step
        return last

    def _keeps_up(self, rate: float) -> bool:
        """In one of two attempts: a machine has other things to do now and then."""
        for _ in range(2):
            held = self.hold(rate, STEP_S)
            print(held.line(), "" if held.keeps_up else "  falls behind", flush=True)
            if held.keeps_up:
                return True
            self.drain()
        return False

    def saturate(self, name: str, rate_per_s: float) -> tuple[float, dict[str, float]]:
        """Messages a second that a yardstick takes of more than it can, and CPU a message."""
        yardstick = self.parts.program(f"yardstick-{name}", sys.executable, "-m", "tests.bench.yardsticks", name)
        yardstick.ensure_running()
        while "Connected to broker" not in yardstick.log:
            if not yardstick.is_running:
                raise RuntimeError(yardstick.log)
            time.sleep(0.1)
        self.parts.watch(f"yardstick {name}", yardstick.pid or 0)
        self.load.set_rate(rate_per_s)
        time.sleep(2.0)
        before, counted, begun_s = self.parts.usage(), _counted(yardstick.log), time.monotonic()
        time.sleep(YARDSTICK_S)
        count = _counted(yardstick.log) - counted
        took_s, used = time.monotonic() - begun_s, self.parts.usage_since(before)
        self.load.set_rate(0)
        yardstick.stop()
        self.parts.watch(f"yardstick {name}", 0)
        return count / took_s, {part: 1e6 * one.cpu_s / max(1, count) for part, one in used.items()}


def _counted(log: str) -> int:
    counts = [line.split()[1] for line in log.splitlines() if line.startswith("count ")]
    return int(counts[-1]) if counts else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ingest", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for which a rate is held")
    parser.add_argument("--identities", type=int, default=200)
    parser.add_argument("--tls", action="store_true", help="TLS to the broker, for devices and ingest")
    parser.add_argument("--workers", type=int, default=1, help="more than one share a subscription")
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="311", help="MQTT of the load")
    parser.add_argument("--rate", type=float, help="hold this rate only, in messages a second: no sweep")
    parser.add_argument("--inflight", type=int, default=5_000, help="the broker's max_inflight_messages")
    parser.add_argument("--rollups", action="store_true", help="run_worker beside it, as in production")
    parser.add_argument("--yardsticks", default="receive,orm", help="of tests/bench/yardsticks.py; '' = none")
    parser.add_argument("--runs", type=int, default=1, help="the medians of so many are printed at the end")
    return parser.parse_args()


def run(asked: argparse.Namespace) -> dict[str, float]:
    """One run in an instance of its own; its figures by name."""
    figures: dict[str, float] = {}
    limits = {"max_inflight_messages": asked.inflight}
    with (
        BenchParts(identities=asked.identities, is_tls=asked.tls, limits=limits) as parts,
        Load(parts.folder, parts.devices, protocol=asked.protocol) as load,
        CommitListener(parts.server) as listener,
    ):
        bench = Bench(parts, load, listener)
        parts.watch("load", load.pid)
        parts.use_workers(asked.workers)
        if asked.rollups:
            parts.rollups.ensure_running()
        bench.hold(500, 1)  # partitions, plans and caches
        knee = asked.rate or bench.find_knee()
        held = bench.hold_highest(knee, asked.seconds, attempts=1 if asked.rate else 4)
        figures |= figures_of("sustained", held)
        if not asked.rate:
            half = bench.hold_highest(held.offered_per_s / 2, asked.seconds, attempts=1)
            figures |= figures_of("half of it", half)
        figures |= balance(bench)
        parts.stop_workers()
        parts.end_lone_session()
        for yardstick in filter(None, asked.yardsticks.split(",")):
            # More than it can take, and not more than the broker holds for it meanwhile.
            offered = ORM_OFFERED_PER_S if yardstick == "orm" else RECEIVE_OFFERED_PER_S
            figures |= yardstick_figures(bench, yardstick, offered)
    return figures


def figures_of(name: str, held: Held) -> dict[str, float]:
    return {
        f"{name}: messages/s committed": held.committed_per_s,
        f"{name}: p50 ms": held.latency.p50_ms,
        f"{name}: p99 ms": held.latency.p99_ms,
        **{f"{name}: CPU us/message, {part}": us for part, us in held.cpu_us.items()},
        f"{name}: CPU us/message, all": sum(held.cpu_us.values()),
        f"{name}: write-ahead log, bytes/message": held.wal_bytes,
    }


def yardstick_figures(bench: Bench, name: str, offered: float) -> dict[str, float]:
    rate, cpu_us = bench.saturate(name, offered)
    shares = "  ".join(f"{part} {us:.1f}" for part, us in cpu_us.items())
    print(f"-- yardstick {name}: {rate:.0f}/s of {offered:.0f} offered | CPU us a message: {shares}", flush=True)
    own = cpu_us.get(f"yardstick {name}", 0.0)
    return {f"yardstick {name}: messages/s": rate, f"yardstick {name}: CPU us/message, itself": own}


def balance(bench: Bench) -> dict[str, float]:
    """Every reading sent is stored once, and every device got its answer."""
    deadline_s = time.monotonic() + 10
    while (count := bench.load.count()).answered < count.sent - bench.dropped and time.monotonic() < deadline_s:
        time.sleep(0.2)
    found = bench.parts.counters()
    print(
        f"-- sent {count.sent}, stored {found.stored}, duplicate {found.duplicate}, rejected "
        f"{sum(found.rejected.values())}, answered {count.answered}, dropped by a full broker {bench.dropped}",
        flush=True,
    )
    return {
        "bytes on disk a reading, index included": bench.parts.bytes_of_readings() / max(1, found.stored),
        NOT_STORED: float(count.sent - bench.dropped - found.stored),
        NOT_ANSWERED: float(count.sent - bench.dropped - count.answered),
    }


def main() -> int:
    asked = arguments()
    print(machine())
    print(
        f"{asked.identities} identities, {'TLS' if asked.tls else 'plain loopback'}, MQTT {asked.protocol}, "
        f"workers {asked.workers}, roll-ups {'on' if asked.rollups else 'off'}",
        flush=True,
    )
    runs = [run(asked) for _ in range(asked.runs)]
    print(f"== median of {len(runs)}")
    for name in runs[0]:
        values = [one[name] for one in runs if name in one]
        print(f"{statistics.median(values):12.1f}  {name}")
    return 0 if all(one[NOT_STORED] == one[NOT_ANSWERED] == 0 for one in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
