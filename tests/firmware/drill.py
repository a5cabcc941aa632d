"""`python -m tests.firmware.drill --minutes 5`: one node, faults at random, then the reckoning. Exit code 0: even.

Everything listens on 127.0.0.1 and lives in a folder of its own; it ends only processes that it started.
"""

# ruff: noqa: E402, T201  # the environment first, then Django; and this is a program that prints
import argparse
import os
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import django

import tests.environment

os.environ["DJANGO_SETTINGS_MODULE"] = "carbontrack.settings"
django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from lib.local.postgres import LocalPostgres
from mqtt_ingest.queries import counters
from tests import database
from tests.firmware import build
from tests.firmware.reckoning import Reckoning
from tests.firmware.site import QUEUE_LIMIT, Site
from tests.mosquitto import Mosquitto

# Small enough that long outages fill four fifths of it, and readings become means. 40 blocks of 4 KiB.
SMALL_FLASH_BYTES = 163_840
LOSES_EVERY = "7"
FAULTS = (
    "broker killed",
    "power cut",
    "power cut off line",
    "ingest stopped",
    "queue overfilled",
    "long outage",
    "planned restart",
    "clock unset at boot",
    "wrong password",
    "resend asked",
    "update offered",
)
LONGEST_DRAIN_S = 300.0


class FirmwareDrill:
    def __init__(self, site: Site, rng: random.Random, flash_bytes: int) -> None:
        self.site, self.rng = site, rng
        self.done: Counter[str] = Counter()
        self.undatable: list[int] = []
        self._options = ["--lose-committed", LOSES_EVERY, "--flash-bytes", str(flash_bytes)]
        self._unset = site.folder / "unset.txt"
        self._unset.write_text("0 clock unset\n4 clock set\n")

    def begin(self) -> None:
        self.site.start_ingest()
        self.site.node.start(*self._options)

    def round(self) -> None:
        name = self.rng.choice(FAULTS)
        self.done[name] += 1
        getattr(self, "_" + name.replace(" ", "_"))()
        time.sleep(self.rng.uniform(0.2, 3.0))

    def _broker_killed(self) -> None:
        self.site.broker.kill()
        time.sleep(self.rng.uniform(0.5, 9.0))
        self.site.broker.start()

    def _power_cut(self) -> None:
        self.site.node.cut_power()
        self.site.node.start(*self._options, "--start", "brownout")

    def _power_cut_off_line(self) -> None:
        self.site.broker.kill()
        time.sleep(self.rng.uniform(0.5, 8.0))
        self._power_cut()
        time.sleep(self.rng.uniform(0.2, 4.0))
        self.site.broker.start()

    def _ingest_stopped(self) -> None:
        self.site.ingest.kill()
        time.sleep(self.rng.uniform(1.0, 12.0))
        self.site.start_ingest()

    def _queue_overfilled(self) -> None:
        self.site.ingest.kill()
        self.site.overfill_broker(must_drop=False)
        time.sleep(self.rng.uniform(1.0, 6.0))
        self.site.start_ingest()

    def _long_outage(self) -> None:
        """Six minutes and more of the node's time: rests between attempts, a flash that fills."""
        self.site.broker.kill()
        time.sleep(self.rng.uniform(30.0, 40.0))
        self.site.broker.start()

    def _planned_restart(self) -> None:
        self.site.node.restart_planned()
        self.site.node.start(*self._options)

    def _clock_unset_at_boot(self) -> None:
        self.site.node.restart_planned()
        self.site.node.start(*self._options, "--scenario", str(self._unset))
        time.sleep(5.0)

    def _wrong_password(self) -> None:
        self.site.node.restart_planned()
        wrong = self.site.settings_with(password="0" * 48, interval_s=1)
        self.site.node.start(*self._options, settings_file=wrong)
        time.sleep(self.rng.uniform(0.5, 6.0))
        self._planned_restart()

    def _resend_asked(self) -> None:
        produced = self.site.node.produced()
        if not produced:
            return
        last = produced[-1]
        self._order(kind="resend", stream=last.stream, **{"from": max(1, last.seq - 20), "to": last.seq})

    def _update_offered(self) -> None:
        self._order(kind="update_firmware", url="https://updates.example/node.bin", sha256="0" * 64)

    def _order(self, **command: object) -> None:
        """When the node is there to hear it: commands to an absent one are not kept."""
        connected = sum("broker: connected" in line for line in self.site.node.log)
        gone = sum("connection is gone" in line or "boot: " in line for line in self.site.node.log)
        if connected and connected >= gone:
            self.site.order(**command)

    def settle(self) -> Reckoning:
        self.site.node.restart_planned()
        self.site.drain(*self._options, timeout_s=LONGEST_DRAIN_S)
        return self.site.reckon(self.undatable)


def report(drill: FirmwareDrill, found: Reckoning, took_s: float, rounds: int) -> str:
    counted = counters()
    lives = sum(line.startswith("boot: ") for line in drill.site.node.log)
    faults = ", ".join(f"{name} {count}" for name, count in sorted(drill.done.items()))
    lines = [
        f"{rounds} faults in {took_s:.0f} s, {lives} lives of the node: {faults}",
        f"readings made {found.produced}; stored in {found.stored} rows, {found.means} of them means",
        f"made into means {drill.site.node.thinned_count()}, dropped from a full flash"
        f" {drill.site.node.dropped_count()}, as the node says",
        f"lost: {dict(Counter(why.partition(' ')[0] for why in found.lost.values()))}",
        f"received {counted.received} = stored {counted.stored} + duplicate {counted.duplicate} + rejected"
        f" {sum(counted.rejected.values())}",
        f"lost otherwise, doubled or changed: {len(found.faults)}",
    ]
    if found.faults:
        words = ("boot: ", "dropped: ", "end: ", "flash: ")
        lines += [line.rstrip() for line in drill.site.node.log if any(word in line for word in words)]
    return "\n".join([*lines, *found.faults[:50]])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.firmware.drill", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--flash-bytes", type=int, default=SMALL_FLASH_BYTES)
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    rng = random.Random(asked.seed)
    folder = Path(tests.environment.DATA_DIR)
    print(f"seed {asked.seed}, in {folder} until the end", flush=True)
    program = build.node_host()
    with database.running(LocalPostgres(folder)):
        call_command("migrate", verbosity=0, interactive=False)
        broker = Mosquitto(folder, limits={"max_queued_messages": QUEUE_LIMIT})
        settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE = broker.url, str(broker.certificates.ca_file)
        site = None
        try:
            broker.start()
            site = Site(folder, broker, program)
            drill = FirmwareDrill(site, rng, asked.flash_bytes)
            found = run(drill, asked.minutes)
        finally:
            if site:
                site.close()
            broker.stop()
            connection.close()
    shutil.rmtree(folder, ignore_errors=True)
    return 1 if found.faults else 0


def run(drill: FirmwareDrill, minutes: float) -> Reckoning:
    began_s = time.monotonic()
    drill.begin()
    rounds = 0
    while time.monotonic() - began_s < minutes * 60:
        drill.round()
        rounds += 1
    found = drill.settle()
    print(report(drill, found, time.monotonic() - began_s, rounds), flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
