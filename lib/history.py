"""Rows of tracked tables as they were known at a moment: transaction time, read from the audit history.

The one mechanism of `as_known_on`: of each row its last event at or before the moment, unless it deleted the row.
An event bears the time at which its transaction began (`pgh_created_at`); among the events of one row their number
(`pgh_id`) decides, which follows the lock of the row. Statements are read as they are, with the tables replaced, so a
figure of the past and a figure of now come from one text.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.apps import apps
from django.db import connection
from django.db.models import Exists, Model, OuterRef, QuerySet

M = TypeVar("M", bound=Model)
DELETED = "delete"  # label of the event that holds a row as it was deleted


@cache
def events_of(model: type[Model]) -> Any:
    """The event model of a tracked model."""
    return next(found for found in apps.get_models() if getattr(found, "pgh_tracked_model", None) is model)


def as_known(model: type[Model], moment: datetime) -> QuerySet[Any]:
    """The events that hold the rows as they were known, with the columns of the model; `pgh_id` is their key."""
    events = events_of(model)
    later = events.objects.filter(
        pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__gt=OuterRef("pgh_id"), pgh_created_at__lte=moment
    )
    known: QuerySet[Any] = events.objects.filter(~Exists(later), pgh_created_at__lte=moment)
    return known.exclude(pgh_label=DELETED)


def _all(found: Any) -> Any:
    return found


def rows(model: type[M], moment: datetime | None, choose: Callable[[Any], Any] = _all, **filters: Any) -> list[M]:
    """Rows of a model by their key, as known at a moment; None: as they are now. Not to be saved.

    `choose` narrows the query by more than `filters`; both see the columns of the model.
    """
    if moment is None:
        return list(choose(model._default_manager.filter(**filters)).order_by("pk"))
    key = str(model._meta.pk and model._meta.pk.attname)  # the key of an event is its number
    of_events = {re.sub(r"^pk(?=$|__)", key, name): wanted for name, wanted in filters.items()}
    events = choose(as_known(model, moment).filter(**of_events)).order_by("pgh_obj_id")
    names = [field.attname for field in model._meta.concrete_fields]
    tracked = {field.attname for field in events_of(model)._meta.concrete_fields}
    names = [name for name in names if name in tracked]
    return [model(**dict(zip(names, row, strict=True))) for row in events.values_list(*names)]


def reading(
    statement: str, parameters: Mapping[str, Any], moment: datetime | None, *models: type[Model]
) -> tuple[str, dict[str, Any]]:
    """A statement and its parameters, with the tables of `models` as known at a moment; None: as it is.

    The statement names each of the tables as `FROM` or `JOIN` <table> `AS` <alias>. Raises LookupError if it does not.
    """
    if moment is None:
        return statement, dict(parameters)
    for model in models:
        statement, count = re.subn(rf"\b{model._meta.db_table}(?=\s+AS\s)", f"({_known(model)})", statement)
        if not count:
            raise LookupError(f"the statement does not read {model._meta.db_table} AS something")
    return statement, {**parameters, "known_on": moment}


def _known(model: type[Model]) -> str:
    if own := getattr(model, "known_rows", ""):  # pghistory tracks no table with a key of two columns
        return str(own)
    events = events_of(model)._meta.db_table
    # A plain subquery: the planner takes the conditions of the statement into it, before it looks for later events.
    return (
        f"SELECT known.* FROM {events} AS known WHERE known.pgh_created_at <= %(known_on)s"  # noqa: S608 - our own names
        f" AND known.pgh_label <> '{DELETED}' AND NOT EXISTS (SELECT FROM {events} AS later"
        " WHERE later.pgh_obj_id = known.pgh_obj_id AND later.pgh_id > known.pgh_id"
        " AND later.pgh_created_at <= %(known_on)s)"
    )


def wait_until_settled(moment: datetime, longest_s: float = 5.0) -> bool:
    """Wait until every transaction that began by the moment and has written is over; False: not within that time.

    Until then such a transaction, of an import say, may add events of the time at which it began. So a figure that is
    to be found again waits first, and is read afterwards. Safe inside a transaction: others never wait for it longer.
    """
    end_s = time.monotonic() + longest_s
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction would see the same activity again
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start <= %s"
                " AND backend_xid IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
                [moment],
            )
            if not cursor.fetchone()[0]:
                return True
            if time.monotonic() >= end_s:
                return False
            time.sleep(0.02)
