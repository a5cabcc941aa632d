"""The audit log of a user: newest first, in pages by cursor, one statement over all tables.

The statement yields the places of a page's rows; `words.py` then reads the rows themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils.translation import gettext as _
from pghistory.models import Context

from accounts.models import Membership
from accounts.permissions import AnyUser, organisations_of, visible_to
from accounts.roles import Action
from audit.sources import BY_CODE, SOURCES, Source
from factories.models import Factory, Organisation
from lib.errors import invalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FEW_REQUESTS = 1_000
CHUNK_ROWS = 500  # of a file, read at once
# Code of an act -> label of its events. A read has no event.
ACTS = {"added": "insert", "changed": "update", "removed": "delete", "password": "password", "read": ""}


@dataclass(frozen=True, slots=True)
class Filters:
    kind: str = ""
    act: str = ""
    factory: int | None = None
    by: int | None = None
    start: datetime | None = None  # inclusive
    end: datetime | None = None  # exclusive


@dataclass(frozen=True, slots=True, order=True)
class LogPlace:
    """Of a row in the log. Its text is the cursor: the rows after it are older."""

    at: datetime
    source: int  # index into SOURCES
    key: int

    def encode(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.source}-{self.key}"

    @staticmethod
    def decode(text: str) -> "LogPlace":
        """Raises ApiError 400 for what is no cursor of ours."""
        parts = text.split("-")
        try:
            micros, source, key = (int(part) if part.isascii() and len(part) < 19 else -1 for part in parts)
            if min(micros, source, key) < 0 or source >= len(SOURCES):
                raise ValueError
            return LogPlace(EPOCH + timedelta(microseconds=micros), source, key)
        except (ValueError, OverflowError):
            raise invalid("cursor", "invalid_cursor", _("cursor does not come from this API.")) from None


@dataclass(frozen=True)
class Sight:
    """What a user sees of the log: rows of these factories, and all others of these organisations."""

    organisations: list[int]
    factories: list[int]
    user: AnyUser

    @classmethod
    def of(cls, user: AnyUser) -> "Sight":
        factories = visible_to(user, Factory.objects.all(), factory_path="", action=Action.VIEW_AUDIT)
        organisations = sorted(set(organisations_of(user, Action.VIEW_AUDIT)))
        return cls(organisations, list(factories.values_list("pk", flat=True)), user)

    @cached_property
    def begun_at(self) -> datetime | None:
        """Published factors that were there before are no change to these organisations."""
        created = Organisation.objects.filter(pk__in=self.organisations).order_by("created_at")
        return created.values_list("created_at", flat=True).first()

    @cached_property
    def people(self) -> list[int]:
        """Ids of those who are or were members."""
        events: Any = Membership.events.rel.related_model._default_manager  # type: ignore[attr-defined]
        here = events.filter(Q(organisation__in=self.organisations) | Q(factory__in=self.factories))
        return list(here.values_list("user", flat=True).distinct())

    def covers(self, source: Source) -> Q:
        q = Q(pk__in=[])
        if source.factory:
            q |= Q(**{f"{source.factory}__in": self.factories})
        if source.action is not Action.VIEW_AUDIT:
            allowed = visible_to(self.user, Factory.objects.all(), factory_path="", action=source.action)
            q &= Q(**{f"{source.factory}__in": allowed.values("pk")})
        if source.organisation:
            q |= Q(**{f"{source.organisation}__in": self.organisations})
        if source.code == "emissionfactor" and self.begun_at is not None:
            q |= Q(organisation__isnull=True, pgh_created_at__gt=self.begun_at)
        if source.person and self.organisations:
            of_no_factory = Q(**{f"{source.factory}__isnull": True}) if source.factory else Q()
            # The list is for the index: without it, each row of every other organisation is looked up.
            q |= of_no_factory & Q(Exists(self._memberships_then(source)), **{f"{source.person}__in": self.people})
        return q

    def _memberships_then(self, source: Source) -> Any:
        """Memberships of the person that had begun when the event happened, and had not ended or moved elsewhere."""
        events: Any = Membership.events.rel.related_model._default_manager  # type: ignore[attr-defined]
        ended = events.filter(
            Q(pgh_label="delete") | ~Q(user=OuterRef("user")) | ~Q(organisation__in=self.organisations),
            id=OuterRef("id"),
            pgh_id__gt=OuterRef("pgh_id"),
            pgh_created_at__lt=OuterRef(OuterRef("pgh_created_at")),
        )
        begun = events.filter(
            user=OuterRef(source.person),
            organisation__in=self.organisations,
            pgh_label__in=["insert", "update"],
            pgh_created_at__lte=OuterRef("pgh_created_at"),
        )
        return begun.exclude(Exists(ended))


def places(sight: Sight, filters: Filters, before: LogPlace | None, size: int) -> list[LogPlace]:
    """Up to `size` places, newest first, older than `before`."""
    by = None if filters.by is None else _changed_by(filters.by)
    branches = [
        _branch(source, number, sight, filters, before, by)[:size]
        for number, source in enumerate(SOURCES)
        if _may_hold(source, filters)
    ]
    rows: Any = branches[0] if branches else []
    if len(branches) > 1:
        rows = rows.union(*branches[1:], all=True).order_by("-place_at", "-place_source", "-place_key")[:size]
    return [LogPlace(at, source, key) for at, source, key in rows]


def _may_hold(source: Source, filters: Filters) -> bool:
    return (
        (not filters.kind or source is BY_CODE[filters.kind])
        and (filters.factory is None or bool(source.factory))
        and (not filters.act or source.is_read == (filters.act == "read"))
    )


def _changed_by(user_id: int) -> Q:
    """Events of a person: who changed little is found by their requests, who changed much by going back in time."""
    requests = Context.objects.filter(metadata__user=user_id).values_list("pk", flat=True)
    few = list(requests[: FEW_REQUESTS + 1])
    return Q(pgh_context__in=few) if len(few) <= FEW_REQUESTS else Q(pgh_context__metadata__user=user_id)


def _branch(source: Source, number: int, sight: Sight, filters: Filters, before: LogPlace | None, by: Q | None) -> Any:
    rows = source.rows.filter(sight.covers(source))
    if filters.factory is not None:
        rows = rows.filter(**{source.factory: filters.factory})
    if by is not None:
        rows = rows.filter(Q(user=filters.by) if source.is_read else by)
    if filters.act and not source.is_read:
        rows = rows.filter(pgh_label=ACTS[filters.act])
    if filters.start is not None:
        rows = rows.filter(**{f"{source.at}__gte": filters.start})
    if filters.end is not None:
        rows = rows.filter(**{f"{source.at}__lt": filters.end})
    if before is not None:
        # Rows of one moment go by source, then by key.
        at_once = "lte" if number < before.source else "lt"
        older = Q(**{f"{source.at}__{at_once}": before.at})
        if number == before.source:
            older |= Q(**{source.at: before.at, f"{source.key}__lt": before.key})
        # The second condition is for the index, which does not serve the first.
        rows = rows.filter(older, **{f"{source.at}__lte": before.at})
    return (
        rows.order_by(f"-{source.at}", f"-{source.key}")
        .annotate(place_at=F(source.at), place_source=Value(number), place_key=F(source.key))
        .values_list("place_at", "place_source", "place_key")
    )


def all_places(sight: Sight, filters: Filters) -> Iterator[list[LogPlace]]:
    before = None
    while page := places(sight, filters, before, CHUNK_ROWS):
        yield page
        before = page[-1]
