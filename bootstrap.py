"""Makes `.venv` and installs the requirements: the part of the set-up that runs before anything is installed.

Standard library only, because nothing else is there yet; a script rather than lines in the Makefile because
Windows has no make, and because one sentence explains each thing that can be missing. Written so that
even Python 3.6 can read it and say that it is too old.

    python3 bootstrap.py            what running needs
    python3 bootstrap.py --dev      what tests and linters need, too
    python3 bootstrap.py --tools    programs that tests use, by apt as root on Debian; never fails
"""

import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

LOWEST_VERSION = (3, 11)
VERSION_TEST = f"import sys; sys.exit(sys.version_info < {LOWEST_VERSION})"
NEWEST_FIRST = ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python")
BASE_DIR = Path(__file__).resolve().parent
VENV_DIR = BASE_DIR / ".venv"
VENV_PYTHON = VENV_DIR / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP_FILE = VENV_DIR / "installed-requirements.json"
# Measured: 480 MB for all of requirements-dev.txt, and as much again while pip unpacks.
DISK_NEEDED_BYTES = 1000 * 1000 * 1000
# The Debian package of each program that some tests use; a pattern names a file if the package has no program.
PACKAGE_OF_TOOL = {
    "mosquitto": "mosquitto",
    "mosquitto_pub": "mosquitto-clients",
    "pgbouncer": "pgbouncer",
    "redis-server": "redis-server",
    "chromium": "chromium",
    "msgfmt": "gettext",
    "pdftotext": "poppler-utils",
    "g++": "g++",
    "cmake": "cmake",
    "ninja": "ninja-build",
    "cppcheck": "cppcheck",
    # The same version of Clang everywhere, because each version has other warnings.
    "clang++-19": "clang-19",
    "clang-tidy-19": "clang-tidy-19",
    "/usr/lib/llvm-19/lib/clang/19/lib/*/libclang_rt.fuzzer*": "libclang-rt-19-dev",
    "/usr/include/doctest/doctest.h": "doctest-dev",
    "/usr/include/mosquitto.h": "libmosquitto-dev",
    "/usr/lib/gcc/*/*/32/libstdc++.a": "g++-multilib",
}


def main(arguments: "list[str]") -> None:
    if "--tools" in arguments:
        install_tools()
        return
    if not venv_works():
        make_venv(suitable_python())
    install(["requirements.txt", "requirements-dev.txt"] if "--dev" in arguments else ["requirements.txt"])


def venv_works() -> bool:
    """Whether .venv is complete and still runs: the Python it was made from may be gone."""
    test = f"import pip; {VERSION_TEST}"
    return VENV_PYTHON.exists() and succeeds([str(VENV_PYTHON), "-c", test])


def suitable_python() -> str:
    """The newest Python here that can make a venv; without one the program ends and says what to do."""
    candidates = [*filter(None, map(shutil.which, NEWEST_FIRST)), sys.executable]
    new_enough = [path for path in candidates if succeeds([path, "-c", VERSION_TEST])]
    if not new_enough:
        mine = ".".join(map(str, sys.version_info[:3]))
        sys.exit(
            f"Carbon Track needs Python 3.11 or newer, and this machine has {mine}: install a newer one "
            "(https://www.python.org/downloads/, or on Debian 12 `apt-get install python3 python3-venv`)."
        )
    for path in new_enough:
        # Debian splits off ensurepip: venv can be imported there and still not make anything.
        if succeeds([path, "-c", "import venv, ensurepip"]):
            return path
    sys.exit(
        f"{new_enough[0]} cannot make virtual environments: run `apt-get install python3-venv` as root "
        "(for a Python that is not Debian's own: the package of its version), then start again."
    )


def make_venv(python: str) -> None:
    check_disk()
    shutil.rmtree(str(VENV_DIR), ignore_errors=True)
    say(f"Making .venv with {python} ...")
    try:
        subprocess.run([python, "-m", "venv", str(VENV_DIR)], check=True)
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(str(VENV_DIR), ignore_errors=True)
        sys.exit(f"Could not make .venv (see above): check that {BASE_DIR} is writable and its disk not full.")


def install(wanted: "list[str]") -> None:
    """Install what changed since the last time, found by a stamp with the files' hashes."""
    installed = read_stamp()
    outdated = [name for name in wanted if installed.get(name) != fingerprint(name)]
    if not outdated:
        return
    check_disk()
    say(f"Installing {' and '.join(outdated)} into .venv (a minute or two; only when they change) ...")
    command = [str(VENV_PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    for name in outdated:
        command += ["-r", name]
    try:
        subprocess.run(command, check=True, cwd=str(BASE_DIR))
    except (OSError, subprocess.CalledProcessError):
        check_disk()
        sys.exit("pip could not install the packages (its words are above): check the network, then start again.")
    installed.update({name: fingerprint(name) for name in outdated})
    STAMP_FILE.write_text(json.dumps(installed))


def read_stamp() -> "dict[str, str]":
    try:
        return dict(json.loads(STAMP_FILE.read_text()))
    except (OSError, ValueError):
        return {}


def fingerprint(name: str) -> str:
    return hashlib.sha256((BASE_DIR / name).read_bytes()).hexdigest()


def check_disk() -> None:
    free_bytes = shutil.disk_usage(str(BASE_DIR)).free
    if free_bytes < DISK_NEEDED_BYTES:
        sys.exit(
            f"Only {free_bytes // 10**6} MB are free for {BASE_DIR} and installing needs "
            f"{DISK_NEEDED_BYTES // 10**6} MB: free some space, then start again."
        )


def install_tools() -> None:
    """Install the programs that tests use, if this user may; otherwise list those that are missing."""
    missing = missing_tools()
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if missing and is_root and shutil.which("apt-get"):
        apt_install(packages_of(missing))
        missing = missing_tools()
    if missing:
        say(
            f"Not installed: {', '.join(map(tool_name, missing))}. The tests that need them will say so "
            f"(on Debian: apt-get install {' '.join(packages_of(missing))})."
        )


def apt_install(packages: "list[str]") -> None:
    say(f"Installing {', '.join(packages)} by apt-get for the tests ...")
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")

    def succeeded(arguments: "list[str]") -> bool:
        done = subprocess.run([*apt, *arguments], env=environment, stdout=subprocess.DEVNULL)
        return done.returncode == 0

    succeeded(["update"])
    # If the joint installation fails, install one by one: one unknown package must not block the others.
    if not succeeded(["install", "-y", "--no-install-recommends", *packages]):
        for package in packages:
            succeeded(["install", "-y", "--no-install-recommends", package])


def missing_tools() -> "list[str]":
    return [tool for tool in PACKAGE_OF_TOOL if not is_here(tool)]


def is_here(tool: str) -> bool:
    """Whether a program, or a file by its pattern, is on this machine."""
    if tool.startswith("/"):
        return bool(glob.glob(tool))
    # Debian keeps servers such as mosquitto in sbin, which an ordinary user's PATH leaves out.
    search_path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(tool, path=search_path) is not None


def tool_name(tool: str) -> str:
    """For people: a program by its own name, a file by its package's."""
    return PACKAGE_OF_TOOL[tool] if tool.startswith("/") else tool


def packages_of(tools: "list[str]") -> "list[str]":
    return sorted({PACKAGE_OF_TOOL[tool] for tool in tools})


def succeeds(command: "list[str]") -> bool:
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return done.returncode == 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
