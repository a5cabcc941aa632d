"""The one block that `run_demo` prints when everything answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.qr_code import terminal_lines


@dataclass(frozen=True, slots=True)
class ReadyFacts:
    """The contents of the block."""

    url: str
    is_on_network: bool
    logins: Sequence[tuple[str, str]]  # who, login
    password: str
    mosquitto_line: str
    firmware: str
    log_dir: Path


def ready_block(facts: ReadyFacts) -> str:
    """The block as text; with a QR code of the address when others on the network can reach it."""
    rule = "=" * 78
    lines = [rule, f"  Carbon Track runs:  {facts.url}", ""]
    if facts.is_on_network:
        lines += [*_qr_lines(facts.url), ""]
    lines += ["  Sign in as", *(f"    {login:<44} {who}" for who, login in facts.logins)]
    lines += [f"  with the password   {facts.password}", ""]
    lines += [f"  API, try it out:    {facts.url}api/schema/swagger-ui/", ""]
    lines += ["  Publish a reading of your own:", f"    {_shown_python()} manage.py publish_reading"]
    lines += ["  or, the same with a client that is not ours:", f"    {facts.mosquitto_line}"]
    lines += ["", f"  Firmware: {facts.firmware}"]
    lines += ["", f"  Logs: {facts.log_dir}", "  All figures are simulated. Ctrl-C stops everything.", rule]
    return "\n".join(lines)


def _qr_lines(text: str) -> list[str]:
    return [f"    {line}" for line in terminal_lines(text, encoding=sys.stdout.encoding or "ascii")]


def _shown_python() -> str:
    return str(_from_here(Path(sys.executable)))


def _from_here(path: Path) -> Path:
    """The path relative to the working directory where that is shorter to read."""
    absolute = Path(os.path.abspath(path))  # resolve() would follow the venv's symlink
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute
