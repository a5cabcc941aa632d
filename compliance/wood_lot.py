"""The wood lot of a site: what was there, came in and burned, for how long it lasts, and how much has evidence.

Biogenic CO2 of wood may be called sustainable only as far as deliveries with evidence reach (docs/method.md 9).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
from factories.days import factory_day
from factories.models import Factory
from lib.errors import ApiError
from logbook.queries import overlapping

EVIDENCE_DAYS = timedelta(days=365)  # deliveries of a year before the end say what is burned
USUAL_DAYS = 28  # whose mean use says for how long the stock lasts
_ZERO = Decimal(0)


class LotFlag(StrEnum):
    """Why a lot is not to be relied upon."""

    NO_COUNT = "no_count"  # nobody counted the stock before: how much is there is not known
    NO_KILOGRAMS = "no_kilograms"  # an entry is in a unit without a known mass
    NEGATIVE = "negative"  # more was burned than there was: a delivery is missing, or a count is wrong


@dataclass(frozen=True, slots=True)
class WoodLot:
    """Of a period; kg of wood as burned. The end is exclusive."""

    first_day: date
    end_day: date
    opening_kg: Decimal | None
    received_kg: Decimal
    grown_kg: Decimal  # of it from own plantations
    burned_kg: Decimal
    closing_kg: Decimal | None  # by the log; negative with the flag of that name
    days_left: Decimal | None
    biogenic_co2_kg: Decimal  # of the wood burned
    evidenced_share: Decimal  # of the wood that came in during a year before the end
    sustainable_co2_kg: Decimal  # of biogenic_co2_kg; wood that was never there has no evidence
    flags: tuple[LotFlag, ...]


def wood_lot(factory: Factory, first_day: date, end_day: date) -> WoodLot:
    """Raises ValueError for a period without a day."""
    if first_day >= end_day:
        raise ValueError(f"end_day={end_day} is not after first_day={first_day}; ask for at least one day")
    start, end = (factory_day(factory, day).starts_at for day in (first_day, end_day))
    counts = _counts(factory, start)
    since = min((count.timestamp for count in counts), default=start)
    came = deliveries(factory, min(since, end - EVIDENCE_DAYS), end)
    kg = dict(zip([e.pk for e in [*came, *counts]], entries_kg(factory, [*came, *counts]), strict=True))
    usual = end - timedelta(days=USUAL_DAYS)
    uses = list(overlapping(_wood(factory, EntryKind.USED), min(since, start, usual), end))

    def came_kg(begin: datetime, only: Iterable[EnergyEntry] = came) -> Decimal:
        return sum((kg[e.pk] or _ZERO for e in only if begin <= e.timestamp < end), _ZERO)

    burned_kg, co2_kg = _burned(uses, start, end)
    received_kg = came_kg(start)
    opening_kg = None
    if counts:
        opening_kg = _ZERO
        for count in counts:  # each fuel from its own count on
            of_fuel = [e for e in came if e.energy_type_id == count.energy_type_id]
            between = came_kg(count.timestamp, of_fuel) - came_kg(start, of_fuel)
            used = [e for e in uses if e.energy_type_id == count.energy_type_id]
            opening_kg += (kg[count.pk] or _ZERO) + between - _burned(used, count.timestamp, start)[0]
    closing_kg = None if opening_kg is None else opening_kg + received_kg - burned_kg
    a_day_kg = _burned(uses, usual, end)[0] / USUAL_DAYS
    year_kg = came_kg(end - EVIDENCE_DAYS)
    evidenced_kg = came_kg(end - EVIDENCE_DAYS, [e for e in came if (o := origin_of(e)) and o.evidence])
    share = evidenced_kg / year_kg if year_kg else _ZERO
    missing_kg = max(_ZERO, -(closing_kg or _ZERO))
    there = max(_ZERO, 1 - missing_kg / burned_kg) if burned_kg else _ZERO
    is_so = {
        LotFlag.NO_COUNT: opening_kg is None,
        LotFlag.NO_KILOGRAMS: None in kg.values(),
        LotFlag.NEGATIVE: missing_kg > 0 or (opening_kg is not None and opening_kg < 0),
    }
    return WoodLot(
        first_day=first_day,
        end_day=end_day,
        opening_kg=opening_kg,
        received_kg=received_kg,
        grown_kg=came_kg(start, [e for e in came if (o := origin_of(e)) and o.source == WoodSource.OWN]),
        burned_kg=burned_kg,
        closing_kg=closing_kg,
        days_left=max(_ZERO, closing_kg) / a_day_kg if closing_kg is not None and a_day_kg else None,
        biogenic_co2_kg=co2_kg,
        evidenced_share=share,
        sustainable_co2_kg=co2_kg * there * share,
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


def _counts(factory: Factory, before: datetime) -> list[EnergyEntry]:
    """The last count of each kind of wood."""
    rows = _wood(factory, EntryKind.STOCK_COUNT).filter(timestamp__lte=before)
    return list(rows.order_by("energy_type_id", "-timestamp", "-id").distinct("energy_type_id"))


def _burned(uses: Sequence[EnergyEntry], start: datetime, end: datetime) -> tuple[Decimal, Decimal]:
    """Kg of wood and of its CO2 between two moments; entries are spread over the period that they cover."""
    kg = co2_kg = _ZERO
    for use in uses:
        assert use.period_start is not None
        assert use.period_end is not None
        inside = min(use.period_end, end) - max(use.period_start, start)
        if inside > timedelta(0):
            share = Decimal(inside / (use.period_end - use.period_start))
            kg += share * (use.wood_kg or _ZERO)
            co2_kg += share * (use.biogenic_co2_kg or _ZERO)
    return kg, co2_kg
