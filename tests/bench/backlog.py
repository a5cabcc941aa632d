"""`make bench-backlog`: how fast an outage is made up, and what live readings feel of it.

1. The store path alone: batches of messages with 500 readings through the pipeline, committed with fsync, and beside it
   the same rows by a bare COPY and INSERT ... ON CONFLICT.
2. An outage of 8 hours of 201 devices drains through the broker while the same devices go on measuring: devices free
   what `committed` names. Once with 500 readings a message, once with the firmware's 30 (of a shorter outage).
"""

# ruff: noqa: E402, T201  # the environment first, then Django; and this is a program that prints
import argparse
import os
import sys
import time
from dataclasses import dataclass

import django

import tests.environment  # noqa: F401  # a folder of our own

os.environ["DJANGO_SETTINGS_MODULE"] = "carbontrack.settings"
django.setup()

from tests.bench.commits import CommitListener, Latency
from tests.bench.fleet import Account, FleetCount, OutboxFleet
from tests.bench.parts import BenchParts, machine
from tests.bench.store_path import measure_store_path
from tests.processes import Usage

INTERVAL_S = 5.0
FIRMWARE_BATCH, FIRMWARE_WINDOW = 30, 1
LIVE_ALONE_S = 10.0
DRAIN_TIMEOUT_S = 1_800.0
LIVE_P99_LIMIT_MS = 2_000.0


@dataclass(frozen=True, slots=True)
class Drained:
    """An outage that was made up."""

    readings: int
    took_s: float
    before: Latency  # of live readings
    during: Latency
    used: dict[str, Usage]
    count: FleetCount
    account: Account
    adds_up: bool

    def print(self) -> None:
        print(f"  {self.readings} readings in {self.took_s:.1f} s: {self.readings / self.took_s:.0f}/s")
        for words, latency in (("before it", self.before), ("meanwhile", self.during)):
            print(
                f"  live readings {words}: {latency.count}, sent to committed p50 {latency.p50_ms:.0f}"
                f"  p99 {latency.p99_ms:.0f}  max {latency.largest_ms:.0f} ms"
            )
        for name, one in self.used.items():
            print(
                f"  {name:10} {one.cpu_s:6.2f} s CPU, {1e6 * one.cpu_s / self.readings:5.1f} us a reading,"
                f" largest {one.largest_rss_bytes / 1e6:.0f} MB"
            )
        account = self.account
        print(
            f"  made {account.made}, lost {account.lost}, doubled {account.doubled}, changed {account.changed};"
            f" refused {self.count.refused}; messages {self.count.messages}, sent again {self.count.sent_again};"
            f" counters add up: {'yes' if self.adds_up else 'NO'}"
        )

    @property
    def is_as_promised(self) -> bool:
        return self.account.is_even and self.adds_up and self.during.p99_ms < LIVE_P99_LIMIT_MS


def drain(parts: BenchParts, *, hours: float, per_message: int, window: int) -> Drained:
    """Live for a while, then the outage's readings too, until all of it is answered."""
    each = round(hours * 3600 / INTERVAL_S)
    settings = {"interval_s": INTERVAL_S, "per_message": per_message, "window": window}
    with CommitListener(parts.server) as listener, OutboxFleet(parts.folder, parts.devices, **settings) as fleet:
        parts.watch("devices", fleet.pid)
        begun_ms = _now_ms()
        fleet.measure()
        time.sleep(LIVE_ALONE_S)
        before = listener.latency(begun_ms, _now_ms() - 1_000)
        used, begun_s, begun_ms = parts.usage(), time.monotonic(), _now_ms()
        fleet.end_outage(each)
        _wait_until_answered(fleet, each)
        took_s, used = time.monotonic() - begun_s, parts.usage_since(used)
        fleet.hold()
        _wait_until_answered(fleet, 0)
        during = listener.latency(begun_ms + 1, begun_ms + round(took_s * 1000))
        count, account = fleet.count(), fleet.account(parts.server)
        parts.watch("devices", 0)
    found = parts.counters()
    adds_up = found.received == found.stored + found.duplicate + sum(found.rejected.values())
    return Drained(each * len(parts.devices), took_s, before, during, used, count, account, adds_up)


def _wait_until_answered(fleet: OutboxFleet, each: int) -> None:
    """Until fewer readings are unanswered than are always on their way while devices measure."""
    enough = 2 * fleet.size if each else 0
    deadline_s = time.monotonic() + DRAIN_TIMEOUT_S
    while (count := fleet.count()).unanswered > enough:
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"not drained in {DRAIN_TIMEOUT_S:.0f} s: {count}")
        time.sleep(0.1)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backlog", description=__doc__)
    parser.add_argument("--devices", type=int, default=201)
    parser.add_argument("--hours", type=float, default=8.0, help="of the outage")
    parser.add_argument("--firmware-hours", type=float, default=0.5, help="of the one that the firmware makes up")
    parser.add_argument("--store-readings", type=int, default=500_000, help="through the store path alone; 0: none")
    parser.add_argument("--window", type=int, default=2, help="messages with old readings that may be unanswered")
    parser.add_argument("--rollups", action="store_true", help="with the worker that rolls up beside it")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    print(machine(), flush=True)
    is_good = True
    if asked.store_readings:
        with BenchParts(identities=asked.devices) as parts:
            measure_store_path(parts, asked.store_readings)
    plans = [(asked.hours, 500, asked.window), (asked.firmware_hours, FIRMWARE_BATCH, FIRMWARE_WINDOW)]
    for hours, per_message, window in plans:
        if not hours:
            continue
        print(
            f"\nAn outage of {hours:g} h of {asked.devices} devices, {per_message} readings a message, up to"
            f" {window} of them unanswered and one live message beside",
            flush=True,
        )
        with BenchParts(identities=asked.devices) as parts:
            parts.use_workers(1)
            if asked.rollups:
                parts.rollups.ensure_running()
            drained = drain(parts, hours=hours, per_message=per_message, window=window)
        drained.print()
        is_good = is_good and drained.is_as_promised
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
