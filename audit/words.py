"""The rows of the audit log in plain words: who did what to which row, and each column before and after."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.models import DataRead
from audit.queries import ACTS, LogPlace
from audit.sources import HIDDEN, IN_ITS_UNIT, SOURCES, Source
from factories.models import Factory

ACT_WORDS = {
    "added": gettext_lazy("added"),
    "changed": gettext_lazy("changed"),
    "removed": gettext_lazy("removed"),
    "password": gettext_lazy("password changed"),
    "read": gettext_lazy("read"),
}
_ACT_OF_LABEL = {label: act for act, label in ACTS.items()}


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column of the row; `before` is empty for a new row, `after` for one that is gone."""

    column: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    at: datetime
    kind: str
    kind_words: str
    act: str
    act_words: str
    thing: str  # which row, in words
    factory: int | None
    factory_name: str
    by: int | None
    by_name: str
    token: str
    address: str
    changes: list[ColumnChange]


Found = dict[type[models.Model], dict[Any, Any]]  # rows that others refer to, by model and key


def rows_of(places: Sequence[LogPlace]) -> list[AuditRow]:
    """The rows at these places, in their order: a few statements for each table on the page."""
    snapshots: dict[LogPlace, tuple[Any, Any]] = {}
    for number in {place.source for place in places}:
        of_source = [place for place in places if place.source == number]
        snapshots |= _snapshots(SOURCES[number], of_source)
    found = _referred(snapshots.values())
    return [_row(SOURCES[place.source], *snapshots[place], found) for place in places if place in snapshots]


def _snapshots(source: Source, places: list[LogPlace]) -> dict[LogPlace, tuple[Any, Any]]:
    """Each event with the one before it of the same row, if it has one."""
    keys = [place.key for place in places]
    if source.is_read:
        rows = source.rows.select_related("factory", "organisation").in_bulk(keys)
        return {place: (rows[place.key], None) for place in places if place.key in rows}
    rows = source.rows.select_related("pgh_context").in_bulk(keys)
    identities = [getattr(row, source.identity) for row in rows.values()]
    history: dict[Any, list[int]] = {}
    of_same = source.rows.filter(**{f"{source.identity}__in": identities}).order_by("pgh_id")
    for identity, key in of_same.values_list(source.identity, "pgh_id"):
        history.setdefault(identity, []).append(key)
    earlier = {
        row.pgh_id: history[identity][place - 1]
        for row, identity in zip(rows.values(), identities, strict=True)
        if (place := history[identity].index(row.pgh_id))
    }
    before = source.rows.in_bulk(earlier.values())
    return {place: (rows[place.key], before.get(earlier.get(place.key, 0))) for place in places if place.key in rows}


# --- What a row refers to -----------------------------------------------------------------------
def _columns(row: Any) -> list[Any]:
    return [field for field in row._meta.concrete_fields if not field.name.startswith("pgh_")]


def _by(row: Any) -> int | None:
    if isinstance(row, DataRead):
        return row.user_id
    return row.pgh_context.metadata.get("user") if row.pgh_context else None


def _referred(pairs: Collection[tuple[Any, Any]]) -> Found:
    keys: dict[Any, set[Any]] = {User: {_by(event) for event, _before in pairs}}
    for row in filter(None, chain.from_iterable(pairs)):
        for field in _columns(row):
            if field.is_relation and (key := getattr(row, field.attname)) is not None:
                keys.setdefault(field.related_model, set()).add(key)
    return {model: model._default_manager.select_related().in_bulk(wanted - {None}) for model, wanted in keys.items()}


def _as_row(source: Source, event: Any, found: Found) -> Any:
    """The row of the event as its own model, so that its words are those of the model."""
    fields = _columns(event)
    row: Any = source.model(**{field.attname: getattr(event, field.attname) for field in fields})
    for field in fields:
        key = getattr(event, field.attname)
        if field.is_relation and key in found.get(field.related_model, {}):
            setattr(row, field.name, found[field.related_model][key])
    return row


# --- One row ------------------------------------------------------------------------------------
def _row(source: Source, event: Any, before: Any, found: Found) -> AuditRow:
    row = event if source.is_read else _as_row(source, event, found)
    factory = _factory(source, row)
    zone: Any = factory.zone if factory else UTC
    act = "read" if source.is_read else _ACT_OF_LABEL[event.pgh_label]
    user_id = _by(event)
    context = {} if source.is_read or event.pgh_context is None else event.pgh_context.metadata
    return AuditRow(
        at=getattr(event, source.at),
        kind=source.code,
        kind_words=str(source.model._meta.verbose_name),
        act=act,
        act_words=str(ACT_WORDS[act]),
        thing=_read_words(row, zone) if source.is_read else _thing(row),
        factory=factory.pk if factory else None,
        factory_name=factory.name if factory else "",
        by=user_id,
        by_name=_by_words(user_id, found[User].get(user_id)),
        token=event.token if source.is_read else context.get("token", ""),
        address=event.path if source.is_read else context.get("url", ""),
        changes=[] if source.is_read else _changes(source, act, row, before and _as_row(source, before, found), zone),
    )


def _factory(source: Source, row: Any) -> Factory | None:
    if isinstance(row, Factory):
        return row
    for step in filter(None, source.factory.split("__")):
        row = getattr(row, step, None)
    return row if isinstance(row, Factory) else None


def _thing(row: Any) -> str:
    try:
        return str(row)
    except models.ObjectDoesNotExist:  # what it belonged to is gone
        return f"#{row.pk}"


def _by_words(user_id: int | None, user: User | None) -> str:
    if user_id is None:
        return _("the server")
    if user is None:
        return _("person %(number)d, whose account is gone") % {"number": user_id}
    if user.is_superuser:
        return _("%(name)s, operator of the server") % {"name": user}
    return str(user)


def _read_words(read: DataRead, zone: ZoneInfo) -> str:
    parts = [f"{read.get_kind_display()}: {read.path}"]
    if read.factory_id is None:
        parts.append(str(read.organisation))
    if read.device:
        parts.append(_("device %(device)s") % {"device": read.device})
    if read.rows is not None:
        parts.append(_("%(count)d rows") % {"count": read.rows})
    if read.period_start or read.period_end:
        edges = [_time(edge, zone) if edge else "…" for edge in (read.period_start, read.period_end)]
        parts.append(_("period %(start)s to %(end)s") % {"start": edges[0], "end": edges[1]})
    if read.times > 1:
        times = {"count": read.times, "time": _time(read.last_at, zone)}
        parts.append(_("%(count)d times, the last at %(time)s") % times)
    return ", ".join(parts)


def _changes(source: Source, act: str, row: Any, before: Any, zone: ZoneInfo) -> list[ColumnChange]:
    changes = []
    for field in _shown(source):
        now = "" if act == "removed" else _words(field, row, zone)
        was = _words(field, row if act == "removed" else before, zone) if act != "added" else ""
        if now != was:
            changes.append(ColumnChange(field.name, str(field.verbose_name), was, now))
    return changes


@cache
def _shown(source: Source) -> list[Any]:
    """The columns that the history of the model has, without the hidden ones."""
    kept = {field.name for field in source.rows.model._meta.concrete_fields} - HIDDEN
    return [field for field in source.model._meta.concrete_fields if field.name in kept]


def _words(field: Any, row: Any, zone: ZoneInfo) -> str:
    if row is None:
        return ""
    value = getattr(row, field.attname)
    if value is None or value == "" or value == []:
        return ""
    if field.is_relation:
        return _thing(getattr(row, field.name)) if field.is_cached(row) else f"#{value}"
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return _time(value, zone)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value)
    text = f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
    return f"{text} {row.unit}" if field.name in IN_ITS_UNIT else text


def _time(moment: datetime, zone: Any) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"
