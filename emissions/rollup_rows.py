"""Writes roll-up rows by COPY: what a bulk insert takes most of its time for is saying the same columns again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg2 import sql


def insert_rollups(rows: Sequence[Model]) -> None:
    """Store new rows of one roll-up model. Every value comes back as it went in, to the last bit.

    Raises IntegrityError where a row of that key is there: then nothing is stored.
    """
    if not rows:
        return
    statement, values_of = _copying(type(rows[0]))
    lines = io.StringIO("".join("\t".join(map(_text, values_of(row))) + "\n" for row in rows))
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(statement, lines)


@cache
def _copying(model: type[Model]) -> tuple[sql.Composable, Any]:
    columns = [field for field in model._meta.concrete_fields if field.column]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(field.column) for field in columns)
    )
    return statement, attrgetter(*(field.attname for field in columns))


def _text(value: object) -> str:
    """Numbers, flags, moments and the few words of our own: nothing here needs escaping."""
    if value is None:
        return r"\N"
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
