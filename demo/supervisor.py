"""Keeps the parts of the demo running: starts them in order, restarts dead and frozen ones, stops all in reverse.

While the demo starts, a part that cannot run ends it with that part's last output. Later nothing does: a full disk or a
lost network passes, so a part is started again for ever, with growing pauses.

`demo/parts.py` says what the parts are, `demo/processes.py` how a process starts. One thread only: on Linux the parts
die with the thread that started them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO

from demo import processes

POLL_S = 0.1
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
RUNS_WELL_AFTER_S = 60.0
DEATHS_ALLOWED_AT_START = 5
CHECK_EVERY_S = 5.0


class StopRequested(BaseException):
    """Ctrl-C or SIGTERM while the parts were being started."""


class PartFailedError(RuntimeError):
    """A part cannot be kept running; the message contains its last output."""


def part_failure(what: str, log: Path) -> PartFailedError:
    lines = "\n".join(f"    {line}" for line in processes.last_lines(log))
    return PartFailedError(f"{what}. The end of {log}:\n{lines}")


@dataclass(frozen=True, slots=True)
class Part:
    """One process: how to start it, how to check that it works, how to ask it to end."""

    name: str
    launch: Callable[[IO[bytes]], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool] = lambda: True
    is_alive: Callable[[], bool] = lambda: True  # asked every few seconds, so it must answer within two
    ask_to_stop: Callable[[subprocess.Popen[bytes]], None] = processes.ask_to_stop
    ready_timeout_s: float = 180.0  # a machine with every core busy; one that dies is noticed at once
    stop_timeout_s: float = 20.0
    frozen_after_s: float = 90.0  # without a sign of life; a busy machine may delay one


@dataclass(slots=True)
class _Running:
    part: Part
    process: subprocess.Popen[bytes] | None = None
    launched_at_s: float = 0.0
    deaths_in_a_row: int = 0  # each within a minute of its start
    start_again_at_s: float | None = None
    is_coming_back: bool = False
    check_at_s: float = 0.0
    silent_since_s: float | None = None


class Supervisor:
    """`with Supervisor(...) as supervisor: supervisor.start(part) ...; supervisor.watch()`."""

    def __init__(self, log_dir: Path, say: Callable[[str], None]) -> None:
        self.log_dir = log_dir
        self._say = say
        self._running: list[_Running] = []
        self._signals_seen = 0
        self._is_starting = True
        self._is_stopping = False
        self._raises_at_once = False
        self._old_handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Supervisor:
        names = ["SIGINT", "SIGTERM"] + (["SIGBREAK"] if sys.platform == "win32" else ["SIGHUP"])
        for number in (getattr(signal, name) for name in names):
            self._old_handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._is_stopping = True
        if kind is StopRequested:
            self._say("Stopping ...")
        self.stop_all()
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        return kind is StopRequested

    def log_path(self, name: str) -> Path:
        return self.log_dir / f"{name}.log"

    def start(self, part: Part) -> None:
        """Start a part and return when it is ready; raise `PartFailedError` when it does not become ready."""
        running = _Running(part)
        self._running.append(running)
        self._launch(running)
        deadline_s = time.monotonic() + part.ready_timeout_s
        while not part.is_ready():
            process = running.process
            if process is None or process.poll() is not None:
                raise self._failure(part, "did not start")
            if time.monotonic() > deadline_s:
                raise self._failure(part, f"was not ready within {part.ready_timeout_s:.0f} s")
            self._wait_a_moment()

    def wait_until(self, condition: Callable[[], bool], *, timeout_s: float) -> bool:
        """Whether the condition came true in time; parts that die meanwhile are restarted."""
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline_s:
                return False
            self._look_after_parts()
            self._wait_a_moment()
        return True

    def watch(self) -> None:
        """Keep everything running until a signal (`StopRequested`)."""
        self._is_starting = False
        while True:
            self._look_after_parts()
            self._wait_a_moment()

    def stop_all(self) -> None:
        """End all parts, the last started first; a second Ctrl-C ends them at once."""
        while self._running:
            running = self._running.pop()
            if running.process is not None:
                self._stop(running.part, running.process)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """A long step in this process that a signal can interrupt at once. Start no parts inside."""
        self.check_signals()
        self._raises_at_once = True
        try:
            yield
        finally:
            self._raises_at_once = False

    def check_signals(self) -> None:
        """Raise `StopRequested` if we were asked to stop."""
        if self._signals_seen and not self._is_stopping:
            raise StopRequested

    # --- inside ---

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # An exception here could lose a process that was just started; printing could interrupt another print.
        self._signals_seen += 1
        if self._raises_at_once:
            self._raises_at_once = False
            raise StopRequested

    def _wait_a_moment(self) -> None:
        time.sleep(POLL_S)
        self.check_signals()

    def _launch(self, running: _Running) -> None:
        self.check_signals()
        running.start_again_at_s = running.silent_since_s = None
        running.launched_at_s = time.monotonic()
        with processes.open_log(self.log_path(running.part.name)) as log:
            running.process = running.part.launch(log)

    def _look_after_parts(self) -> None:
        now_s = time.monotonic()
        for running in self._running:
            if running.process is None:
                if running.start_again_at_s is not None and now_s >= running.start_again_at_s:
                    self._start_again(running)
                continue
            return_code = running.process.poll()
            if return_code is not None:
                processes.kill_all(running.process)  # children it may have left
                running.process = None
                self._note_death(running, processes.ending_in_words(return_code))
            elif running.is_coming_back and running.part.is_ready():
                running.is_coming_back = False
                self._say(f"{running.part.name} runs again.")
            elif now_s >= running.check_at_s:
                self._check(running, running.process)

    def _check(self, running: _Running, process: subprocess.Popen[bytes]) -> None:
        """End a part that is there and has given no sign of life for too long."""
        part, is_alive, now_s = running.part, running.part.is_alive(), time.monotonic()
        running.check_at_s = now_s + min(CHECK_EVERY_S, part.frozen_after_s / 4)
        if is_alive:
            running.silent_since_s = None
        elif running.silent_since_s is None:
            running.silent_since_s = now_s
        elif now_s - running.silent_since_s > part.frozen_after_s:
            processes.kill_all(process)
            running.process = None
            self._note_death(running, f"gave no sign of life for {part.frozen_after_s:.0f} s and was killed")

    def _start_again(self, running: _Running) -> None:
        try:
            self._launch(running)
        except (OSError, RuntimeError) as error:
            self._note_death(running, f"could not be started: {error}")
        else:
            running.is_coming_back = True

    def _note_death(self, running: _Running, how: str) -> None:
        now_s = time.monotonic()
        ran_well = now_s - running.launched_at_s > RUNS_WELL_AFTER_S
        running.deaths_in_a_row = 1 if ran_well else running.deaths_in_a_row + 1
        if self._is_starting and running.deaths_in_a_row >= DEATHS_ALLOWED_AT_START:
            raise self._failure(running.part, f"{how}, {running.deaths_in_a_row} times in a row")
        delay_s = min(FIRST_DELAY_S * 2.0 ** (running.deaths_in_a_row - 1), LONGEST_DELAY_S)
        running.start_again_at_s = now_s + delay_s
        self._say(
            f"{running.part.name} {how}; starting it again in {delay_s:.1f} s "
            f"(log: {self.log_path(running.part.name)})."
        )

    def _stop(self, part: Part, process: subprocess.Popen[bytes]) -> None:
        family = processes.descendants(process)  # some leave the process group, like PostgreSQL's backends
        if process.poll() is None:
            part.ask_to_stop(process)
            deadline_s = time.monotonic() + part.stop_timeout_s
            while process.poll() is None and time.monotonic() < deadline_s and self._signals_seen < 2:
                time.sleep(POLL_S / 2)
            if process.poll() is None:
                self._say(f"{part.name} did not stop by itself and was killed.")
        processes.kill_all(process, family)

    def _failure(self, part: Part, what: str) -> PartFailedError:
        return part_failure(f"{part.name} {what}", self.log_path(part.name))
