"""The block of text that `run_demo` prints when everything is ready."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lib.qr_code import terminal_lines


def ready_block(
    url: str,
    *,
    is_on_network: bool,
    logins: Sequence[tuple[str, str]],  # who, login
    password: str,
    mosquitto_line: str,
    firmware: str,
    log_dir: Path,
) -> str:
    """The block as text, with a QR code of the address if others can reach it."""
    rule = "=" * 78
    lines = [rule, f"  Carbon Track runs:  {url}", ""]
    if is_on_network:
        code = terminal_lines(url, encoding=sys.stdout.encoding or "ascii")
        lines += [*(f"    {line}" for line in code), ""]
    lines += ["  Sign in as", *(f"    {login:<44} {who}" for who, login in logins)]
    lines += [f"  with the password   {password}", ""]
    lines += [f"  API, try it out:    {url}api/schema/swagger-ui/", ""]
    # This Python, relative to the working directory where that is shorter; resolve() would follow the venv's symlink.
    python = Path(os.path.abspath(sys.executable))
    python = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    lines += ["  Publish a reading of your own:", f"    {python} manage.py publish_reading"]
    lines += ["  or, the same with a client that is not ours:", f"    {mosquitto_line}"]
    lines += ["", f"  Firmware: {firmware}"]
    lines += ["", f"  Logs: {log_dir}", "  All figures are simulated. Ctrl-C stops everything.", rule]
    return "\n".join(lines)
