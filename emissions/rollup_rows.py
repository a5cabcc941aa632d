"""Writes roll-up rows by COPY."""

from collections.abc import Sequence
from operator import attrgetter

from django.db.models import Model

from lib.copying import copy_rows


def insert_rollups(rows: Sequence[Model]) -> None:
    """Store new rows of one roll-up model.

    Raises IntegrityError if a row of that key exists; then nothing is stored.
    """
    if not rows:
        return
    # A composite primary key is a field without a column; the database knows by itself when it wrote an hour.
    fields = [field for field in rows[0]._meta.concrete_fields if field.column and not field.has_db_default()]
    values_of = attrgetter(*(field.attname for field in fields))
    copy_rows(rows[0]._meta.db_table, [str(field.column) for field in fields], map(values_of, rows))
