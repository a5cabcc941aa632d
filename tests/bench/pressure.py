"""`make bench-pressure`: more than ingest can take, and a database that is away; what the worker holds, what is lost.

Publishers without an outbox are asked for ten times what one worker stores, and send what the machine lets them. At the
same time devices with an outbox continue to measure and deliver the backlog of an outage. Then, under that load,
PostgreSQL is frozen (SIGSTOP), and killed and kept away: `--minutes` in all. The worker must stay small and come back
by itself; devices with an outbox must lose nothing, and nothing may be stored twice.
"""

# ruff: noqa: E402, T201  # the environment first, then Django; and this is a program that prints
import argparse
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack, nullcontext, suppress
from urllib.request import urlopen

import django
import psutil

import tests.environment  # noqa: F401  # a folder of our own
from tests.processes import free_port

os.environ["DJANGO_SETTINGS_MODULE"] = "carbontrack.settings"
django.setup()

from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from lib.local.postgres import LocalPostgresError
from tests.bench.fleet import OutboxFleet
from tests.bench.load import Load
from tests.bench.parts import BenchParts, machine

RSS_LIMIT_MB = 300.0
FLOOD_IDENTITIES = 200
PUBLISHERS_AHEAD_COUNT = 100_000
SAMPLE_S = 0.5
BEFORE_S = 5.0
BACK_TIMEOUT_S = 60.0
DRAIN_TIMEOUT_S = 900.0
GAUGES = ("queue_depth", "unacknowledged_messages", "oldest_unacknowledged_seconds", "lag_seconds")


class Watch:
    """Samples the worker in a thread: its memory, and the gauges that it shows of itself."""

    def __init__(self, pid: int, metrics_port: int) -> None:
        self._process, self._port = psutil.Process(pid), metrics_port
        self._ending = threading.Event()
        self._largest: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(SAMPLE_S):
            for name, value in (("rss_mb", self._process.memory_info().rss / 1e6), *self._gauges().items()):
                self._largest[name] = max(self._largest.get(name, 0.0), value)

    def _gauges(self) -> dict[str, float]:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=5) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
            found = {family.name: family.samples[0].value for family in families}
            return {name: found[f"carbontrack_ingest_{name}"] for name in GAUGES}
        return {}

    def largest(self) -> dict[str, float]:
        """Since the last time this was asked."""
        found, self._largest = self._largest, {}
        return found


class Pressure:
    def __init__(self, parts: BenchParts, fleet: OutboxFleet, load: Load | None, watch: Watch) -> None:
        self.parts, self.fleet, self.load, self.watch = parts, fleet, load, watch
        self.flood_per_s = 0.0
        self.largest_mb = 0.0

    def under_load(self, seconds: float) -> None:
        sent, before, begun_s = self._sent(), self.parts.counters(), time.monotonic()
        self._hold(seconds)
        took_s, after = time.monotonic() - begun_s, self.parts.counters()
        sent, stored = self._sent() - sent, after.stored - before.stored
        refused = sum(after.rejected.values()) - sum(before.rejected.values())
        print(
            f"  {sent / took_s:.0f} messages/s sent, {stored / took_s:.0f} readings/s stored,"
            f" {refused / took_s:.0f}/s refused as too many of one device"
        )
        self.report()

    def _hold(self, seconds: float) -> None:
        """Keep the publishers going, as far as the broker acknowledges: what they send must not fill *their* memory."""
        ends_at_s = time.monotonic() + seconds
        while (left_s := ends_at_s - time.monotonic()) > 0:
            if self.load:
                count = self.load.count()
                is_swamped = count.sent - count.acknowledged > PUBLISHERS_AHEAD_COUNT
                self.load.set_rate(0 if is_swamped else self.flood_per_s)
            time.sleep(min(0.1, left_s))

    def frozen(self, seconds: float) -> None:
        """PostgreSQL neither answers nor hangs up."""
        assert self.parts.server.process
        connection.close()
        root = psutil.Process(self.parts.server.process.pid)
        family = [root, *root.children(recursive=True)]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGSTOP)
        self._hold(seconds)
        self.report()
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGCONT)
        self._wait_until_it_stores()

    def away(self, seconds: float) -> None:
        """PostgreSQL is killed, and nothing listens in its place."""
        process = self.parts.server.process
        assert process
        connection.close()
        process.kill()
        process.wait(10)
        self._hold(seconds)
        self.report()
        self._start_database()
        self._wait_until_it_stores()

    def _start_database(self) -> None:
        """Processes of a server that was killed may hold its memory for a moment, and a new one then gives up."""
        deadline_s = time.monotonic() + BACK_TIMEOUT_S
        while True:
            try:
                self.parts.server.start()
                self.parts.server.wait_ready()
                return
            except LocalPostgresError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.5)

    def _wait_until_it_stores(self) -> None:
        begun_s, stored = time.monotonic(), self.parts.counters().stored
        while self.parts.counters().stored == stored:
            if time.monotonic() - begun_s > BACK_TIMEOUT_S:
                raise RuntimeError("the database is back and the worker stores nothing")
            time.sleep(0.1)
        print(f"  stores again {time.monotonic() - begun_s:.1f} s after the database is back")

    def settle(self) -> bool:
        """Nothing new; until devices have their answers. Returns whether everything is as promised."""
        if self.load:
            self.load.set_rate(0)
        self.fleet.hold()
        begun_s = time.monotonic()
        while self.fleet.count().unanswered or self._is_behind():
            if time.monotonic() - begun_s > DRAIN_TIMEOUT_S:
                raise RuntimeError(f"not settled in {DRAIN_TIMEOUT_S:.0f} s: {self.fleet.count()}")
            time.sleep(0.2)
        print(f"settled in {time.monotonic() - begun_s:.1f} s")
        self.report()
        count, found = self.fleet.count(), self.parts.counters()
        account = self.fleet.account(self.parts.server)
        rejected = sum(found.rejected.values())
        adds_up = found.received == found.stored + found.duplicate + rejected
        worker = self.parts.usage()["ingest"]
        self.largest_mb = max(self.largest_mb, worker.largest_rss_bytes / 1e6)
        print(
            f"devices with an outbox: made {account.made}, lost {account.lost}, doubled {account.doubled}, changed"
            f" {account.changed}; refused {count.refused}; messages {count.messages}, sent again {count.sent_again}\n"
            f"received {found.received} = stored {found.stored} + duplicate {found.duplicate} + rejected {rejected}:"
            f" {'yes' if adds_up else 'NO'}\nlargest ingest worker {self.largest_mb:.0f} MB (limit {RSS_LIMIT_MB:.0f})"
        )
        return account.is_even and adds_up and not count.refused and self.largest_mb < RSS_LIMIT_MB

    def _is_behind(self) -> bool:
        gauges = self.watch._gauges()
        return gauges.get("unacknowledged_messages", 1.0) > 0

    def report(self) -> None:
        found = self.watch.largest()
        self.largest_mb = max(self.largest_mb, found.get("rss_mb", 0.0))
        print("  largest:", ", ".join(f"{name} {value:.0f}" for name, value in found.items()), flush=True)

    def _sent(self) -> int:
        return self.load.count().sent if self.load else self.fleet.count().messages


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pressure", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="that PostgreSQL is away, half of it frozen")
    parser.add_argument("--flood", type=float, default=100_000.0, help="messages/s asked of the publishers; 0: none")
    parser.add_argument("--devices", type=int, default=280, help="with an outbox")
    parser.add_argument("--interval-s", type=float, default=5.0, help="between two readings of such a device")
    parser.add_argument("--window", type=int, default=2, help="messages of 500 readings it has on their way")
    parser.add_argument("--outage", type=int, default=2_000, help="readings that it brings home beside")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    print(machine(), flush=True)
    half_s = asked.minutes * 30
    flood_identities = FLOOD_IDENTITIES if asked.flood else 0
    port = free_port()
    with ExitStack() as stack:
        parts = stack.enter_context(
            BenchParts(identities=flood_identities + asked.devices, environment={"INGEST_METRICS_PORT": str(port)})
        )
        flooding, keeping = parts.devices[:flood_identities], parts.devices[flood_identities:]
        parts.use_workers(1)
        settings = {"interval_s": asked.interval_s, "window": asked.window}
        fleet = stack.enter_context(OutboxFleet(parts.folder, keeping, **settings))
        load = stack.enter_context(Load(parts.folder, flooding) if flooding else nullcontext())
        watch = stack.enter_context(Watch(parts.workers[0].pid or 0, port))
        pressure = Pressure(parts, fleet, load, watch)
        fleet.measure()
        print("devices with an outbox alone", flush=True)
        pressure.under_load(BEFORE_S)
        fleet.end_outage(asked.outage)
        if load:
            pressure.flood_per_s = asked.flood
        print(f"as much as the publishers can, and {len(keeping)} outages of {asked.outage} readings", flush=True)
        pressure.under_load(min(60.0, half_s))
        print(f"PostgreSQL frozen for {half_s:.0f} s", flush=True)
        fleet.end_outage(asked.outage)
        pressure.frozen(half_s)
        print(f"PostgreSQL killed, away for {half_s:.0f} s", flush=True)
        fleet.end_outage(asked.outage)
        pressure.away(half_s)
        is_good = pressure.settle()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
