"""Devices with an outbox in a process of their own (`outbox_devices.py`), and their ledger against the database."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2

from devices.services import ProvisionedDevice
from emissions.models import STREAM_OFFSET
from lib.local.postgres import LocalPostgres
from tests.bench.line_process import LineProcess
from tests.bench.outbox_devices import FleetSettings

# What devices made and what is stored, each counted where it differs from the other; 0, 0, 0 is even.
DIFFERENCES = """
WITH stored AS (
    SELECT device.device_id, reading.stream + %(offset)s AS stream, seq,
           (extract(epoch FROM "timestamp") * 1000)::bigint AS t_ms, co2_ppm, count(*) OVER (
               PARTITION BY reading.device_id, reading.stream, seq) AS copies
    FROM emissions_emission AS reading
    JOIN devices_mcudevice AS device ON device.id = reading.device_id
    WHERE device.device_id IN (SELECT DISTINCT device_id FROM bench_ledger)
)
SELECT count(*) FILTER (WHERE stored.device_id IS NULL) AS lost,
       count(*) FILTER (WHERE stored.copies > 1) AS doubled,
       count(*) FILTER (WHERE made.device_id IS NULL OR made.t_ms <> stored.t_ms
                           OR made.co2_ppm::real <> stored.co2_ppm) AS changed
FROM bench_ledger AS made
FULL JOIN stored USING (device_id, stream, seq)
"""


@dataclass(frozen=True, slots=True)
class FleetCount:
    """Of all devices together: readings and messages so far."""

    made: int
    unanswered: int
    messages: int
    sent_again: int
    refused: int


@dataclass(frozen=True, slots=True)
class Account:
    """What devices made against what is stored."""

    made: int
    lost: int
    doubled: int
    changed: int

    @property
    def is_even(self) -> bool:
        return (self.lost, self.doubled, self.changed) == (0, 0, 0)


class OutboxFleet(LineProcess):
    """Connected inside its `with` block; measures nothing until it gets a command."""

    def __init__(self, folder: Path, devices: Sequence[ProvisionedDevice], **settings: float) -> None:
        first = devices[0]
        self.settings = FleetSettings(first.host, first.port, first.ca_file or "", **settings)  # type: ignore[arg-type]
        super().__init__(folder, devices)

    def _arguments(self, logins: Path) -> list[str]:
        return [sys.executable, "-m", "tests.bench.outbox_devices", json.dumps(asdict(self.settings)), str(logins)]

    @property
    def size(self) -> int:
        return len(self._devices)

    def measure(self) -> None:
        """Each device once an interval, from now on."""
        self._write("live")

    def hold(self) -> None:
        """Measure no more; what is unanswered is sent until it is answered."""
        self._write("hold")

    def end_outage(self, readings: int) -> None:
        """Each device has so many readings that it could not send, and sends them now."""
        self._write(f"backlog {readings}")

    def count(self) -> FleetCount:
        self._write("count")
        return FleetCount(*map(int, self._read().split()))

    def account(self, server: LocalPostgres) -> Account:
        """Every reading that was made, compared with what is stored."""
        path = self._folder / "ledger"
        self._write(f"ledger {path}")
        self._read()
        own = psycopg2.connect(**server.connection_settings())
        try:
            with own, own.cursor() as cursor, path.open() as ledger:
                cursor.execute(
                    "CREATE TEMP TABLE bench_ledger (device_id text, stream bigint, seq integer, t_ms bigint,"
                    " co2_ppm double precision)"
                )
                cursor.copy_expert("COPY bench_ledger FROM STDIN", ledger)
                made = cursor.rowcount
                cursor.execute("ANALYZE bench_ledger")
                cursor.execute(DIFFERENCES, {"offset": STREAM_OFFSET})
                return Account(made, *cursor.fetchone())
        finally:
            own.close()
