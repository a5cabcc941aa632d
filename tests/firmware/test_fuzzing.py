"""libFuzzer over every parser: a file of its own, since it takes a minute and the others need not wait for it."""

import base64
import subprocess
from pathlib import Path

import pytest

from tests.firmware import checks, fuzzing

# The fuzzer found every fault put in to try it within this time (firmware/docs/checks.md); by `make` it has 20 s.
SECONDS = 8
FUZZ = next(check for check in checks.checks(SECONDS) if check.name == "fuzz")


@pytest.mark.needs(*FUZZ.needs)
def test_no_input_breaks_a_parser_or_its_promises() -> None:
    assert FUZZ.run()


def test_a_finding_says_the_promise_and_gives_the_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tmp_path / "found" / "mhz19"

    def broken(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        (found / "crash-1").write_bytes(b"\xff\x86")
        said = "broken promise: nine bytes make a frame\nstat::number_of_executed_units: 41\n"
        return subprocess.CompletedProcess(command, 77, stdout="", stderr=said)

    monkeypatch.setattr(fuzzing.subprocess, "run", broken)
    outcome = fuzzing.run_one(tmp_path, "mhz19", seconds=1)

    assert outcome.runs == 41
    assert "mhz19: broken promise: nine bytes make a frame\n" in outcome.failure
    assert str(found / "crash-1") in outcome.failure
    assert base64.b64encode(b"\xff\x86").decode() in outcome.failure
