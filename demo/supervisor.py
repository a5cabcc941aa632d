"""Keeps the parts of the demo running: starts them in order, restarts dead ones, stops all in reverse.

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
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO

from demo import processes

POLL_S = 0.1
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
DEATHS_ALLOWED = 5
DEATHS_WITHIN_S = 60.0


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
    ask_to_stop: Callable[[subprocess.Popen[bytes]], None] = processes.ask_to_stop
    ready_timeout_s: float = 45.0
    stop_timeout_s: float = 8.0


@dataclass(slots=True)
class _Running:
    part: Part
    process: subprocess.Popen[bytes] | None = None
    died_at_s: list[float] = field(default_factory=list)
    start_again_at_s: float | None = None
    is_coming_back: bool = False


class Supervisor:
    """`with Supervisor(...) as supervisor: supervisor.start(part) ...; supervisor.watch()`."""

    def __init__(self, log_dir: Path, say: Callable[[str], None]) -> None:
        self.log_dir = log_dir
        self._say = say
        self._running: list[_Running] = []
        self._signals_seen = 0
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
        """Keep everything running until a signal (`StopRequested`) or a part that keeps dying."""
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
        running.start_again_at_s = None
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

    def _start_again(self, running: _Running) -> None:
        try:
            self._launch(running)
        except (OSError, RuntimeError) as error:
            self._note_death(running, f"could not be started: {error}")
        else:
            running.is_coming_back = True

    def _note_death(self, running: _Running, how: str) -> None:
        now_s = time.monotonic()
        running.died_at_s = [at_s for at_s in running.died_at_s if now_s - at_s < DEATHS_WITHIN_S] + [now_s]
        deaths = len(running.died_at_s)
        if deaths >= DEATHS_ALLOWED:
            raise self._failure(running.part, f"{how}, {deaths} times within {DEATHS_WITHIN_S:.0f} s")
        delay_s = min(FIRST_DELAY_S * 2 ** (deaths - 1), LONGEST_DELAY_S)
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
