"""The identity of a figure: a short text that names it for good, in pages, API, reports and files.

    site:12:2026-11-01..2026-11-30:scope1_co2e_kg   a sum or ratio of factory days, both included; of sites as 12-14,17
    day:12:2026-11-03:heat_co2_kg                   a column of one factory day (`compliance.models.SiteDay`)
    stack:12:20261103T0300Z..20261103T1100Z:record_kg   the chimneys of a site in whole hours, end exclusive
    chimney:7:20261103T0300Z..20261104T0300Z:record_kg  the same of one chimney
    hour:7:20261103T0400Z:record_kg                 one hour of one chimney
    reading:5:1793678405000.-7.41:co2_kg_per_s      a reading: device, milliseconds, stream and number as stored
    entry:81:co2e_kg                                an energy entry; production:9:amount_kg the same of production
    share:81:2026-11-03:co2e_kg                     the part of an entry that falls on a factory day; made:9:... too
    factor:33:value                                 an emission factor
    target:4:2026-11-29:actual                      the verdict of the twelve months up to a day
    inventory:12:2026-11-01..2026-11-30:scope1_co2e_kg  calendar days, both included

One figure has one text: ids ascend, neighbours are joined, nothing is optional. What a name means is in `catalogue.py`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from lib.times import FIRST_YEAR, LAST_YEAR

Moment = date | datetime
_DAY, _HOUR = r"\d{4}-\d\d-\d\d", r"\d{8}T\d{4}Z"
_ID = r"[1-9]\d{0,8}"
_IDS = rf"{_ID}(?:-{_ID})?(?:,{_ID}(?:-{_ID})?)*"
_SPANS = {
    "site": rf"{_DAY}\.\.{_DAY}",
    "inventory": rf"{_DAY}\.\.{_DAY}",
    "stack": rf"{_HOUR}\.\.{_HOUR}",
    "chimney": rf"{_HOUR}\.\.{_HOUR}",
    "day": _DAY,
    "share": _DAY,
    "made": _DAY,
    "target": _DAY,
    "hour": _HOUR,
    "reading": r"\d{1,13}\.-?\d{1,10}\.\d{1,10}",
    "entry": "",
    "production": "",
    "factor": "",
}
OF_SITES = frozenset({"site", "inventory"})  # the kinds that may name more than one id
_PATTERNS = {
    kind: re.compile(
        rf"{kind}:({_IDS if kind in OF_SITES else _ID}):{f'({span}):' if span else '()'}([a-z][a-z0-9_]{{0,59}})",
        re.ASCII,
    )
    for kind, span in _SPANS.items()
}
LONGEST = 1000  # characters; more ids than fit are not asked about in one figure
MOST_IDS = 2000
LONGEST_PERIOD, LONGEST_OF_DAYS = timedelta(days=1_200), timedelta(days=8_000)  # the latter of stored days (`site`)


class NotAFigureError(ValueError):
    """The text is not the identity of a figure."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a text names. `first` and `last` are days or hours, both as written; `key` is that of a reading."""

    kind: str
    ids: tuple[int, ...]
    name: str
    first: Moment | None = None
    last: Moment | None = None
    key: str = ""

    def __str__(self) -> str:
        span = self.key or "..".join(_written(moment) for moment in (self.first, self.last) if moment is not None)
        return ":".join(filter(None, (self.kind, _joined(self.ids), span, self.name)))

    @property
    def id(self) -> int:
        return self.ids[0]

    @property
    def first_day(self) -> date:
        assert self.first is not None
        return self.first

    @property
    def last_day(self) -> date:
        return self.first_day if self.last is None else self.last

    @property
    def first_hour(self) -> datetime:
        assert isinstance(self.first, datetime)
        return self.first

    @property
    def end_hour(self) -> datetime:
        """Exclusive."""
        return self.last if isinstance(self.last, datetime) else self.first_hour + timedelta(hours=1)

    def named(self, name: str) -> "Identity":
        return replace(self, name=name)

    def of(self, *ids: int) -> "Identity":
        return replace(self, ids=ids)

    def within(self, first: Moment, last: Moment) -> "Identity":
        return replace(self, first=first, last=last)


def parse(text: str) -> Identity:
    """Read an identity. Raises NotAFigureError for any text but the one that the figure prints."""
    pattern = _PATTERNS.get(text.partition(":")[0])
    match = pattern.fullmatch(text) if pattern and len(text) <= LONGEST else None
    if match is None:
        raise NotAFigureError(text)
    ids, span, name = match.groups()
    kind = text.partition(":")[0]
    try:
        moments: list[Any] = [] if kind == "reading" else [_read(part) for part in span.split("..") if part]
        first, last = (*moments, None, None)[:2]
        figure = Identity(kind, _ids(ids), name, first, last, span if kind == "reading" else "")
    except (ValueError, OverflowError):
        raise NotAFigureError(text) from None
    if str(figure) != text or not all(FIRST_YEAR <= moment.year <= LAST_YEAR for moment in moments):
        raise NotAFigureError(text)
    longest = LONGEST_OF_DAYS if kind == "site" else LONGEST_PERIOD
    if len(moments) == 2 and not timedelta(0) <= moments[1] - moments[0] <= longest:
        raise NotAFigureError(text)
    if figure.key and not _is_key(figure.key):
        raise NotAFigureError(text)
    return figure


def site(ids: int | Iterable[int], first: date, last: date, name: str) -> str:
    """The figure of the factory days of a site, or of some; empty for no site."""
    of = (ids,) if isinstance(ids, int) else tuple(sorted(set(ids)))
    return str(Identity("site", of, name, first, last)) if of else ""


def hours(kind: str, pk: int, start: datetime, end: datetime, name: str = "record_kg") -> str:
    """Whole hours of a site (`stack`) or of a chimney."""
    return str(Identity(kind, (pk,), name, start.astimezone(UTC), end.astimezone(UTC)))


def hour(chimney_id: int, start: datetime, name: str = "record_kg") -> str:
    return str(Identity("hour", (chimney_id,), name, start.astimezone(UTC)))


def of_row(kind: str, pk: int, name: str, day: date | None = None) -> str:
    """Of an entry, a share of it, a factor, a target."""
    return str(Identity(kind, (pk,), name, day))


def _written(moment: Moment) -> str:
    return f"{moment:%Y%m%dT%H%MZ}" if isinstance(moment, datetime) else f"{moment:%Y-%m-%d}"


def _read(text: str) -> Moment:
    if text.endswith("Z"):
        return datetime.strptime(text, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    return date.fromisoformat(text)


def _is_key(text: str) -> bool:
    """Whether the database can hold such numbers of a reading, written in one way."""
    numbers = [int(part) for part in text.split(".")]
    return ".".join(map(str, numbers)) == text and all(-(2**31) <= number < 2**31 for number in numbers[1:])


def _joined(ids: tuple[int, ...]) -> str:
    """12, 13, 14, 17 as 12-14,17."""
    runs: list[list[int]] = []
    for one in ids:
        if runs and one == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], one]
        else:
            runs.append([one])
    return ",".join("-".join(map(str, run)) for run in runs)


def _ids(text: str) -> tuple[int, ...]:
    ids: list[int] = []
    for part in text.split(","):
        first, _dash, last = part.partition("-")
        if int(last or first) - int(first) > MOST_IDS:
            raise ValueError(text)
        ids += range(int(first), int(last or first) + 1)
    if len(ids) > MOST_IDS or any(a >= b for a, b in pairwise(ids)):
        raise ValueError(text)
    return tuple(ids)
