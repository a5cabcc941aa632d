"""Processes that drills and benchmarks start, end and measure: `manage.py` commands and others, logged to a file."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from tests.waiting import TIMEOUT_S

MANAGE = Path(__file__).parents[1] / "manage.py"
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children have used so far, those that ended included."""

    cpu_s: float
    largest_rss_bytes: int  # that the largest of those still there ever had

    def since(self, earlier: Usage) -> Usage:
        return Usage(self.cpu_s - earlier.cpu_s, self.largest_rss_bytes)


def usage_of(pid: int) -> Usage:
    """Nothing used when there is no such process."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return Usage(0.0, 0)
    cpu_s, largest_bytes = 0.0, 0
    for process in family:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            # What an ended child has used is its parent's.
            cpu_s += times.user + times.system + times.children_user + times.children_system
            largest_bytes = max(largest_bytes, _largest_rss_bytes(process))
    return Usage(cpu_s, largest_bytes)


def _largest_rss_bytes(process: psutil.Process) -> int:
    """The kernel's own high-water mark on Linux; elsewhere what it is now."""
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)


def leave(signum: int, _frame: FrameType | None) -> None:
    """A handler of SIGTERM: what was started is stopped on the way out, as after Ctrl-C."""
    sys.exit(128 + signum)


def run_to_its_end(*arguments: str) -> tuple[int, str]:
    """Exit code and output of a Python program that starts servers. One that takes too long is asked to end: it ends
    what it has started, and nobody else does."""
    command = [sys.executable, *arguments]
    root = MANAGE.parent
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        try:
            said, _ = program.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            program.terminate()
            said, _ = program.communicate(timeout=TIMEOUT_S)
    return program.returncode, said


class Process:
    """One command, of `manage.py` unless another `program` is named; started again at will."""

    def __init__(
        self,
        log_path: Path,
        environment: dict[str, str],
        *arguments: str,
        program: Sequence[str] = (sys.executable, str(MANAGE)),
    ) -> None:
        self.arguments = arguments
        self.log_path = log_path
        self._program = program
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """None before the first start."""
        return self._process.pid if self._process is not None else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def ensure_running(self) -> None:
        if self.is_running:
            return
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._program, *self.arguments], env=self._environment, stdout=log, stderr=log
            )
        self.starts += 1

    @property
    def is_frozen(self) -> bool:
        return self.is_running and psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    def freeze(self) -> None:
        """It is there and does nothing (SIGSTOP), as on a machine that hangs."""
        if self.is_running:
            psutil.Process(self.pid).suspend()

    def thaw(self) -> None:
        if self.is_running:
            psutil.Process(self.pid).resume()

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)
        self.kill()


def free_port() -> int:
    """A port that is free now, below those that systems give to outgoing connections (Linux: from 32,768): one of these
    can be taken in the seconds before a server binds it."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
