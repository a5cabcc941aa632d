"""A counter of a device as the meter of a source: its count becomes meter readings of the site's energy log.

At each start of a factory day there is a reading, on the line between the two values beside it; where a new register
begins, the last of the old and the first of the new one; around a gap of more than an hour, the values beside it. What
two readings make is the rule of `energy/meters.py`, as is what happens when the same energy is logged already.

Ingest notes in the meter from when on values are new (`touch_meters`), the job enters them: late values correct the
readings of their days. What a person corrected or deleted stays so.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F, Min, Q, Value
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from emissions.channels import GAP_S, RegisterStep, register_steps
from emissions.models import ChannelMinute, MeasuredAs, SensorChannel
from energy.choices import Carrier, EntryKind
from energy.factors import find_energy_type
from energy.meters import SetAside, set_aside
from energy.models import EnergyEntry, EnergyType
from energy.services import EntryInput, energy_log, find_source
from energy.valuation import Valuer
from factories.choices import SourceKind
from factories.days import days_between, running_day
from factories.models import EmissionSource
from lib.errors import ApiError, invalid
from logbook.choices import Origin
from logbook.periods import require_on_earth
from mqtt_ingest.models import DeviceMeter

logger = logging.getLogger(__name__)

_LOCK = 0x4D455445  # advisory lock class: one process at a time enters the count of a meter
_IDS = UUID("6f3b1c52-7d0e-4a86-9d5c-2c1f0b7e9a41")  # names the readings of our meters among client ids
_STEP = Decimal("0.000001")  # of an amount in the log
READINGS_A_DAY = 8  # more are no register any more
LONGEST_ROUND = timedelta(days=31)  # of new values in one transaction
SHOWN_FOR = timedelta(days=60)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MeterPoint:
    at: datetime
    amount: Decimal
    is_restart: bool = False


# --- Which counter is a meter ---------------------------------------------------------------------
def begin_meter(
    channel: SensorChannel, energy_type: str, source_id: int, user: User | None, counts_from: datetime | None = None
) -> DeviceMeter:
    """From the minute of `counts_from` on (default: the next minute) the counter is the meter of a source of its site.

    Raises ApiError 400 by field, and 409 `meter_exists` while the source has another meter, or the counter counts
    already.
    """
    now = timezone.now()
    begin = _minute(counts_from) if counts_from else _minute(now) + _MINUTE
    require_on_earth("counts_from", begin, now)
    factory, found = channel.device.factory, find_energy_type(energy_type)
    source = find_source(factory, source_id)
    assert source is not None
    _require_counter(channel, found)
    _require_fit(source, found)
    today = running_day(factory, now).day
    Valuer(factory, found, source=source).value(Decimal(1), channel.unit, (today, today), None)
    others = DeviceMeter.objects.filter(Q(channel=channel) | Q(source=source, energy_type=found))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_LOCK])
        other = others.filter(Q(counts_until=None) | Q(counts_until__gt=begin)).first()
        if other is not None:
            words = _("%(other)s counts then: end that one first, or let this one count from later on.")
            raise ApiError(409, "meter_exists", words % {"other": str(other)}, params={"meter": other.pk})
        values = ChannelMinute.objects.filter(channel=channel, minute__gte=begin)
        return DeviceMeter.objects.create(
            channel=channel,
            energy_type=found,
            source=source,
            counts_from=begin,
            set_by=user,
            stale_from=values.aggregate(first=Min("minute"))["first"],
        )


def end_meter(channel: SensorChannel) -> None:
    """From the next minute on it counts no longer: its last value is entered, then none. One that was to begin then is
    gone. Changes nothing where it is no meter."""
    until = _minute(timezone.now()) + _MINUTE
    with transaction.atomic():
        for meter in DeviceMeter.objects.select_for_update().filter(channel=channel, counts_until=None):
            if meter.counts_from >= until:
                meter.delete()
                continue
            meter.counts_until = until
            meter.save(update_fields=["counts_until"])
            _touch(meter.pk, max(meter.counts_from, until - 2 * _MINUTE))


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _require_counter(channel: SensorChannel, energy_type: EnergyType) -> None:
    if channel.kind != MeasuredAs.COUNTER or (channel.unit == "m3" and energy_type.is_stacked):
        words = _("%(channel)s (%(unit)s) is no counter of %(type)s: map its register, in kWh, kg or m3 of volume.")
        params = {"channel": str(channel), "unit": channel.unit, "type": energy_type.code}
        raise invalid("energy_type", "no_counter", words % params)


def _require_fit(source: EmissionSource, energy_type: EnergyType) -> None:
    is_grid = source.kind == SourceKind.GRID
    listed = source.listed_fuels
    is_fuel = energy_type.carrier == Carrier.FUEL
    if (
        is_grid != (energy_type.carrier == Carrier.GRID)
        or (source.kind == SourceKind.GENSET and not is_fuel)
        or (is_fuel and listed and energy_type.code not in listed)
    ):
        words = _("%(source)s does not use %(type)s. Of a generator its fuel counts, never its kWh beside it.")
        raise invalid("source", "other_energy", words % {"source": source.name, "type": energy_type.code})


def set_asides_of(meter: DeviceMeter) -> list[SetAside]:
    """What it counted in the last weeks for a time in which the same energy was logged already, the newest first."""
    readings = EnergyEntry.objects.filter(
        energy_type=meter.energy_type, source=meter.source, timestamp__gte=timezone.now() - SHOWN_FOR
    )
    return set_aside(readings)


# --- What is new ----------------------------------------------------------------------------------
def touch_meters(counters: Mapping[int, datetime]) -> None:
    """Within the transaction that stores the values of these channels, each with the first moment; in key order."""
    if not counters:
        return
    for meter in DeviceMeter.objects.filter(channel__in=counters).order_by("pk"):
        if meter.counts_until is None or counters[meter.channel_id] < meter.counts_until:
            _touch(meter.pk, counters[meter.channel_id])


def _touch(pk: int, since: datetime) -> None:
    DeviceMeter.objects.filter(pk=pk).update(
        stale_from=Least("stale_from", Value(since)), changes=F("changes") + 1
    )  # LEAST of PostgreSQL ignores nulls


def enter_counts() -> int:
    """The job: enter what is new of each meter; how many meters. Safe twice and in two workers at once."""
    waiting = DeviceMeter.objects.filter(stale_from__isnull=False).order_by("pk").values_list("pk", flat=True)
    entered = 0
    for pk in list(waiting):
        try:
            entered += _enter(pk)
        except (ArithmeticError, LookupError, ValueError, DataError, IntegrityError):  # of one meter, not of them all
            logger.exception("what meter %d counted cannot be entered", pk)
    return entered


def _enter(pk: int) -> bool:
    """Values that come meanwhile raise `changes`, and the note is kept: no lock makes ingest wait for this."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, pk])
        if not cursor.fetchone()[0]:
            return False
        meters = DeviceMeter.objects.select_related("channel", "energy_type", "source__factory__organisation")
        meter = meters.get(pk=pk)
        if meter.stale_from is None:
            return False
        until = min(timezone.now(), max(meter.stale_from, meter.counts_from) + LONGEST_ROUND)
        is_rest = until < timezone.now() - _MINUTE
        try:
            _write(meter, meter.stale_from, until)
            problem, stale_from = "", until if is_rest else None
        except ApiError as refusal:
            messages = [error["message"] for errors in refusal.fields.values() for error in errors]
            problem, stale_from = " ".join(messages or [refusal.message])[:500], meter.stale_from
        DeviceMeter.objects.filter(pk=pk, changes=meter.changes).update(stale_from=stale_from)
        DeviceMeter.objects.filter(pk=pk).exclude(problem=problem).update(problem=problem)
    return True


# --- Readings of the log --------------------------------------------------------------------------
def meter_points(steps: Iterable[RegisterStep], day_starts: Iterable[datetime]) -> list[MeterPoint]:
    """What a log of the register needs, each moment once, ascending."""
    starts = sorted(day_starts)
    found: dict[datetime, MeterPoint] = {}
    for step in steps:
        for reading in _of_step(step, starts):
            found.setdefault(reading.at, reading)  # a first value stays one
    return [found[at] for at in sorted(found)]


def _of_step(step: RegisterStep, starts: list[datetime]) -> Iterator[MeterPoint]:
    now = MeterPoint(step.measured_at, _decimal(step.amount))
    if step.was_at is None or step.was is None:
        yield MeterPoint(now.at, now.amount, is_restart=True)
        return
    before = MeterPoint(step.was_at, _decimal(step.was))
    start = next((start for start in starts if step.was_at < start <= step.measured_at), None)
    if step.amount < step.was:
        yield before
        yield MeterPoint(now.at, now.amount, is_restart=True)
    elif start is None:  # the last value
        yield now
    elif (step.measured_at - step.was_at).total_seconds() > GAP_S:
        yield before
        yield now
    else:
        share = (start - step.was_at) / (step.measured_at - step.was_at)
        yield MeterPoint(start, _decimal(step.was + (step.amount - step.was) * share))


def _decimal(amount: float) -> Decimal:
    return Decimal(repr(amount)).quantize(_STEP)


def _write(meter: DeviceMeter, since: datetime, until: datetime) -> None:
    """Bring the meter's readings from the day before `since` up to `until` in line with its values.

    Raises ApiError, with what was entered before it: an impossible count stops the meter until somebody acts.
    """
    factory = meter.source.factory
    before = ChannelMinute.objects.filter(channel=meter.channel, minute__lt=since, minute__gte=meter.counts_from)
    since = before.order_by("-minute").values_list("minute", flat=True).first() or since
    first = running_day(factory, since).day - timedelta(days=1)
    days = days_between(factory, first, running_day(factory, until).day)
    begin = max(days[0].starts_at, meter.counts_from)
    starts = [day.starts_at for day in days]
    steps = register_steps(
        meter.channel,
        begin,
        min(until + _MINUTE, meter.counts_until or until + _MINUTE),
        begins_at=meter.counts_from,
        marks=starts,
        with_last=meter.counts_until is not None,
    )
    wanted: dict[UUID, MeterPoint] = {}
    ids = [one for day in days for one in _ids_of(meter, day.day)]
    # Whoever corrects a reading holds its row and waits for the site: rows first here too, or each waits for the other.
    ours = EnergyEntry.objects.filter(recorded_by=None, client_id__in=ids).order_by("pk")
    known = {entry.client_id: entry for entry in ours.select_for_update(no_key=True)}
    by_others = EnergyEntry.objects.filter(
        factory=factory, energy_type=meter.energy_type, source=meter.source, kind=EntryKind.METER_READING
    ).exclude(pk__in=[entry.pk for entry in known.values()])
    taken = set(by_others.filter(deleted_at=None, timestamp__gte=begin).values_list("timestamp", flat=True))
    points = [one for one in meter_points(steps, starts) if one.at >= begin and one.at not in taken]
    of_day = groupby(points, key=lambda point: running_day(factory, point.at).day)
    for day, in_order in of_day:
        of_one = list(in_order)
        if len(of_one) > READINGS_A_DAY:
            words = _("On %(day)s it fell back again and again: that is no register. Map one that keeps counting.")
            raise invalid("energy_type", "no_counter", words % {"day": day})
        wanted |= zip(_ids_of(meter, day), of_one, strict=False)
    for client_id, entry in known.items():
        if client_id not in wanted and entry.timestamp >= begin and entry.timestamp < until and _is_ours(entry):
            EnergyEntry.objects.filter(pk=entry.pk).update(client_id=None)  # its place may be taken again
            energy_log.delete(None, entry.pk, _because(meter))
    for client_id, reading in wanted.items():
        _enter_reading(meter, client_id, reading, known.get(client_id))


def _ids_of(meter: DeviceMeter, day: date) -> list[UUID]:
    return [uuid5(_IDS, f"{meter.pk} {day} {place}") for place in range(READINGS_A_DAY)]


def _is_ours(entry: EnergyEntry) -> bool:
    """Nobody corrected or deleted it."""
    return entry.deleted_at is None and entry.changed_by_id is None


def _enter_reading(meter: DeviceMeter, client_id: UUID, reading: MeterPoint, entry: EnergyEntry | None) -> None:
    values: dict[str, Any] = {"timestamp": reading.at, "amount": reading.amount, "meter_restarted": reading.is_restart}
    if entry is None:
        given = EntryInput(
            energy_type=meter.energy_type.code,
            unit=meter.channel.unit,
            kind=EntryKind.METER_READING,
            source_id=meter.source_id,
            **values,
        )
        energy_log.record(None, meter.source.factory, given, client_id=client_id, origin=Origin.DEVICE)
    elif _is_ours(entry) and any(getattr(entry, name) != value for name, value in values.items()):
        energy_log.correct(None, entry.pk, values, _because(meter))


def _because(meter: DeviceMeter) -> str:
    return _("values of %(channel)s came late") % {"channel": str(meter.channel)}
