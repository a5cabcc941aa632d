"""Named SQL statements: `load("mqtt_ingest", "copy_staging")` reads mqtt_ingest/sql/copy_staging.sql.

Each file has one statement; its header comment gives purpose, parameters, index and caller. `fetch` reads the rows of a
statement by the names of its columns. Frozen schema SQL is in the folders of the migrations, which read it themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from itertools import starmap
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection

from lib.environment import BASE_DIR

Row = TypeVar("Row")


class MissingStatementError(LookupError):
    """There is no such SQL file; the message names the path that was looked for."""


class ColumnsError(TypeError):
    """The columns of a statement are not the fields of the class that its rows become; the message names both."""


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


def fetch(statement: str, parameters: Mapping[str, Any], row_type: type[Row]) -> list[Row]:
    """Run a statement; each of its rows becomes a `row_type`, a frozen dataclass or NamedTuple, by column name.

    The names are compared once for each list of columns. A field with a default may be absent.
    """
    hashable: Any = row_type
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        columns = tuple(column.name for column in cursor.description)
        return list(starmap(_maker(hashable, columns), cursor.fetchall()))


@cache
def _maker(row_type: Any, columns: tuple[str, ...]) -> Callable[..., Any]:
    if hasattr(row_type, "_fields"):
        names, optional = row_type._fields, set(row_type._field_defaults)
    else:
        names = tuple(field.name for field in fields(row_type))
        optional = {field.name for field in fields(row_type) if field.default is not MISSING}
    missing = [name for name in names if name not in columns and name not in optional]
    extra = [name for index, name in enumerate(columns) if name not in names or name in columns[:index]]
    if missing or extra:
        raise ColumnsError(
            f"{row_type.__name__} does not fit its statement: no column {', '.join(missing) or '-'}; "
            f"no field, or a second one, for column {', '.join(extra) or '-'}. Name the columns with AS."
        )
    if names[: len(columns)] == columns:
        return row_type
    return lambda *row: row_type(**dict(zip(columns, row, strict=True)))


def is_alone(lock: int) -> bool:
    """Whether this transaction got the advisory lock, which it holds until its end; another one may have it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        return bool(cursor.fetchone()[0])
