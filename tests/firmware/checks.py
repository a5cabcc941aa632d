"""What the firmware is checked by, in a readable order and with one verdict: `make firmware-test`.

Each check is also a test (test_checks.py, test_fuzzing.py), so that `make test` and CI run it too. What each is for is
in firmware/docs/checks.md. Builds are made by build.py, kept in var/ and shared with the end-to-end tests.
"""

# ruff: noqa: T201  # this is a program that prints
import argparse
import functools
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import bootstrap
from tests.firmware import fuzzing, sizes
from tests.firmware.build import FIRMWARE, ROOT, build

BUILDING = ("g++", "cmake", "ninja")
DOCTEST = "/usr/include/doctest/doctest.h"
MOSQUITTO = "/usr/include/mosquitto.h"
MULTILIB = "/usr/lib/gcc/*/*/32/libstdc++.a"
CLANG = ("clang++-19", "/usr/lib/llvm-19/lib/clang/19/lib/*/libclang_rt.fuzzer*")
# Looked at apart, because the shells of board and host define the same names: cppcheck would take them for one program.
TREES = ("lib/core", "host", "src")
FEWEST_CTESTS = 30
TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True)
class Check:
    name: str  # as given on the command line
    title: str
    needs: tuple[str, ...]
    run: Callable[[], Sequence[str]]  # gives what is worth telling; an AssertionError says what was found


def output_of(*command: str, environment: dict[str, str] | None = None) -> str:
    """What the command says; an AssertionError with all of it when it fails."""
    done = subprocess.run(
        # The tests beside it wait for brokers and databases, these only count: let them go first.
        ("nice", "-n", "10", *command),
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command[:4])} ... failed:\n{done.stdout[-8000:]}"
    return done.stdout


def find_nothing(inputs: Sequence[Path], *command: str) -> None:
    """Run an analyser; not again on inputs in which it found nothing, for it would say the same."""
    digest = hashlib.sha256(f"{command} {version_of(command[0])}".encode())
    for path in inputs:
        digest.update(f"{path}\n".encode() + path.read_bytes())
    stamp = ROOT / "var" / "firmware-analysed" / digest.hexdigest()
    if not stamp.exists():
        output_of(*command)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()


@functools.cache
def version_of(program: str) -> str:
    return output_of(program, "--version")


def run_ctest(folder: Path, *options: str) -> list[str]:
    said = output_of("ctest", "--test-dir", str(folder), "-j", "2", "--output-on-failure", *options)
    summary = next(line for line in said.splitlines() if "tests passed" in line)
    count = int(summary.split()[-1])
    assert count >= FEWEST_CTESTS, f"only {count} of at least {FEWEST_CTESTS} suites were built:\n{said}"
    return [summary]


def units_64_bit() -> list[str]:
    return run_ctest(build("sanitized", "all"))


def units_32_bit() -> list[str]:
    """The core's alone: the shell's tests and type check are in the other build, and have 32 bits of their own."""
    replays = (f"fuzz_{parser}_replay" for parser in fuzzing.PARSERS)
    return run_ctest(build("sanitized32", "core_tests", *replays), "--exclude-regex", "^(board|shell)_")


def sources(*folders: Path) -> list[Path]:
    return sorted({path for folder in folders for path in folder.rglob("*") if path.suffix in (".h", ".cpp")})


def cppcheck() -> list[str]:
    trees = [tree for tree in TREES if (FIRMWARE / tree).is_dir()]
    for tree in trees:
        find_nothing(
            sources(FIRMWARE / tree, FIRMWARE / "lib/core/src"),
            "cppcheck",
            "--quiet",
            "--enable=warning,performance,portability",
            "--error-exitcode=1",
            "--inline-suppr",
            "--std=c++17",
            "--language=c++",
            "-I",
            str(FIRMWARE / "lib/core/src"),
            str(FIRMWARE / tree),
        )
    return [f"nothing in {', '.join(trees)}"]


def clang_tidy() -> list[str]:
    """With the checks of firmware/.clang-tidy; the board's shell as Arduino core 2 and the stub headers show it."""
    folder = build("fuzz", "core")
    tidy = ("clang-tidy-19", "--quiet", f"--config-file={FIRMWARE / '.clang-tidy'}")
    shell = (
        "--",
        "-std=gnu++17",
        "-DARDUINO_GENERATION=2",
        "-DCONFIG_IDF_TARGET_ESP32=1",
        *(f"-I{FIRMWARE / path}" for path in ("lib/core/src", "src")),
        *(f"-isystem{FIRMWARE / 'stubs' / path}" for path in ("arduino2", "common")),
    )
    here = [*sorted((FIRMWARE / "lib/core/src").glob("*.cpp")), *sorted((FIRMWARE / "host").glob("*.cpp"))]
    runs: dict[Path, tuple[str, ...]] = {path: (*tidy, "-p", str(folder), str(path)) for path in here}
    runs |= {path: (*tidy, str(path), *shell) for path in sorted((FIRMWARE / "src").glob("*.cpp"))}
    headers = [path for path in sources(FIRMWARE) if path.suffix == ".h"]
    known = [*headers, FIRMWARE / ".clang-tidy", folder / "compile_commands.json"]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda path: find_nothing([path, *known], *runs[path]), runs))
    return [f"nothing in {len(runs)} files"]


def platformio_lint() -> list[str]:
    """Reads firmware/platformio.ini as a build would. Needs no registry; a build does, so none is tried here."""
    settings = {"PLATFORMIO_CORE_DIR": str(ROOT / "var" / "platformio"), "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no"}
    command = (sys.executable, "-m", "platformio", "project", "config", "--lint", "--json-output")
    said = output_of(*command, "--project-dir", str(FIRMWARE), environment=settings)
    # Its exit code is 0 even for a key that it does not know.
    assert said.strip() == "{'errors': [], 'warnings': []}", said
    return ["no error and no warning in platformio.ini"]


def fuzzers() -> Path:
    return build("fuzz", *(f"fuzz_{parser}" for parser in fuzzing.PARSERS))


def size_report() -> list[str]:
    folder = build("sizes", "sizes")
    report = sizes.measure(folder)
    over = report.over_budget()
    assert not over, "\n".join([*over, *report.lines()])
    return report.lines()


def fuzz(seconds: int = fuzzing.SECONDS) -> list[str]:
    outcomes = fuzzing.run_all(fuzzers(), seconds=seconds)
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    assert not failures, "\n\n".join(failures)
    idle = [outcome.parser for outcome in outcomes if outcome.runs == 0]
    assert not idle, f"never run, or libFuzzer did not say how often: {', '.join(idle)}"
    return [
        f"{one.parser:12} {one.runs:>11,} runs, {one.runs_per_s:>9,} a second, {one.kept:>3} kept inputs"
        for one in outcomes
    ]


def checks(fuzz_seconds: int = fuzzing.SECONDS) -> tuple[Check, ...]:
    return (
        Check("units64", "Unit tests, 64 bits, ASan and UBSan", (*BUILDING, DOCTEST, MOSQUITTO), units_64_bit),
        Check("units32", "Unit tests, 32 bits, ASan and UBSan", (*BUILDING, DOCTEST, MULTILIB), units_32_bit),
        Check("cppcheck", "cppcheck", ("cppcheck",), cppcheck),
        Check("tidy", "clang-tidy", (*BUILDING, *CLANG, "clang-tidy-19", MOSQUITTO), clang_tidy),
        Check("fuzz", f"libFuzzer, {fuzz_seconds} s a parser", (*BUILDING, *CLANG), partial(fuzz, fuzz_seconds)),
        Check("lint", "pio project config --lint", (), platformio_lint),
        Check("sizes", "Flash, RAM and stack of the core, 32 bits", (*BUILDING, MULTILIB), size_report),
    )


def run_checks(checks: Sequence[Check]) -> int:
    """Runs them all, whatever one of them finds; gives the exit code."""
    failed, left_out = [], []
    for check in checks:
        missing = [bootstrap.tool_name(tool) for tool in check.needs if not bootstrap.is_here(tool)]
        if missing:
            left_out.append(check.name)
            print(f"--    {check.title}: could not run, not on this machine: {', '.join(missing)}")
            continue
        started = time.monotonic()
        try:
            lines, mark = check.run(), "ok  "
        except AssertionError as found:
            lines, mark = str(found).splitlines(), "FAIL"
            failed.append(check.name)
        except subprocess.TimeoutExpired as late:
            command = " ".join(map(str, late.cmd[:6]))
            lines, mark = [f"{command} ... took longer than {late.timeout:.0f} s"], "FAIL"
            failed.append(check.name)
        print(f"{mark}  {check.title} ({time.monotonic() - started:.0f} s)", flush=True)
        for line in lines:
            print(f"        {line}", flush=True)
    passed = len(checks) - len(failed) - len(left_out)
    print(f"\nFirmware: {passed} of {len(checks)} checks passed", end="")
    print(f"; FAILED: {', '.join(failed)}" if failed else "", end="")
    print(f"; could not run: {', '.join(left_out)}." if left_out else ".")
    # In CI a check that cannot run is a failure, as a test is that was skipped.
    return 1 if failed or (left_out and os.environ.get("CI") == "true") else 0


def main(arguments: Sequence[str]) -> int:
    names = [check.name for check in checks()]
    parser = argparse.ArgumentParser(prog="python -m tests.firmware.checks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(names)}; all by default")
    parser.add_argument("--fuzz-seconds", type=int, default=fuzzing.SECONDS, help="how long each parser is fuzzed")
    parser.add_argument("--keep", action="store_true", help="add what fuzzing found to the corpus, and nothing else")
    options = parser.parse_intermixed_args(arguments)
    if unknown := set(options.names) - set(names):
        parser.error(f"no such check: {', '.join(sorted(unknown))}")
    if options.keep:
        print("\n".join(fuzzing.keep(fuzzers())))
        return 0
    wanted = options.names or names
    return run_checks([check for check in checks(options.fuzz_seconds) if check.name in wanted])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
