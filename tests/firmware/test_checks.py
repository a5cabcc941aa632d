"""The firmware's checks as tests, but for the fuzzing (test_fuzzing.py); and the checks' own promises."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.firmware import checks, fuzzing, sizes
from tests.firmware.build import FIRMWARE


def as_test(check: checks.Check) -> Any:
    return pytest.param(check, id=check.name, marks=pytest.mark.needs(*check.needs))


@pytest.mark.parametrize("check", [as_test(check) for check in checks.checks() if check.name != "fuzz"])
def test_the_firmware_passes(check: checks.Check) -> None:
    assert check.run()


def test_every_suite_of_the_unit_tests_is_run() -> None:
    listed = re.search(r"foreach\(suite ([^)]*)\)", (FIRMWARE / "CMakeLists.txt").read_text())
    assert listed is not None

    written = {
        name
        for path in (FIRMWARE / "test").glob("*.cpp")
        for name in re.findall(r'TEST_SUITE(?:_BEGIN)?\("(\w+)"', path.read_text())
    }

    assert set(listed[1].split()) == written


def test_every_fuzz_target_is_built_and_has_inputs_to_begin_with() -> None:
    listed = re.search(r"set\(FUZZ_TARGETS ([^)]*)\)", (FIRMWARE / "fuzz" / "CMakeLists.txt").read_text())
    assert listed is not None

    kept = {folder.name: len(list(folder.iterdir())) for folder in checks.fuzzing.CORPUS.iterdir()}

    assert sorted(listed[1].split()) == list(checks.fuzzing.PARSERS) == sorted(kept)
    assert min(kept.values()) > 0


def found_nothing() -> Sequence[str]:
    return ["nothing in 3 files"]


def found_something() -> Sequence[str]:
    raise AssertionError("node.cpp:7: a finding")


def takes_too_long() -> Sequence[str]:
    raise subprocess.TimeoutExpired(["nice", "-n", "10", "ctest"], 900.0)


GOOD = checks.Check("good", "A good check", (), found_nothing)
BAD = checks.Check("bad", "A bad check", (), found_something)
ELSEWHERE = checks.Check("elsewhere", "A check that cannot run", ("no-such-program",), found_nothing)


def test_one_verdict_closes_all_that_was_run(capsys: pytest.CaptureFixture[str]) -> None:
    code = checks.run_checks([BAD, GOOD])

    said = capsys.readouterr().out
    assert code == 1
    assert "FAIL  A bad check (0 s)\n        node.cpp:7: a finding\n" in said
    assert "ok    A good check (0 s)\n        nothing in 3 files\n" in said
    assert said.endswith("Firmware: 1 of 2 checks passed; FAILED: bad.\n")


def test_a_check_that_takes_too_long_has_failed_and_the_others_run(capsys: pytest.CaptureFixture[str]) -> None:
    code = checks.run_checks([checks.Check("slow", "A slow check", (), takes_too_long), GOOD])

    said = capsys.readouterr().out
    assert code == 1
    assert "FAIL  A slow check (0 s)\n        nice -n 10 ctest ... took longer than 900 s\n" in said
    assert said.endswith("Firmware: 1 of 2 checks passed; FAILED: slow.\n")


def test_a_parser_that_was_never_fuzzed_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = fuzzing.Outcome(parser="json", runs=0, runs_per_s=0, kept=3, failure="")
    monkeypatch.setattr(checks, "fuzzers", lambda: checks.ROOT)
    monkeypatch.setattr(fuzzing, "run_all", lambda folder, seconds: [outcome])

    with pytest.raises(AssertionError, match="json"):
        checks.fuzz(1)


@pytest.mark.parametrize(("in_ci", "code"), [("", 0), ("true", 1)])
def test_what_cannot_run_is_named_and_fails_only_in_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], in_ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", in_ci)

    assert checks.run_checks([GOOD, ELSEWHERE]) == code

    said = capsys.readouterr().out
    assert "A check that cannot run: could not run, not on this machine: no-such-program\n" in said
    assert said.endswith("Firmware: 1 of 2 checks passed; could not run: elsewhere.\n")


def test_a_size_above_its_budget_is_said_with_both() -> None:
    fits = sizes.Report(objects={"node": 5_000}, ram={"node": 40_000}, frames={"f": 500}, static_bytes=0)
    grown = sizes.Report(objects={"node": 5_000}, ram={"node": 90_001}, frames={"f": 9_000}, static_bytes=8)

    assert fits.over_budget() == []
    assert grown.over_budget() == [
        "RAM: 90,009 bytes, above the budget of 90,000 (tests/firmware/sizes.py)",
        "stack of one function: 9,000 bytes, above the budget of 4,096 (tests/firmware/sizes.py)",
    ]


def test_an_analyser_reads_again_only_what_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that `make test` is not held up two minutes by files of which clang-tidy has read every byte before."""
    runs: list[tuple[str, ...]] = []
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    monkeypatch.setattr(checks, "version_of", lambda program: "19.1")
    monkeypatch.setattr(checks, "output_of", lambda *command: runs.append(command))
    source, header = tmp_path / "node.cpp", tmp_path / "node.h"
    source.write_text("int a;")
    header.write_text("int b;")

    def analyse(*options: str) -> int:
        runs.clear()
        checks.find_nothing([source, header], "clang-tidy-19", *options)
        return len(runs)

    assert [analyse(), analyse()] == [1, 0]
    header.write_text("int c;")
    assert [analyse(), analyse()] == [1, 0]
    assert [analyse("--quiet"), analyse("--quiet")] == [1, 0]
    monkeypatch.setattr(checks, "version_of", lambda program: "19.2")
    assert [analyse(), analyse()] == [1, 0]


def test_an_analyser_that_found_something_reads_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    monkeypatch.setattr(checks, "version_of", lambda program: "19.1")
    (tmp_path / "node.cpp").write_text("int a;")

    for _time in (1, 2):
        with pytest.raises(AssertionError):
            checks.find_nothing([tmp_path / "node.cpp"], "false")
