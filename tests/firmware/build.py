"""Builds the firmware for this machine with CMake; a build folder is kept in var/ from one run to the next."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
TIMEOUT_S = 600.0
# Each test names its build: two names never share a folder, and one name always has the same options.
OPTIONS = {
    "sanitized": ("-DSANITIZE=ON", "-DCMAKE_BUILD_TYPE=Debug"),
    "sanitized32": ("-DSANITIZE=ON", "-DM32=ON", "-DCMAKE_BUILD_TYPE=Debug"),
    "fuzz": ("-DFUZZ=ON", "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"),
    "sizes": ("-DSIZES=ON", "-DM32=ON", "-DCMAKE_BUILD_TYPE=MinSizeRel"),
}


def build(name: str, *targets: str, source: Path = FIRMWARE) -> Path:
    """The folder of that build, with these targets up to date. Two test processes wait for each other."""
    folder = (ROOT if source == FIRMWARE else source) / "var" / f"firmware-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Each time, since a library or header may have been installed since; it takes a fifth of a second.
        is_new = not (folder / "CMakeCache.txt").exists()
        generator = ["-G", "Ninja"] if is_new and shutil.which("ninja") else []
        _run("cmake", "-S", str(source), "-B", str(folder), *generator, *OPTIONS[name])
        _run("cmake", "--build", str(folder), "--parallel", "2", "--target", *targets)
    return folder


def node_host(name: str = "sanitized", source: Path = FIRMWARE) -> Path:
    """The node as a program of this machine; skips, or fails in CI, where libmosquitto's header is missing."""
    if not any(Path(folder, "mosquitto.h").exists() for folder in ("/usr/include", "/usr/local/include")):
        reason = "not on this machine: mosquitto.h (on Debian: apt-get install libmosquitto-dev)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return build(name, "node_host", source=source) / "node_host"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
