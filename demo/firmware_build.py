"""Builds the firmware's host program with CMake once; later runs only check for changes.

It never stops the demo: a missing tool or a compiler error is reported in one sentence.
"""

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

COMPILERS = ("c++", "g++", "clang++")
REMEDY = "apt-get install g++ cmake libmosquitto-dev, then start again"
TIMEOUT_S = 900.0
PROGRAM = "node_host"


class NoBuildError(RuntimeError):
    """There is no program; the message says why, and what to do."""


def missing_here() -> str:
    """The missing tools of this machine, in words; empty when nothing seems to be missing."""
    if sys.platform == "win32":
        return "the host program of the firmware is for Linux and macOS"
    if not any(map(shutil.which, COMPILERS)):
        return f"there is no C++ compiler here ({REMEDY})"
    if not shutil.which("cmake"):
        return f"there is no cmake here ({REMEDY})"
    return ""


def build(source: Path, folder: Path) -> Path:
    """The program, up to date. Raises NoBuildError. The output of the tools goes to standard output."""
    if words := missing_here():
        raise NoBuildError(words)
    _configure(source, folder)
    # One job and low priority, because the user waits for the demo, which starts at the same time.
    if not _is_done("cmake", "--build", str(folder), "--parallel", "1", "--target", PROGRAM):
        if re.search(r"^MOSQUITTO_\w+:\w+=MOSQUITTO_\w+-NOTFOUND$", _cache(folder), re.MULTILINE):
            raise NoBuildError(f"libmosquitto is missing here ({REMEDY})")
        raise NoBuildError("the compiler refused it")
    return folder / PROGRAM


def _configure(source: Path, folder: Path) -> None:
    """At each start: CMake then searches again for missing tools, which may have been installed since."""
    command = ["cmake", "-S", str(source), "-B", str(folder), "-DCMAKE_BUILD_TYPE=Release"]
    # A build folder knows its source by an absolute path, and a checkout may have been moved.
    is_ours = f"CMAKE_HOME_DIRECTORY:INTERNAL={source}\n" in _cache(folder)
    if is_ours and _is_done(*command):
        return
    # New, or left by a failed attempt with another compiler or generator.
    shutil.rmtree(folder, ignore_errors=True)
    if not _is_done(*command, *(["-G", "Ninja"] if shutil.which("ninja") else [])):
        raise NoBuildError("CMake refused it")


def _cache(folder: Path) -> str:
    file = folder / "CMakeCache.txt"
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def _is_done(*command: str) -> bool:
    sys.stdout.flush()
    try:
        done = subprocess.run(command, check=False, timeout=TIMEOUT_S, preexec_fn=partial(os.nice, 10))
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoBuildError(f"{command[0]} could not be run: {error}") from error
    return done.returncode == 0
