"""What the benchmarks measure: a throw-away PostgreSQL with fsync, Mosquitto, ingest workers, registered devices.

    with BenchParts(identities=200) as parts:
        parts.use_workers(1)
        before = parts.usage()
        ...
        used = parts.usage_since(before)   # by name: broker, postgres, ingest, rollups, and what `watch` was told

All of it lives in the folder of this test run (`tests.environment`) and on 127.0.0.1, and ends with the block, also on
Ctrl-C, SIGTERM and failure. Only processes that were started here are ended. Programs set Django up first, as
`tests/bench/ingest.py` does. In the main thread only: PostgreSQL ends with the thread that started it.
"""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from django.conf import settings
from django.core.management import call_command
from django.db import connection

import tests.environment
from devices.choices import Co2Basis, PressureCompensation
from devices.credentials import mosquitto_hash
from devices.models import Assignment, DeviceSecret, MCUDevice
from devices.services import ProvisionedDevice, describe
from emissions.models import Emission
from factories.models import Chimney
from lib.broker_address import BrokerAddress
from lib.local.postgres import LocalPostgres
from mqtt_ingest.lone_session import end_session
from mqtt_ingest.queries import Counters, counters
from tests import database, make
from tests.mosquitto import Mosquitto
from tests.processes import Process, Usage, leave, usage_of

START_TIMEOUT_S = 30.0


class BenchParts:
    """Everything up but the workers; see `use_workers`. `devices` are the logins of the identities."""

    def __init__(
        self,
        *,
        identities: int = 200,
        is_tls: bool = False,
        limits: Mapping[str, int] = {},
        environment: dict[str, str] | None = None,
    ) -> None:
        """`limits` replace those of the published configuration; `environment` is added to that of the workers."""
        self.folder = Path(tests.environment.DATA_DIR)
        self.server = LocalPostgres(self.folder)
        self.broker = Mosquitto(self.folder, is_tls=is_tls, limits=limits)
        self.workers: list[Process] = []
        self.devices: list[ProvisionedDevice] = []
        self._identities = identities
        self._own_environment = environment or {}
        self._watched: dict[str, int] = {}
        self._stack = ExitStack()
        self.rollups = self.process("rollups", "run_worker")

    # --- life cycle ---
    def __enter__(self) -> BenchParts:
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            # `kill` and timeouts must not leave servers behind: they come as an exception, like Ctrl-C.
            stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, leave))
            stack.enter_context(database.running(self.server))
            stack.callback(connection.close)
            call_command("migrate", verbosity=0, interactive=False)
            settings.MQTT_BROKER_URL = self.broker.url
            settings.MQTT_CA_FILE = self.ca_file
            self.devices = register(self._identities)
            stack.callback(self.broker.stop)
            self.broker.start()
            stack.callback(self.stop_workers)
            stack.callback(self.rollups.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def ca_file(self) -> str:
        """Empty on plain loopback."""
        return str(self.broker.certificates.ca_file) if self.broker.is_tls else ""

    # --- processes ---
    @property
    def environment(self) -> dict[str, str]:
        """Of every process that must find database and broker."""
        added = {
            "DATA_DIR": str(settings.DATA_DIR),
            "DJANGO_SETTINGS_MODULE": "carbontrack.settings",
            "MQTT_BROKER_URL": self.broker.url,
            "MQTT_CA_FILE": self.ca_file,
        }
        return os.environ | added | self._own_environment

    def process(self, name: str, *arguments: str) -> Process:
        """A `manage.py` command, not started yet; logs to the folder."""
        return Process(self.folder / f"{name}.log", self.environment, *arguments)

    def program(self, name: str, *command: str) -> Process:
        """Another program, not started yet; measured under its name, and ended with the rest, once started."""
        process = Process(self.folder / f"{name}.log", self.environment, *command[1:], program=command[:1])
        self._stack.callback(process.stop)
        return process

    def use_workers(self, count: int, *arguments: str) -> None:
        """One alone with a persistent session, or several that share a subscription; returns when connected."""
        self.stop_workers()
        if count != 1:
            self.end_lone_session()
        names = [()] if count == 1 else [("--worker", f"w{number}") for number in range(count)]
        self.workers = [
            self.process(f"ingest-{number}", "ingest_mqtt", *name, *arguments) for number, name in enumerate(names)
        ]
        for worker in self.workers:
            worker.log_path.unlink(missing_ok=True)
            worker.ensure_running()
        for worker in self.workers:
            _wait_for(worker, "Connected to broker")

    def stop_workers(self) -> None:
        for worker in self.workers:
            worker.stop()
        self.workers = []

    def end_lone_session(self) -> None:
        """Otherwise the broker continues to fill it without a reader, which costs time. What is in it is thrown
        away."""
        end_session(BrokerAddress.from_url(self.broker.url, self.ca_file))

    # --- what they use ---
    def watch(self, name: str, pid: int) -> None:
        """Measure another process under this name."""
        self._watched[name] = pid

    def usage(self) -> dict[str, Usage]:
        """By name, children included; see `usage_since`."""
        assert self.server.process
        pids = {"broker": self.broker.pid, "postgres": self.server.process.pid} | self._watched
        for number, worker in enumerate(self.workers):
            pids["ingest" if len(self.workers) == 1 else f"ingest {number}"] = worker.pid or 0
        if self.rollups.is_running:
            pids["rollups"] = self.rollups.pid or 0
        return {name: usage_of(pid) for name, pid in pids.items() if pid}

    def usage_since(self, before: dict[str, Usage]) -> dict[str, Usage]:
        """What was used meanwhile; of processes that came later, all of it."""
        return {name: now.since(before.get(name, Usage(0.0, 0))) for name, now in self.usage().items()}

    # --- what became of it ---
    def counters(self) -> Counters:
        return counters()

    def wal_bytes(self) -> int:
        """Written to the write-ahead log so far, by everything."""
        return int(_one("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"))

    def bytes_of_readings(self) -> int:
        """Partitions of readings and their index, on disk."""
        sizes = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = %s::regclass"
        return int(_one(sizes, Emission._meta.db_table))


def _one(statement: str, *parameters: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        (value,) = cursor.fetchone()
        return value


def register(count: int) -> list[ProvisionedDevice]:
    """`count` devices of one factory, each on a chimney of its own, in a few statements."""
    factory = make.make_factory(name="Bench")
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=366)
    chimneys = Chimney.objects.bulk_create(
        Chimney(factory=factory, name=f"Chimney {number}", shape="circle", diameter_m=0.9, velocity_profile_factor=1.0)
        for number in range(count)
    )
    devices = MCUDevice.objects.bulk_create(
        MCUDevice(factory=factory, device_id=f"bench-{number:05}") for number in range(count)
    )
    Assignment.objects.bulk_create(
        Assignment(
            device=device,
            chimney=chimney,
            factory=factory,
            valid_from=since,
            co2_basis=Co2Basis.WET,
            pressure_compensation=PressureCompensation.NONE,
        )
        for device, chimney in zip(devices, chimneys, strict=True)
    )
    passwords = [secrets.token_hex(24) for _ in devices]
    DeviceSecret.objects.bulk_create(
        DeviceSecret(device=device, pbkdf2_sha512=mosquitto_hash(password))
        for device, password in zip(devices, passwords, strict=True)
    )
    return [describe(device, password) for device, password in zip(devices, passwords, strict=True)]


def machine() -> str:
    """What the figures of a run were measured on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory_gb = psutil.virtual_memory().total / 1e9
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {psutil.cpu_count()} x {model}, {memory_gb:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


def _wait_for(process: Process, words: str) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while words not in process.log:
        if not process.is_running or time.monotonic() > deadline_s:
            raise RuntimeError(f"{process.arguments} never said {words!r}: {process.log[-2000:]}")
        time.sleep(0.05)
