"""Starts and ends one process with all its children, on Linux, macOS and Windows, and keeps its log file.

The parts and their restarts are in `demo/supervisor.py`.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

from lib.environment import BASE_DIR

LOG_LIMIT_BYTES = 5_000_000
OLD_LOGS_KEPT = 2
PR_SET_PDEATHSIG = 1
# Time limit for children of a killed parent to leave the process table.
VANISH_TIMEOUT_S = 3.0


def launch(
    command: Sequence[str], output: IO[bytes], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own; on Linux it dies with the thread that called this."""
    # Ctrl-C in the terminal reaches only us: we stop the parts in order.
    apart: dict[str, Any]
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        apart = {"start_new_session": True, "preexec_fn": _die_with_parent()}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=BASE_DIR,
        env=os.environ | dict(environment or {}),
        **apart,
    )


def launch_command(
    arguments: Sequence[str], output: IO[bytes], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `manage.py` with these arguments."""
    return launch([sys.executable, str(BASE_DIR / "manage.py"), *arguments], output, environment)


def ask_to_stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the process and its children to end by themselves."""
    if sys.platform == "win32":
        process.send_signal(signal.CTRL_BREAK_EVENT)
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)


def kill_all(process: subprocess.Popen[bytes], family: Sequence[psutil.Process] = ()) -> None:
    """End the process and its children at once; `family` comes from an earlier `descendants`."""
    doomed = [*descendants(process), *family]
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    for relative in doomed:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            relative.kill()
    process.wait()
    psutil.wait_procs(doomed, timeout=VANISH_TIMEOUT_S)


def descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The process's children and theirs, including those that have left its group."""
    try:
        return list(psutil.Process(process.pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def open_log(path: Path) -> IO[bytes]:
    """The log, opened to append; a large old log is renamed first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        for number in range(OLD_LOGS_KEPT, 0, -1):
            older = path.with_suffix(f".log.{number}")
            newer = path if number == 1 else path.with_suffix(f".log.{number - 1}")
            if newer.exists():
                newer.replace(older)
    return path.open("ab")


def last_lines(path: Path, count: int = 15) -> list[str]:
    """The end of a log, without reading all of it."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 16_384))
            return log.read().decode(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def ending_in_words(return_code: int) -> str:
    if return_code >= 0:
        return f"ended with code {return_code}"
    try:
        return f"was ended by {signal.Signals(-return_code).name}"
    except ValueError:
        return f"was ended by signal {-return_code}"


def _die_with_parent() -> Callable[[], None] | None:
    """Runs in a new process before the program, so that kill -9 on us leaves no children."""
    if sys.platform != "linux":
        return None
    parent_pid = os.getpid()
    # Looked up before the fork, because only simple calls are safe after it.
    set_process_option = ctypes.CDLL(None).prctl

    def prepare() -> None:
        set_process_option(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # the parent died before the line above
            os._exit(1)

    return prepare
