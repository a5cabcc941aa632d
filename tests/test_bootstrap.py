"""What bootstrap.py says of programs and files that tests need. How it makes .venv: tests/demo/test_preflight.py."""

from pathlib import Path

import pytest

import bootstrap


def test_a_program_is_looked_for_on_the_path_and_a_file_by_its_pattern(tmp_path: Path) -> None:
    (tmp_path / "12").mkdir()
    (tmp_path / "12" / "thing.h").touch()

    assert bootstrap.is_here("sh")
    assert not bootstrap.is_here("no-such-program")
    assert bootstrap.is_here(f"{tmp_path}/*/thing.h")
    assert not bootstrap.is_here(f"{tmp_path}/*/other.h")


def test_what_is_missing_is_named_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header = f"{tmp_path}/doctest.h"
    monkeypatch.setattr(
        bootstrap, "PACKAGE_OF_TOOL", {"sh": "dash", "no-such-program": "no-such", header: "doctest-dev"}
    )
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)

    bootstrap.install_tools()

    assert capsys.readouterr().out == (
        "Not installed: no-such-program, doctest-dev. The tests that need them will say so "
        "(on Debian: apt-get install doctest-dev no-such).\n"
    )
