"""Conditions for the start of the demo; a failed condition gives a sentence that says what to do."""

import shutil
from pathlib import Path

from django.conf import settings

from demo.addresses import EVERYWHERE, LOOPBACK_NAMES, bind_problem
from lib import environment

# The first start fills the database with months of history, and PostgreSQL's log of it stays for a while.
DISK_NEEDED_BYTES = 500 * 1000 * 1000
DISK_NEEDED_AT_FIRST_BYTES = 2_000 * 1000 * 1000


class NotReadyError(RuntimeError):
    """The demo cannot start; the message says why and what to do."""


def check() -> None:
    """Raise `NotReadyError` for the first failed condition."""
    # The demo fills its database with invented people and figures, so it never uses a configured database.
    if settings.DATABASE_URL:
        raise NotReadyError("DATABASE_URL is set, and the demo only uses a database of its own: unset DATABASE_URL.")
    if environment.text("MQTT_BROKER_URL", ""):
        raise NotReadyError("MQTT_BROKER_URL is set, and the demo runs a broker of its own: unset MQTT_BROKER_URL.")
    _check_disk(settings.DATA_DIR)
    if settings.HTTP_PORT == settings.MQTT_PORT:
        raise NotReadyError(f"HTTP_PORT and MQTT_PORT are both {settings.HTTP_PORT}: set one of them to another port.")
    for name in ("HTTP_PORT", "MQTT_PORT"):
        _check_port(name, settings.HTTP_BIND, getattr(settings, name))


def _check_disk(data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    free_bytes = shutil.disk_usage(data_dir).free
    is_first = not (data_dir / "postgres").exists()
    needed_bytes = DISK_NEEDED_AT_FIRST_BYTES if is_first else DISK_NEEDED_BYTES
    if free_bytes < needed_bytes:
        raise NotReadyError(
            f"Only {free_bytes / 1e6:.0f} MB are free for {data_dir}, the demo needs "
            f"{needed_bytes / 1e6:.0f} MB: free some space, or set DATA_DIR to another disk."
        )


def _check_port(name: str, bind_address: str, port: int) -> None:
    problem = bind_problem(bind_address, port)
    if problem is None and bind_address not in LOOPBACK_NAMES | {EVERYWHERE}:
        problem = bind_problem("127.0.0.1", port)  # the broker listens there too, for our own ingest
    if problem is None:
        return
    if "address" in problem:
        raise NotReadyError(f"HTTP_BIND={bind_address} {problem}; use 127.0.0.1, or 0.0.0.0 for all.")
    raise NotReadyError(f"Port {port} {problem}: set {name} to a free port, as in `{name}={port + 1} make run`.")
