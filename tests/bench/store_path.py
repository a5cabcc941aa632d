"""The way from a message in memory to committed rows, without a broker; and the same rows as barely as can be.

The pipeline is the real one, acknowledgements and answers included; only the MQTT client is played. The yardstick
copies the rows into a staging table and moves them to a table like that of readings, with the same key, partition and
checks: no counters, no record of what has arrived, no marks for roll-ups, nobody told.
"""

# ruff: noqa: T201  # part of a program that prints
from __future__ import annotations

import random
import time
from collections.abc import Sequence

import msgspec
import psutil
from django.db import connection, transaction

from devices.services import ProvisionedDevice
from lib import sql
from mqtt_ingest.identify import DeviceDirectory, identify
from mqtt_ingest.parse import parse
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.rate_limit import TokenBuckets
from mqtt_ingest.receive import BoundedQueue, Received
from mqtt_ingest.staging import stage
from tests.bench.parts import BenchParts

PER_MESSAGE = 500
INTERVAL_MS = 5_000
ROUNDS = 3
EMPTY_TABLES = "TRUNCATE emissions_emission, emissions_devicestream, emissions_touchedminute"
BARE_TABLE = """
CREATE TABLE IF NOT EXISTS bench_emission (LIKE emissions_emission INCLUDING ALL) PARTITION BY RANGE (timestamp);
CREATE TABLE IF NOT EXISTS bench_emission_all PARTITION OF bench_emission DEFAULT;
TRUNCATE bench_emission
"""


class PlayedReceiver:
    """Implements `receive.Receiver`: what a broker would have sent is there already, and stops the pipeline."""

    is_connected = True

    def __init__(self, messages: Sequence[Received]) -> None:
        self.queue = BoundedQueue(limit_count=1_000_000, limit_bytes=1 << 40)
        self.queue.put(messages)
        self.pipeline: Pipeline | None = None

    def take(self, timeout_s: float) -> list[Received]:
        taken = self.queue.take(0.0)
        if not len(self.queue) and self.pipeline:
            self.pipeline.stop()
        return taken

    def acknowledge(self, messages: Sequence[Received]) -> None: ...

    def publish(self, topic: str, payload: bytes) -> None: ...

    def follow(self, filters: Sequence[str]) -> None: ...

    def stop_reading(self) -> None: ...


def make_messages(devices: Sequence[ProvisionedDevice], readings: int, stream: int) -> list[Received]:
    """Messages of an outage that ended a minute ago; the devices take turns."""
    rng = random.Random(stream)
    now_ms = time.time_ns() // 1_000_000
    each = readings // len(devices)
    begins_ms = now_ms - 60_000 - each * INTERVAL_MS
    messages = []
    for first in range(1, each + 1, PER_MESSAGE):
        for device in devices:
            content = [
                {
                    "seq": seq,
                    "t": begins_ms + seq * INTERVAL_MS,
                    "co2_ppm": round(rng.uniform(40e3, 99e3), 1),
                    "temperature_c": round(rng.uniform(150, 210), 1),
                    "velocity_ms": round(rng.uniform(2, 5), 2),
                    "pressure_pa": rng.randrange(79_400, 79_500),
                    "flags": 128,
                }
                for seq in range(first, min(first + PER_MESSAGE, each + 1))
            ]
            body = {"v": 1, "stream": stream, "interval_s": INTERVAL_MS / 1000, "readings": content}
            messages.append(Received(device.topics["readings"], msgspec.json.encode(body), now_ms, packet_id=1))
    return messages


def measure_store_path(parts: BenchParts, readings: int) -> None:
    """Turn by turn with the yardstick, so that a noisy machine disturbs both; prints a line each."""
    connection.ensure_connection()
    backend = psutil.Process(connection.connection.info.backend_pid)
    print(f"\nStore path: messages of {PER_MESSAGE} readings of {len(parts.devices)} devices, fsync on")
    for turn in range(ROUNDS):
        messages = make_messages(parts.devices, readings, stream=turn)
        count = readings // len(parts.devices) * len(parts.devices)
        for name, run in (("ingest", _run_pipeline), ("bare COPY + dedupe", _run_bare)):
            with connection.cursor() as cursor:
                cursor.execute(EMPTY_TABLES)
                cursor.execute("CHECKPOINT")
            own = psutil.Process()
            ours, theirs, begun_s = _cpu_s(own), _cpu_s(backend), time.perf_counter()
            done, took_s = run(messages)
            took_s = took_s or time.perf_counter() - begun_s
            ours, theirs = _cpu_s(own) - ours, _cpu_s(backend) - theirs
            if done != count:
                raise RuntimeError(f"{name}: {done} of {count} readings stored")
            print(
                f"  {name:18} {count} readings in {took_s:5.2f} s: {count / took_s:7.0f}/s committed; CPU a reading:"
                f" Python {1e6 * ours / count:.1f} us, PostgreSQL {1e6 * theirs / count:.1f} us",
                flush=True,
            )


def _run_pipeline(messages: Sequence[Received]) -> tuple[int, float]:
    receiver = PlayedReceiver(messages)
    pipeline = receiver.pipeline = Pipeline(receiver, TokenBuckets(1e9, 1e9))
    pipeline.run()
    return pipeline.total.stored, 0.0


def _run_bare(messages: Sequence[Received]) -> tuple[int, float]:
    """Parsed and written as text beforehand, in batches as large as the pipeline's; only the database is timed."""
    receiver, directory, batches = PlayedReceiver(messages), DeviceDirectory(), []
    while taken := receiver.take(0.0):
        parsed = [(one, parse(one.topic, one.payload, one.received_ms)) for one in taken]
        batches.append(stage(identify(directory, parsed)).as_file())
    insert = sql.load("mqtt_ingest", "insert_new_readings").replace("emissions_emission", "bench_emission")
    insert += "\nON CONFLICT DO NOTHING"
    now = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime())
    stored = 0
    with connection.cursor() as cursor:
        cursor.execute(BARE_TABLE)
        begun_s = time.perf_counter()
        for batch in batches:
            with transaction.atomic():
                cursor.execute(sql.load("mqtt_ingest", "create_staging"))
                cursor.copy_expert(sql.load("mqtt_ingest", "copy_staging"), batch)
                cursor.execute(insert, {"stored_at": now})
                stored += cursor.rowcount
    return stored, time.perf_counter() - begun_s


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
