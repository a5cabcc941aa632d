"""Hints for HQ on how a site's log is typed: months that are unlike the twelve before. Never shown to the site.

The tests are in `compliance/typed_numbers.py`. A hint is computed from the entries; what HQ wrote about it is stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import dateformat, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from compliance.models import TypingNote
from compliance.typed_numbers import TypedDay, TypingFinding, TypingPattern, findings
from energy.choices import EntryKind
from energy.models import EnergyEntry
from factories.choices import Product
from factories.days import running_day
from factories.models import Factory
from lib.errors import ApiError
from logbook.choices import Origin
from logbook.services import required_reason
from production.models import ProductionEntry

MONTHS = 3  # the last closed ones are looked at
CLOSED_AFTER = timedelta(days=5)  # for entries that are written late
_FIRST_MONTH = date(1990, 1, 1)
_ONE_DAY_AT_MOST = timedelta(hours=36)
_SENTENCES: dict[TypingPattern, Promise] = {
    TypingPattern.ROUND_FIVE: gettext_lazy(
        "%(month)s: %(recent)s %% of the entries of %(item)s are multiples of 5, in the twelve months "
        "before %(usual)s %%. Perhaps it is measured in another way now: ask how."
    ),
    TypingPattern.ROUND_TEN: gettext_lazy(
        "%(month)s: %(recent)s %% of the entries of %(item)s are multiples of 10, in the twelve months "
        "before %(usual)s %%. Perhaps it is measured in another way now: ask how."
    ),
    TypingPattern.COPIED: gettext_lazy(
        "%(month)s: on %(recent)s %% of the days %(item)s has the value of the day before, in the twelve "
        "months before on %(usual)s %%. Perhaps one value stands for several days: ask what would help to write "
        "each day."
    ),
    TypingPattern.LATE_AT_END: gettext_lazy(
        "%(month)s: %(recent)s %% of the entries of %(item)s were written late around the end of the month, in the "
        "twelve months before %(usual)s %%. Perhaps network or time was short: ask what would help to write each day."
    ),
    TypingPattern.HIGH_AT_END: gettext_lazy(
        "%(month)s: the last days hold %(recent)s %% of a usual day of %(item)s, in the twelve months "
        "before %(usual)s %%. Perhaps some days were written together: ask whether every day is in the log."
    ),
}


@dataclass(frozen=True, slots=True)
class TypingHint:
    """A pattern of a closed month, with what HQ wrote about it."""

    month: date
    item: str  # code and unit: "firewood stere"
    item_name: str
    found: TypingFinding
    note: TypingNote | None

    @property
    def sentence(self) -> str:
        return str(_SENTENCES[self.found.pattern]) % {
            "month": dateformat.format(self.month, "F Y"),
            "item": self.item_name,
            "recent": f"{100 * self.found.recent:.0f}",
            "usual": f"{100 * self.found.usual:.0f}",
        }


def typing_hints(factory: Factory, now: datetime) -> list[TypingHint]:
    """Of the last closed months, the newest first; three queries."""
    return _hints_of(factory, list(_closed_months(factory, now)))


def _hints_of(factory: Factory, months: Sequence[date]) -> list[TypingHint]:
    """Of months, the newest first."""
    series, names = _series(factory, months[-1].replace(year=months[-1].year - 1))
    notes = {
        (note.month, note.item, note.pattern): note
        for note in TypingNote.objects.filter(factory=factory, month__in=months).select_related("noted_by")
    }
    return [
        TypingHint(month, item, names[item], found, notes.get((month, item, str(found.pattern))))
        for month in months
        for item, of_item in findings(series, month).items()
        for found in of_item
    ]


def put_aside(user: User | None, hint: TypingHint, factory: Factory, note: str) -> TypingNote:
    """Store what HQ learned about a hint. Raises ApiError 400 without a note."""
    row, _is_new = TypingNote.objects.update_or_create(
        factory=factory,
        month=hint.month,
        item=hint.item,
        pattern=str(hint.found.pattern),
        defaults={"note": required_reason(note), "noted_by": user, "noted_at": timezone.now()},
    )
    return row


def hint_of(factory: Factory, now: datetime, month: date, item: str, pattern: str) -> TypingHint:
    """Of a closed month, by its first day, however long ago. Raises ApiError 404 `no_such_hint`."""
    is_closed = month.day == 1 and _FIRST_MONTH <= month <= next(_closed_months(factory, now))
    for hint in _hints_of(factory, [month]) if is_closed else ():
        if (hint.item, str(hint.found.pattern)) == (item, pattern):
            return hint
    raise ApiError(404, "no_such_hint", _("There is no such hint any more: the entries have changed."))


def _closed_months(factory: Factory, now: datetime) -> Iterator[date]:
    month = running_day(factory, now - CLOSED_AFTER).day.replace(day=1)
    for _number in range(MONTHS):
        month = (month - timedelta(days=1)).replace(day=1)
        yield month


def _series(factory: Factory, first: date) -> tuple[dict[str, list[TypedDay]], dict[str, str]]:
    """What people typed of single days since a day, by item and unit; and the names of the items."""
    series: dict[str, list[TypedDay]] = {}
    names: dict[str, str] = {}
    since = {
        "factory": factory,
        "origin": Origin.ENTRY,
        "deleted_at": None,
        "period_start__gte": datetime(first.year, first.month, 1, tzinfo=factory.zone),
    }
    energy = EnergyEntry.objects.filter(kind=EntryKind.USED, **since).select_related("energy_type")
    made = ProductionEntry.objects.filter(**since)
    entries: list[EnergyEntry | ProductionEntry] = [*energy.order_by("period_start", "id")]
    for entry in [*entries, *made.order_by("period_start", "id")]:
        assert entry.period_start is not None
        if entry.period_end is None or entry.period_end - entry.period_start > _ONE_DAY_AT_MOST:
            continue
        if isinstance(entry, EnergyEntry):
            code, name = entry.energy_type.code, _(entry.energy_type.name)
        else:
            code, name = entry.product, str(Product(entry.product).label)
        item = f"{code} {entry.unit}"
        names[item] = name.lower()
        day, written = (moment.astimezone(factory.zone).date() for moment in (entry.period_start, entry.created_at))
        series.setdefault(item, []).append(TypedDay(day, entry.amount, written))
    return series, names
