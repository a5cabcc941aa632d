"""`manage.py simulate`: the simulated fleet, publishing until SIGTERM or Ctrl-C."""

import signal
import ssl
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo import cast, firmware_files, fleet_files
from demo.fleet import Fleet
from demo.link import BrokerPlace, local_broker
from demo.simulated_device import SimulatedDevice


class Command(BaseCommand):
    help = (
        "Publish the readings of the first DEMO_FLEET simulated devices to the broker on this machine, each with its "
        "own login from DATA_DIR/fleet.json. Keeps its progress in DATA_DIR/fleet_state.json; uses no database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seconds", type=float, help="end after so many seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        place = _broker_place()
        passwords = fleet_files.load_passwords(settings.DATA_DIR)
        fleet = Fleet(_devices(passwords), passwords, place, data_dir=settings.DATA_DIR)
        _stop_on_signals(fleet)
        self.stdout.write(f"{len(fleet.links)} devices publish to {place.host} port {place.port}")
        self.stdout.flush()
        fleet.run(options["seconds"])
        unanswered = sum(len(link.device.outbox) for link in fleet.links)
        self.stdout.write(f"sent {fleet.sent_count} readings, {unanswered} without an answer yet")


def _broker_place() -> BrokerPlace:
    address = local_broker()
    if not address.is_tls:
        return BrokerPlace(address.host, address.port, None)
    if not address.ca_file or not Path(address.ca_file).is_file():
        raise CommandError(
            f"MQTT_CA_FILE={address.ca_file or ''} does not exist: start the broker first, `manage.py run_demo` does."
        )
    return BrokerPlace(address.host, address.port, ssl.create_default_context(cafile=address.ca_file))


def _devices(passwords: Mapping[str, str]) -> list[SimulatedDevice]:
    """The devices that publish. Silent devices, devices that never reported and the firmware's node are left out."""
    released = firmware_files.released(settings.DATA_DIR)
    wanted = [
        planned for planned in cast.fleet(settings.DEMO_FLEET) if planned.publishes and planned.device_id != released
    ]
    missing = [planned.device_id for planned in wanted if planned.device_id not in passwords]
    if missing:
        raise CommandError(
            f"{settings.DATA_DIR / 'fleet.json'} has no password for {', '.join(missing[:3])}"
            f"{' and others' if len(missing) > 3 else ''}: `manage.py run_demo` draws them."
        )
    progress = fleet_files.load_progress(settings.DATA_DIR)
    anchor_day = fleet_files.load_anchor(settings.DATA_DIR)
    now_ms = time.time_ns() // 1_000_000
    return [
        SimulatedDevice(planned, now_ms=now_ms, before=progress.get(planned.device_id), anchor_day=anchor_day)
        for planned in wanted
    ]


def _stop_on_signals(fleet: Fleet) -> None:
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):  # the last one on Windows only
        if number := getattr(signal, name, None):
            signal.signal(number, lambda *_: fleet.stop())
