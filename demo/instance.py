"""Allows one run of the demo per DATA_DIR: records the process that holds the folder.

`python -m demo.instance DATA_DIR` fails with a sentence while a run holds that folder; `make clean` asks.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil

from lib.private_files import read_object, write_privately

# A process's start is computed from the boot time, which moves a little when the clock is set.
SAME_START_WITHIN_S = 5.0


class AlreadyRunningError(RuntimeError):
    """Another run holds this DATA_DIR; the message names it."""


@dataclass(frozen=True, slots=True)
class Instance:
    """The process that runs the demo: process ids are reused, but together with the start time they are unique."""

    pid: int
    started_at_s: float

    def is_alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.started_at_s) < SAME_START_WITHIN_S
            return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.started_at_s).astimezone()
        return f"process {self.pid}, since {since:%Y-%m-%d %H:%M}"


def holder(data_dir: Path) -> Instance | None:
    """The live run that holds this folder."""
    try:
        noted = Instance(**read_object(_pid_file(data_dir)))
    except TypeError:
        return None
    return noted if noted.is_alive() else None


def refuse_second(data_dir: Path) -> None:
    """Raise `AlreadyRunningError` when another process runs the demo here."""
    other = holder(data_dir)
    if other is not None and other.pid != os.getpid():
        raise AlreadyRunningError(
            f"Carbon Track already runs from {data_dir} ({other}): stop that one with Ctrl-C or "
            f"`kill {other.pid}`, or set another DATA_DIR, HTTP_PORT and MQTT_PORT for a second one."
        )


def hold(data_dir: Path) -> None:
    """Note that this process runs the demo here; raise `AlreadyRunningError` when another does."""
    refuse_second(data_dir)
    mine = Instance(os.getpid(), psutil.Process().create_time())
    write_privately(_pid_file(data_dir), json.dumps(asdict(mine)))


def release(data_dir: Path) -> None:
    """Forget this run."""
    other = holder(data_dir)
    if other is None or other.pid == os.getpid():
        _pid_file(data_dir).unlink(missing_ok=True)


def _pid_file(data_dir: Path) -> Path:
    return data_dir / "run_demo.pid"


if __name__ == "__main__":
    running = holder(Path(sys.argv[1]))
    if running is not None:
        sys.exit(f"Carbon Track runs from {sys.argv[1]} ({running}): stop it first.")
