"""`python -m tests.drill --rounds 200`: faults at random on the real parts, then the ledger. Exit code 0: even.

Everything listens on 127.0.0.1 and lives in a folder of its own; it ends only processes that it started.
"""

# ruff: noqa: E402, T201  # the environment first, then Django; and this is a program that prints
import argparse
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import django

import tests.environment

os.environ["DJANGO_SETTINGS_MODULE"] = "carbontrack.settings"
django.setup()

from django.core.management import call_command
from django.db import connection

from devices.registration import provision_device
from lib.local import postgres
from lib.local.postgres import LocalPostgres
from mqtt_ingest.queries import counters
from tests import database, make
from tests.drill import check
from tests.drill.devices import DrillDevice, set_outbox_for_a_drill
from tests.drill.disk import SmallDisk
from tests.drill.faults import Fault, possible_faults
from tests.drill.parts import FLOOR_MB, Parts
from tests.processes import leave

DEVICES = 6
ROUND_S = 2.0
TICK_S = 0.03
SETTLE_TIMEOUT_S = 180.0


class Drill:
    def __init__(self, parts: Parts, devices: list[DrillDevice], rng: random.Random) -> None:
        self.parts, self.devices, self.rng = parts, devices, rng
        self.possible = possible_faults(has_small_disk=parts.disk.is_there)
        self.done: Counter[str] = Counter()
        self.problems: list[str] = []
        self.largest_rss_mb = 0.0

    def round(self) -> None:
        """One to three faults at random moments while everything is under way; then all parts are up again."""
        begun_s = time.monotonic()
        plan = [
            (self.rng.uniform(0, ROUND_S * 0.6), self.rng.uniform(0.1, 1.2), fault)
            for fault in self.rng.sample(self.possible, self.rng.randint(1, 3))
        ]
        waiting = sorted(plan, key=lambda item: item[0])
        active: list[tuple[float, Fault]] = []
        while (passed_s := time.monotonic() - begun_s) < ROUND_S:
            while waiting and waiting[0][0] <= passed_s:
                _at_s, lasts_s, fault = waiting.pop(0)
                fault.begin(self.parts, self.devices, self.rng)
                self.done[fault.name] += 1
                active.append((passed_s + lasts_s, fault))
            for ends_at_s, fault in [item for item in active if item[0] <= passed_s]:
                fault.end(self.parts, self.devices)
                active.remove((ends_at_s, fault))
            self._tick(self.rng.randint(0, 3))
        for _ends_at_s, fault in active:
            fault.end(self.parts, self.devices)
        self.parts.ensure_up()
        self.largest_rss_mb = max(self.largest_rss_mb, self.parts.worker_rss_mb())

    def _tick(self, count: int) -> None:
        for device in self.devices:
            if count:
                device.produce(count)
            device.send()
        time.sleep(TICK_S)

    def settle_and_check(self) -> None:
        """No faults, nothing new: outboxes empty, roll-ups done; then everything has to fit."""
        deadline_s = time.monotonic() + SETTLE_TIMEOUT_S
        while any(device.unanswered for device in self.devices) or not check.rollups_are_settled():
            self._tick(0)
            if time.monotonic() > deadline_s:
                left = {device.device_id: device.unanswered for device in self.devices}
                self.problems.append(f"not settled after {SETTLE_TIMEOUT_S:.0f} s: unanswered {left}")
                return
        self.parts.rollups.stop()
        for device in self.devices:
            self.problems += check.faults_of_ledger(device)
            if device.given_up:
                self.problems.append(f"{device.device_id}: gave up {device.given_up} readings")
        self.problems += check.faults_of_counters()
        self.problems += check.faults_of_rollups()
        self.parts.rollups.ensure_running()

    def report(self, rounds: int, took_s: float) -> str:
        made = sum(len(device.ledger.t_ms) for device in self.devices)
        refused = Counter(r for device in self.devices for r in device.ledger.refused.values())
        found = counters()
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.done.items()))
        lines = [
            f"{rounds} rounds in {took_s:.0f} s, {sum(self.done.values())} faults: {faults}",
            f"readings made {made}, stored {found.stored}, refused for good {dict(refused)}",
            f"received {found.received} = stored {found.stored} + duplicate {found.duplicate} + rejected"
            f" {sum(found.rejected.values())}",
            f"largest ingest worker {self.largest_rss_mb:.0f} MB",
            f"lost 0, doubled 0, roll-ups equal: {'yes' if not self.problems else 'NO'}",
        ]
        return "\n".join([*lines, *self.problems[:50]])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--check-every", type=int, default=10, help="rounds between two reckonings")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    signal.signal(signal.SIGTERM, leave)
    rng = random.Random(asked.seed)
    set_outbox_for_a_drill()
    folder = Path(tests.environment.DATA_DIR)
    print(f"seed {asked.seed}, logs in {folder} until the end", flush=True)
    postgres.SERVER_SETTINGS |= {"max_wal_size": "160MB"}  # its disk is small
    disk = SmallDisk(LocalPostgres(folder).home)
    if not disk.is_there:
        print("no disk of its own, which needs root on Linux: full disks are those that PostgreSQL reports", flush=True)
    try:
        problems = drill_on(disk, asked, rng)
    finally:
        disk.close()
    shutil.rmtree(folder, ignore_errors=True)
    return 1 if problems else 0


def drill_on(disk: SmallDisk, asked: argparse.Namespace, rng: random.Random) -> list[str]:
    """The problems found."""
    folder = Path(tests.environment.DATA_DIR)
    with database.running(LocalPostgres(folder)) as server:
        call_command("migrate", verbosity=0, interactive=False)
        parts = Parts(folder, server, disk)
        devices: list[DrillDevice] = []
        try:
            factory = make.make_factory(name="Drill")
            ready = [
                provision_device(factory_name=factory.name, device_id=f"drill-{number}") for number in range(DEVICES)
            ]
            parts.broker.reload()
            parts.use_workers(1)
            devices = [DrillDevice(one, parts.device_side.port, random.Random(rng.random())) for one in ready]
            drill = Drill(parts, devices, rng)
            begun_s = time.monotonic()
            run(drill, asked.rounds, asked.check_every)
            print(drill.report(asked.rounds, time.monotonic() - begun_s), flush=True)
        finally:
            for device in devices:
                device.close()
            connection.close()
            parts.close()
    return drill.problems


def run(drill: Drill, rounds: int, check_every: int) -> None:
    for number in range(1, rounds + 1):
        drill.round()
        if number % check_every == 0 or number == rounds:
            drill.settle_and_check()
            print(f"round {number}: {len(drill.problems)} problems", flush=True)
            if drill.problems:
                return
            drill.parts.use_workers(drill.rng.randint(1, 2), floor_mb=drill.rng.choice((0, FLOOR_MB)))


if __name__ == "__main__":
    sys.exit(main())
