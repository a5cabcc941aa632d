"""`node_host` as a process: started, ended, killed; what it said, and what it measured."""

import os
import queue
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import TIMEOUT_S

VALUES = (
    "co2_ppm",
    "temperature_c",
    "velocity_ms",
    "pressure_pa",
    "dp_pa",
    "cell_temperature_c",
    "cell_pressure_pa",
    "humidity_pct",
    "o2_pct",
    "ch4_ppm",
)


@dataclass(frozen=True, slots=True)
class FastTime:
    """A time that runs faster than ours and is equal to it at a moment to come, so that nothing lies ahead."""

    speed: float
    equal_at_s: int

    def now_ms(self) -> int:
        return int(1000 * (self.equal_at_s + (time.time() - self.equal_at_s) * self.speed))

    def options(self) -> list[str]:
        return ["--speed", str(self.speed), "--equal-at", str(self.equal_at_s)]


@dataclass(frozen=True, slots=True)
class Produced:
    """One reading as the node put it into its outbox; None where a sensor gave nothing."""

    stream: int
    seq: int
    t_ms: int
    flags: int
    was_undated: bool
    values: tuple[float | None, ...]


class NodeProcess:
    """One node with its flash and the record of all that it ever measured, over any number of lives."""

    def __init__(self, program: Path, settings_file: Path, folder: Path, fast: FastTime) -> None:
        self.settings_file = settings_file
        self.flash = folder / "flash"
        self.fast = fast
        self.log: list[str] = []
        # The streams of lives that a power cut ended, and when, in the node's own time.
        self.power_cuts: dict[int, int] = {}
        self._program = program
        self._produced_file = folder / "produced.txt"
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    def start(self, *options: str, settings_file: Path | None = None) -> None:
        """Returns when it has booted."""
        arguments = ["--settings", str(settings_file or self.settings_file), "--data", str(self.flash)]
        arguments += ["--produced", str(self._produced_file), *self.fast.options(), *options]
        self._lines = queue.Queue()
        self._process = subprocess.Popen(
            [str(self._program), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"},
        )
        threading.Thread(target=self._read, args=(self._process, self._lines), daemon=True).start()
        self.wait_for("boot: ")

    def wait_for(self, words: str, timeout_s: float = TIMEOUT_S) -> str:
        """The next line of this life that says so."""
        deadline_s = time.monotonic() + timeout_s
        with suppress(queue.Empty):
            while (left_s := deadline_s - time.monotonic()) > 0:
                line = self._lines.get(timeout=left_s)
                if words in line:
                    return line
        raise AssertionError(f"the node never said {words!r}:\n" + "".join(self.log[-40:]))

    def cut_power(self) -> None:
        assert self._process
        at_ms = self.fast.now_ms()  # before: how long its end takes is nothing that the node has lost
        self._process.send_signal(signal.SIGKILL)
        assert self._process.wait(TIMEOUT_S) == -signal.SIGKILL, "".join(self.log)
        if produced := self.produced():
            self.power_cuts[produced[-1].stream] = at_ms

    def restart_planned(self) -> None:
        """SIGTERM: what a planned restart does before the restart."""
        assert self._process
        self._process.terminate()
        self.wait_until_ended(TIMEOUT_S)

    def wait_until_ended(self, timeout_s: float) -> None:
        """By itself, and well: fails on any finding of a sanitizer."""
        assert self._process
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        assert code == 0, f"it ended with {code}:\n" + "".join(self.log[-60:])

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(TIMEOUT_S)

    def produced(self) -> list[Produced]:
        """All lives together. A line that a power cut tore is not there yet."""
        if not self._produced_file.exists():
            return []
        lines = self._produced_file.read_text().splitlines(keepends=True)
        return [_produced(line.split()) for line in lines if line.endswith("\n")]

    def dropped_count(self) -> int:
        """Readings that its lives say they have lost to a full flash."""
        total = last = 0
        for line in [*self.log, "boot: "]:
            if line.startswith("boot: "):
                total, last = total + last, 0
            elif line.startswith("dropped: "):
                last = int(line.split()[1])
            elif line.startswith("end: "):  # its last flush may have dropped more
                last = int(line.partition("dropped ")[2].partition(",")[0])
        return total

    def thinned_count(self) -> int:
        """Readings of which means were made, by lives that ended in order."""
        ends = [line for line in self.log if line.startswith("end: ")]
        return sum(int(line.partition("thinned ")[2]) for line in ends)

    def _read(self, process: "subprocess.Popen[str]", lines: "queue.Queue[str]") -> None:
        assert process.stdout
        for line in process.stdout:
            self.log.append(line)
            lines.put(line)


def _produced(words: list[str]) -> Produced:
    stream, seq, t_ms, flags, was_undated = map(int, words[:5])
    values = tuple(None if word in ("nan", "-nan") else float(word) for word in words[5:])
    return Produced(stream, seq, t_ms, flags, was_undated == 1, values)
