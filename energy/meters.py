"""The count of a meter between two readings becomes an entry of use, computed as any other.

A series is the readings of one factory, energy type and source in order of time. Each reading except the first has
one derived entry (`meter_to`), which is made, changed and deleted in the transaction of the readings.

Nobody can be asked about what a device reads. So its count of a time for which the same energy is logged already is set
aside: it makes no entry until the other one is gone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from energy.bounds import uses_of_the_same
from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.quantities import canonical, in_known_unit, local_units_of
from factories.models import Factory
from lib.decimals import plain
from lib.errors import ApiError, invalid
from logbook.choices import Act, Origin
from logbook.periods import LONGEST
from logbook.queries import overlapping
from logbook.registers import counted_between, likely_digits
from logbook.services import mark, save
from science import units

if TYPE_CHECKING:  # at run time the log imports this module
    from energy.services import EnergyLog, EntryInput


@dataclass(frozen=True, slots=True)
class SeriesMoment:
    """Where a reading stands: in which series, and when."""

    factory_id: int
    energy_type_id: int
    source_id: int | None
    timestamp: datetime


def place_of(entry: EnergyEntry) -> SeriesMoment | None:
    """The place of a reading that counts; None for a deleted one and for any other kind of entry."""
    if entry.kind != EntryKind.METER_READING or entry.deleted_at is not None:
        return None
    return SeriesMoment(entry.factory_id, entry.energy_type_id, entry.source_id, entry.timestamp)


def require_not_derived(entry: EnergyEntry) -> None:
    """Raise ApiError 409 `derived_entry` for an entry computed from readings: users cannot change it directly."""
    if entry.origin == Origin.METER:
        raise ApiError(
            409,
            "derived_entry",
            _("This entry is computed from meter readings %(first)d and %(last)d: correct one of those instead.")
            % {"first": entry.meter_from_id, "last": entry.meter_to_id},
            params={"meter_from": entry.meter_from_id, "meter_to": entry.meter_to_id},
        )


# --- Following a change ------------------------------------------------------------------------
def follow(log: EnergyLog, user: User | None, entry: EnergyEntry, *, before: SeriesMoment | None) -> None:
    """Bring the derived entries up to date after `entry` was stored; `before` is where it stood until then.

    Runs in the caller's transaction. Raises ApiError 400: the counter went backwards, two readings at one moment.
    """
    after = place_of(entry)
    places = {place for place in (before, after) if place is not None}
    if entry.last_act != Act.RECORDED:
        _decide_again(log, user, entry, is_undone=entry.last_act == Act.UNDONE)
    if not places:
        return
    _lock(entry)
    touched = {entry.pk: entry}
    for place in places:
        later = _series(place).filter(timestamp__gt=place.timestamp).exclude(pk=entry.pk).first()
        if later is not None:
            touched[later.pk] = later
    for reading in touched.values():
        _derive(log, user, reading, changed=entry)


def _lock(entry: EnergyEntry) -> None:
    """One change of a factory's readings at a time. A waiting request holds at most a NO KEY lock on its own reading,
    which the foreign keys of derived entries do not wait for."""
    Factory.objects.select_for_update(no_key=True).get(pk=entry.factory_id)


# --- The same energy twice ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class SetAside:
    """What a device counted from one reading to the next, and the use that stands for that time instead."""

    start: EnergyEntry
    reading: EnergyEntry
    counted_already: EnergyEntry


def set_aside(readings: QuerySet[EnergyEntry]) -> list[SetAside]:
    """Of these readings, newest first; three queries for each that made no use."""
    found = []
    for reading in _without_a_use(readings).order_by("-timestamp", "-id"):
        start = _reading_before(reading)
        other = None if start is None else _counted_already(start, reading)
        if start is not None and other is not None:
            found.append(SetAside(start, reading, other))
    return found


def _without_a_use(readings: QuerySet[EnergyEntry]) -> QuerySet[EnergyEntry]:
    alive = Q(consumption__isnull=False, consumption__deleted_at__isnull=True)
    return readings.filter(
        ~alive, kind=EntryKind.METER_READING, origin=Origin.DEVICE, meter_restarted=False, deleted_at__isnull=True
    ).select_related("energy_type", "factory__organisation")


def _counted_already(start: EnergyEntry, reading: EnergyEntry) -> EnergyEntry | None:
    same = uses_of_the_same(reading.factory, reading.energy_type, reading.source_id, is_metered=True)
    return overlapping(same, start.timestamp, reading.timestamp).order_by("-id").first()


def _decide_again(log: EnergyLog, user: User | None, changed: EnergyEntry, *, is_undone: bool) -> None:
    """After a use was deleted, corrected or undone: its history says what it was. What cannot be counted must not keep
    anybody from that."""
    events: Any = changed
    versions = list(events.events.order_by("-pgh_id")[:2])
    energy_types = {version.energy_type_id for version in versions if version.kind == EntryKind.USED}
    if not energy_types:
        return
    _lock(changed)
    if is_undone and changed.kind == EntryKind.USED and changed.deleted_at is None:
        _set_aside_since(versions[1].changed_at, user, changed)
    readings = EnergyEntry.objects.filter(factory_id=changed.factory_id, energy_type__in=energy_types)
    for reading in _without_a_use(readings):
        with suppress(ApiError), transaction.atomic():
            _derive(log, user, reading, changed=changed)


def _set_aside_since(undone_at: datetime, user: User | None, use: EnergyEntry) -> None:
    """A use is back, so the counts that took its place since the act that is undone give way; others stay."""
    same = uses_of_the_same(use.factory, use.energy_type, use.source_id, is_metered=False)
    counts = same.filter(origin=Origin.METER, meter_to__origin=Origin.DEVICE).select_related("meter_to")
    assert use.period_start is not None
    assert use.period_end is not None
    for count in overlapping(counts, use.period_start, use.period_end):
        events: Any = count
        stood = events.events.filter(changed_at__lt=undone_at).order_by("-pgh_id").first()
        if stood is None or stood.deleted_at is not None:
            _delete(count, user)


# --- Series ------------------------------------------------------------------------------------
def _series(place: SeriesMoment) -> QuerySet[EnergyEntry]:
    return (
        EnergyEntry.objects.filter(
            factory_id=place.factory_id,
            energy_type_id=place.energy_type_id,
            source_id=place.source_id,
            kind=EntryKind.METER_READING,
            deleted_at__isnull=True,
        )
        .select_related("energy_type", "factory__organisation")
        .order_by("timestamp", "id")
    )


def _derive(log: EnergyLog, user: User | None, reading: EnergyEntry, *, changed: EnergyEntry) -> None:
    """Make, change or delete the one entry that ends at `reading`, or leave it as it is."""
    derived = EnergyEntry.objects.filter(meter_to=reading).first()
    start = _reading_before(reading)
    now = timezone.now()
    is_counted = derived is not None and derived.deleted_at is None
    if start is not None and reading.origin == Origin.DEVICE and not is_counted and _counted_already(start, reading):
        start = None
    if start is None:
        if derived is not None and is_counted:
            _delete(derived, user)
            _decide_on_the_sources(log, user, derived, changed)
        return
    consumption = _consumption(log, start, reading, changed)
    if derived is None:
        derived = EnergyEntry(
            factory=reading.factory,
            origin=Origin.METER,
            meter_to=reading,
            recorded_by=user,
            changed_by=user,
            created_at=now,
            changed_at=now,
        )
    elif derived.deleted_at is None and derived.meter_from_id == start.pk and log.input_of(derived) == consumption:
        return
    else:
        derived.deleted_at = None
        mark(derived, user, Act.CORRECTED, _because(reading), now)
    derived.meter_from = start
    log.write(derived, consumption, now)
    save(derived)
    _decide_on_the_sources(log, user, derived, changed)


def _delete(derived: EnergyEntry, user: User | None) -> None:
    assert derived.meter_to is not None
    derived.deleted_at = timezone.now()
    mark(derived, user, Act.DELETED, _because(derived.meter_to), derived.deleted_at)
    save(derived)


def _decide_on_the_sources(log: EnergyLog, user: User | None, derived: EnergyEntry, changed: EnergyEntry) -> None:
    """Readings of the whole site may stand for what the meters of its sources count."""
    if derived.source_id is None and derived.last_act != Act.RECORDED:
        _decide_again(log, user, derived, is_undone=changed.last_act == Act.UNDONE)


def _because(reading: EnergyEntry) -> str:
    return _("computed from meter reading %d") % reading.pk


def _reading_before(reading: EnergyEntry) -> EnergyEntry | None:
    """The reading from which consumption is counted; None for a first, restarted or deleted reading."""
    place = place_of(reading)
    if place is None:
        return None
    others = _series(place).exclude(pk=reading.pk)
    twin = others.filter(timestamp=place.timestamp).first()
    if twin is not None:
        raise invalid(
            "timestamp",
            "reading_twice",
            _(
                "A reading of %(when)s exists already: %(amount)s %(unit)s (entry %(entry)d). Correct that one, or "
                "give this one another time."
            )
            % {"when": _local(reading), "amount": plain(twin.amount), "unit": twin.unit, "entry": twin.pk},
            entry=twin.pk,
        )
    if reading.meter_restarted:
        return None
    return others.filter(timestamp__lt=place.timestamp).last()


# --- Two readings ------------------------------------------------------------------------------
def _consumption(log: EnergyLog, start: EnergyEntry, end: EnergyEntry, changed: EnergyEntry) -> EntryInput:
    amount, unit = _difference(start, end, changed)
    if end.timestamp - start.timestamp > LONGEST:
        raise invalid(
            "timestamp",
            "readings_too_far_apart",
            _(
                "The previous reading is of %(when)s, more than %(days)d days earlier (entry %(entry)d): add a reading "
                "between them, or send meter_restarted=true to start from this one."
            )
            % {"when": _local(start), "days": LONGEST.days, "entry": start.pk},
            entry=start.pk,
        )
    return replace(
        log.input_of(end),
        kind=EntryKind.USED,
        amount=amount,
        unit=unit,
        period_start=start.timestamp,
        period_end=end.timestamp,
        cost=None,
        currency="",
        note="",
        meter_restarted=False,
        register_digits=None,
    )


def _difference(start: EnergyEntry, end: EnergyEntry, changed: EnergyEntry) -> tuple[Decimal, str]:
    """The counted amount in the unit of the later reading; a unit of the factory's own (x 40) is kept."""
    first = start.amount if _same_unit(start.unit, end.unit) else _in_unit_of(start, end)
    counted = counted_between(first, end.amount, end.register_digits)
    if counted is not None:
        return counted, end.unit
    # Leaves out the reading that is being written: a refused new entry has no number that anybody could look up.
    entries = [reading.pk for reading in (start, end) if reading.pk != changed.pk]
    raise invalid(
        "amount",
        "counter_went_back",
        _(
            "amount=%(last)s %(unit)s of %(last_when)s is below %(first)s %(first_unit)s of %(first_when)s (logged "
            "before: entry %(entries)s). Correct the one that is wrong; if the meter was replaced or reset, send "
            "meter_restarted=true for the later one; if it passed its end, send register_digits=%(digits)d."
        )
        % {
            "last": plain(end.amount),
            "unit": end.unit,
            "last_when": _local(end),
            "first": plain(start.amount),
            "first_unit": start.unit,
            "first_when": _local(start),
            "entries": ", ".join(map(str, entries)),
            "digits": likely_digits(first),
        },
        first=plain(start.amount),
        last=plain(end.amount),
        entries=entries,
        register_digits=likely_digits(first),
    )


def _same_unit(one: str, other: str) -> bool:
    def name(unit: str) -> str:
        return canonical(unit) or " ".join(unit.split()).lower()

    return name(one) == name(other)


def _in_unit_of(start: EnergyEntry, end: EnergyEntry) -> Decimal:
    """The amount of the earlier reading in the unit of the later one: kWh into MWh, or into a local unit."""
    local = local_units_of(end.factory, end.energy_type)
    known: list[Any] = [
        in_known_unit(amount, unit, energy_type=end.energy_type, local=local)
        for amount, unit in ((start.amount, start.unit), (Decimal(1), end.unit))
    ]
    try:
        one = units.convert(known[1].amount, from_unit=known[1].unit, to_unit=known[0].unit)
    except ValueError:
        raise invalid(
            "unit",
            "unit_of_another_kind",
            _("unit=%(unit)r does not fit %(first)r of the previous reading (entry %(entry)d); use the same unit.")
            % {"unit": end.unit, "first": start.unit, "entry": start.pk},
            unit=end.unit,
        ) from None
    return (known[0].amount / one).quantize(Decimal("0.000001"))


def _local(reading: EnergyEntry) -> str:
    return reading.timestamp.astimezone(reading.factory.zone).isoformat(timespec="minutes")
