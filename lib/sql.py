"""Loads a named SQL statement: `load("mqtt_ingest", "copy_staging")` reads mqtt_ingest/sql/copy_staging.sql.

One statement a file, its header comment saying purpose, parameters, index and caller. Frozen schema SQL lies
with the migrations and is read by them, not from here.
"""

from functools import cache
from pathlib import Path

from lib.environment import BASE_DIR


class MissingStatementError(LookupError):
    """There is no such SQL file; the message names the path that was looked for."""


def statement_path(app: str, name: str) -> Path:
    return BASE_DIR / app / "sql" / f"{name}.sql"


@cache
def load(app: str, name: str) -> str:
    """The statement without its comment lines: a % in a comment would be taken for a parameter."""
    path = statement_path(app, name)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingStatementError(f"no SQL statement {name!r} of app {app!r}: {path} is missing") from None
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().removesuffix(";")
