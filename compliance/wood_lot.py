"""The wood lot of a site: what was there, came in and burned, for how long it lasts, and how much has evidence.

Biogenic CO2 of wood may be called sustainable only as far as deliveries with evidence reach (docs/method.md 9).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.choices import WoodSource
from compliance.models import WoodOrigin
from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.stock import entries_kg
from factories.days import ONE_DAY, days_between, factory_day
from factories.models import Factory
from lib.errors import ApiError
from logbook.queries import overlapping
from science.rounding import decimal_kg

EVIDENCE_DAYS = timedelta(days=365)  # deliveries of a year before the end say what is burned
USUAL_DAYS = 28  # whose mean use says for how long the stock lasts
_ZERO = Decimal(0)


class LotFlag(StrEnum):
    """Why a lot is not to be relied upon."""

    NO_COUNT = "no_count"  # nobody counted the stock of a kind: how much of it is there is not known
    NO_KILOGRAMS = "no_kilograms"  # an entry is in a unit without a known mass
    NEGATIVE = "negative"  # more of a kind was burned than there was: a delivery is missing, or a count is wrong


@dataclass(frozen=True, slots=True)
class WoodLot:
    """Of a period; kg of wood at the moisture of the site. The end is exclusive."""

    first_day: date
    end_day: date
    opening_kg: Decimal | None
    received_kg: Decimal
    grown_kg: Decimal  # of it from own plantations
    burned_kg: Decimal
    closing_kg: Decimal | None  # by the log, from the last count on
    days_left: Decimal | None
    biogenic_co2_kg: Decimal  # of the wood burned
    evidenced_share: Decimal  # of the wood that came in during a year before the end, or burned where that is more
    sustainable_co2_kg: Decimal  # of biogenic_co2_kg
    flags: tuple[LotFlag, ...]


@dataclass(frozen=True, slots=True)
class _Entries:
    """Of the wood of a site, or of one kind of it, with the kg of each; counts ascending."""

    counts: Sequence[EnergyEntry]
    came: Sequence[EnergyEntry]
    uses: Sequence[EnergyEntry]
    kg: Mapping[int, Decimal | None]

    def of_kind(self, energy_type_id: int) -> "_Entries":
        parts = (self.counts, self.came, self.uses)
        counts, came, uses = ([e for e in rows if e.energy_type_id == energy_type_id] for rows in parts)
        return _Entries(counts, came, uses, self.kg)

    def came_kg(self, start: datetime, end: datetime) -> Decimal:
        return sum((self.kg[e.pk] or _ZERO for e in self.came if start <= e.timestamp < end), _ZERO)

    def burned_kg(self, start: datetime, end: datetime) -> Decimal:
        return sum((share * (self.kg[use.pk] or _ZERO) for use, share in _shares(self.uses, start, end)), _ZERO)

    def flows(self, start: datetime, end: datetime) -> bool:
        return bool(self.came_kg(start, end) or self.burned_kg(start, end))

    def level_kg(self, moment: datetime) -> Decimal | None:
        """What was there at a moment, by the last count and the log since; None without a count."""
        counts = [count for count in self.counts if count.timestamp <= moment]
        if not counts:
            return None
        begin, counted_kg = counts[-1].timestamp, self.kg[counts[-1].pk] or _ZERO
        return decimal_kg(counted_kg + self.came_kg(begin, moment) - self.burned_kg(begin, moment))


def wood_lot(factory: Factory, first_day: date, end_day: date) -> WoodLot:
    """Raises ValueError for a period without a day."""
    if first_day >= end_day:
        raise ValueError(f"end_day={end_day} is not after first_day={first_day}; ask for at least one day")
    start, end = (factory_day(factory, day).starts_at for day in (first_day, end_day))
    year = end - EVIDENCE_DAYS
    wood = _entries(factory, min(start, year), start, end)
    kinds = [wood.of_kind(pk) for pk in {e.energy_type_id for e in [*wood.counts, *wood.came, *wood.uses]}]
    counted = [of_kind for of_kind in kinds if of_kind.counts]
    moments = [start, *(day.ends_at for day in days_between(factory, first_day, end_day - ONE_DAY))]
    levels = [[of_kind.level_kg(moment) for moment in moments] for of_kind in counted]
    closing_kg = _sum([of_kind[-1] for of_kind in levels])
    usual = end - timedelta(days=USUAL_DAYS)
    a_day_kg = sum((of_kind.burned_kg(usual, end) for of_kind in counted), _ZERO) / USUAL_DAYS
    evidenced_kg = replace(wood, came=[e for e in wood.came if (o := origin_of(e)) and o.evidence]).came_kg(year, end)
    year_kg = max(wood.came_kg(year, end), wood.burned_kg(year, end))
    share = evidenced_kg / year_kg if year_kg else _ZERO
    co2_kg = sum((part * (use.biogenic_co2_kg or _ZERO) for use, part in _shares(wood.uses, start, end)), _ZERO)
    own = [e for e in wood.came if (o := origin_of(e)) and o.source == WoodSource.OWN]
    is_so = {
        LotFlag.NO_COUNT: not counted or any(not of_kind.counts and of_kind.flows(start, end) for of_kind in kinds),
        LotFlag.NO_KILOGRAMS: None in wood.kg.values(),
        LotFlag.NEGATIVE: any(level is not None and level < 0 for of_kind in levels for level in of_kind),
    }
    return WoodLot(
        first_day=first_day,
        end_day=end_day,
        opening_kg=_sum([of_kind[0] for of_kind in levels]),
        received_kg=wood.came_kg(start, end),
        grown_kg=replace(wood, came=own).came_kg(start, end),
        burned_kg=wood.burned_kg(start, end),
        closing_kg=closing_kg,
        days_left=max(_ZERO, closing_kg) / a_day_kg if closing_kg is not None and a_day_kg else None,
        biogenic_co2_kg=co2_kg,
        evidenced_share=share,
        sustainable_co2_kg=co2_kg * share,
        flags=tuple(flag for flag, is_true in is_so.items() if is_true),
    )


def deliveries(factory: Factory, start: datetime, end: datetime) -> list[EnergyEntry]:
    """Of wood, the newest first; with their origins."""
    rows = _wood(factory, EntryKind.RECEIVED).filter(timestamp__gte=start, timestamp__lt=end)
    return list(rows.select_related("wood_origin", "energy_type").order_by("-timestamp", "-id"))


def origin_of(entry: EnergyEntry) -> WoodOrigin | None:
    return getattr(entry, "wood_origin", None)


def set_origin(user: User | None, factory: Factory, entry_id: int, values: dict[str, str]) -> WoodOrigin:
    """State where a delivery comes from. Raises ApiError 404 `no_such_delivery`."""
    entry = _wood(factory, EntryKind.RECEIVED).filter(pk=entry_id).first()
    if entry is None:
        raise ApiError(404, "no_such_delivery", _("There is no such delivery of wood at this site."))
    changes = values | {"set_by": user, "changed_at": timezone.now()}
    row, _is_new = WoodOrigin.objects.update_or_create(entry=entry, defaults=changes)
    return row


def _wood(factory: Factory, kind: EntryKind) -> QuerySet[EnergyEntry]:
    return EnergyEntry.objects.filter(factory=factory, kind=kind, energy_type__is_wood=True, deleted_at=None)


def _entries(factory: Factory, since: datetime, start: datetime, end: datetime) -> _Entries:
    """From a moment on, and from the last count of each kind before the start."""
    rows = _wood(factory, EntryKind.STOCK_COUNT).order_by("timestamp", "id")
    before = rows.filter(timestamp__lte=start).order_by("energy_type_id", "-timestamp", "-id")
    counts = [*before.distinct("energy_type_id"), *rows.filter(timestamp__gt=start, timestamp__lt=end)]
    since = min([since, *(count.timestamp for count in counts)])
    came, uses = deliveries(factory, since, end), list(overlapping(_wood(factory, EntryKind.USED), since, end))
    found = [*counts, *came, *uses]
    kg = zip((e.pk for e in found), entries_kg(factory, found), strict=True)
    return _Entries(counts, came, uses, dict(kg))


def _sum(levels: Sequence[Decimal | None]) -> Decimal | None:
    """None when one of them is not known, or there is none."""
    known = [level for level in levels if level is not None]
    return sum(known, _ZERO) if known and len(known) == len(levels) else None


def _shares(uses: Sequence[EnergyEntry], start: datetime, end: datetime) -> Iterator[tuple[EnergyEntry, Decimal]]:
    """The uses between two moments, each with the share of its period that lies there."""
    for use in uses:
        assert use.period_start is not None
        assert use.period_end is not None
        inside = min(use.period_end, end) - max(use.period_start, start)
        if inside > timedelta(0):
            yield use, Decimal(inside / (use.period_end - use.period_start))
