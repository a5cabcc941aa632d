"""Runs `history.fill` before the demo is ready: in this process when little is missing, in two processes otherwise.

`history.py` does the filling.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone

from demo import history, processes
from demo.supervisor import PartFailedError, Supervisor, part_failure

# Fewer hours of readings than this are filled in this process: starting another one takes a second.
MUCH_HOURS = 4_000
PROCESSES = 2
LONGEST_S = 1800.0
SAY_EVERY_PCT = 10


@dataclass(slots=True)
class _Filler:
    process: subprocess.Popen[bytes]
    log: Path
    read_bytes: int
    done: float = 0.0

    def listen(self) -> None:
        """Take the last figure that the process has written."""
        with self.log.open("rb") as log:
            log.seek(self.read_bytes)
            for line in log.read().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break
                self.read_bytes += len(line)
                if line.startswith(b"done "):
                    self.done = float(line.split()[1])


def fill_history(supervisor: Supervisor, say: Callable[[str], None]) -> None:
    """Fill what is missing, print the progress, and tell the fleet where to continue. Raises PartFailedError."""
    with supervisor.interruptible():
        history.prepare()
        now = timezone.now()
        missing_hours = sum(gap.hours for gap in history.gaps(history.site_names(), now))
        if missing_hours < MUCH_HOURS:
            history.fill(history.Share(), now)
    if missing_hours >= MUCH_HOURS:
        _fill_in_processes(supervisor, say, missing_hours)
    with supervisor.interruptible():
        history.hand_over(now)


def _fill_in_processes(supervisor: Supervisor, say: Callable[[str], None], missing_hours: float) -> None:
    say(f"Filling the simulated history: {missing_hours:,.0f} hours of chimneys, once; a minute or two ...")
    said_pct, began_s = 0, time.monotonic()
    with _fillers(supervisor.log_dir) as fillers:

        def is_done() -> bool:
            nonlocal said_pct
            for filler in fillers:
                filler.listen()
                if filler.process.poll() not in (None, 0):
                    raise part_failure("The history could not be filled", filler.log)
            done_pct = int(100 * sum(filler.done for filler in fillers) / len(fillers))
            if said_pct + SAY_EVERY_PCT <= done_pct < 100:
                said_pct = done_pct - done_pct % SAY_EVERY_PCT
                say(f"  history: {said_pct} %")
            return all(filler.process.poll() == 0 for filler in fillers)

        if not supervisor.wait_until(is_done, timeout_s=LONGEST_S):
            raise PartFailedError(
                f"The history was not filled within {LONGEST_S:.0f} s. Start again: it goes on where it was; or "
                "set DEMO_HISTORY_MONTHS to less than 13."
            )
    say(f"  history: filled in {time.monotonic() - began_s:.0f} s")


@contextmanager
def _fillers(log_dir: Path) -> Iterator[list[_Filler]]:
    """Starts one process for each share; all end with this one."""
    fillers: list[_Filler] = []
    try:
        for number in range(PROCESSES):
            path = log_dir / f"fill_history-{number + 1}.log"
            with processes.open_log(path) as log:
                process = processes.launch_command(["fill_history", "--share", f"{number + 1}/{PROCESSES}"], log)
                fillers.append(_Filler(process, path, log.tell()))
        yield fillers
    finally:
        for filler in fillers:
            processes.kill_all(filler.process)
