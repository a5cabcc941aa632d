"""What a change of a site's set-up makes of the CO2 that its chimneys measured, before it is stored.

Masses are rolled up again by the worker, which can take minutes of a year of readings. Their change is known before:
by how much the rate of one and the same reading changes under the setup.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Max, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from emissions.derive import AssignmentSetup, SetupRate, load_setups, milliseconds, moment
from emissions.models import AppliedSetup, EmissionHour, EmissionMinute, TouchedMinute
from emissions.queries import latest_readings
from factories.corrections import PastFigure
from factories.days import local_hour_start
from factories.models import Factory
from science.readings import StackReading

ONE_HOUR = timedelta(hours=1)
# From its first hour on the mass of a stretch changes by so many kg; None: by how much is known once it is computed.
_Change = tuple[datetime, float | None]


@dataclass(frozen=True, slots=True)
class _Measured:
    """What an assignment measured up to now, and the rates of a usual reading under its setup."""

    kg: float
    first: datetime | None  # hour
    digest: str
    terms: tuple[object, ...]  # what a rate does not tell: the period, and whether it counts
    valid_from: datetime
    rates: Sequence[SetupRate]
    is_final: bool = False  # the setup is applied, and no minute waits: `kg` is what it makes
    is_stale: bool = False  # a change that was confirmed before is still being computed: `kg` is without it


@dataclass(frozen=True, slots=True)
class MeasuredCo2:
    """The ledger of measured CO2 of one site."""

    factory: Factory
    until: datetime
    last: datetime | None  # the last hour of all
    by_assignment: dict[int, _Measured]

    def figures(self, after: "MeasuredCo2") -> list[PastFigure]:
        changes: list[_Change] = []
        for key in self.by_assignment.keys() | after.by_assignment.keys():
            changes += self._changes(key, self.by_assignment.get(key), after.by_assignment.get(key))
        if not changes:
            return []
        day = min(since for since, _kg in changes).astimezone(self.factory.zone).date()
        begins = datetime.combine(day, time.min, self.factory.zone)
        before_kg = _kg(self._hours().filter(period_start__gte=begins))
        known = [kg for _since, kg in changes if kg is not None]
        after_kg = before_kg + sum(known) if len(known) == len(changes) else None
        return [PastFigure("measured_co2", _("CO2 measured in the chimneys"), "kg", before_kg, after_kg, day)]

    def _hours(self) -> QuerySet[EmissionHour]:
        return EmissionHour.objects.filter(assignment__factory=self.factory, period_start__lt=self.until)

    def _changes(self, key: int, old: _Measured | None, new: _Measured | None) -> Iterator[_Change]:
        if old and new and old.terms == new.terms:
            if old.digest == new.digest:
                return
            if not new.is_final:
                yield from self._recomputed(key, old, new)
                return
            begins = old.first or new.first
        else:
            begins = min(one.valid_from for one in (old, new) if one)
            if self.last is None or begins > self.last:
                return  # nothing has been measured since then
        if begins is not None:
            yield begins, new.kg - (old.kg if old else 0.0) if new and new.is_final else None

    def _recomputed(self, key: int, old: _Measured, new: _Measured) -> Iterator[_Change]:
        """Between two calibrations one and the same reading has one rate."""
        edges = [max(0, since_ms) for since_ms in sorted({one.since_ms for one in (*old.rates, *new.rates)})]
        for start_ms, end_ms in pairwise([*edges, milliseconds(self.until + ONE_HOUR)]):
            was, becomes = _at(start_ms, old.rates), _at(start_ms, new.rates)
            if was[1:] == becomes[1:]:
                continue
            first, kg = self._stretch(key, moment(start_ms), moment(end_ms))
            if first is None:
                continue
            is_known = not old.is_stale and was.zero_error_ppm == becomes.zero_error_ppm
            if is_known and was.kg_per_s and becomes.kg_per_s:
                yield first, kg * (becomes.kg_per_s / was.kg_per_s - 1)
            else:
                yield first, None

    def _stretch(self, key: int, start: datetime, end: datetime) -> tuple[datetime | None, float]:
        """The first hour with readings from start to end, and the mass: of whole hours, less minutes beyond both."""
        hours = self._hours().filter(assignment=key, period_start__gt=start - ONE_HOUR, period_start__lt=end)
        first_hour, last_hour = (local_hour_start(edge, self.factory.zone) for edge in (start, end))
        beyond = Q(period_start__gte=first_hour, period_start__lt=start)
        if last_hour < min(end, self.until):
            beyond |= Q(period_start__gte=end, period_start__lt=last_hour + ONE_HOUR)
        minutes = EmissionMinute.objects.filter(beyond, assignment=key, device__assignments=key)
        if not _sum(hours, "readings") - _sum(minutes, "readings"):
            return None, 0.0
        return hours.aggregate(first=Min("period_start"))["first"], _kg(hours) - _kg(minutes)


def _at(t_ms: int, rates: Sequence[SetupRate]) -> SetupRate:
    return next(one for one in reversed(rates) if one.since_ms <= t_ms)


def _sum(rows: QuerySet[Any], name: str) -> int:
    return rows.aggregate(sum=Sum(name))["sum"] or 0


def _kg(rows: QuerySet[Any]) -> float:
    return _sum(rows, "measured_ug") / 1e9


def measured_co2(factory: Factory, until: datetime) -> MeasuredCo2:
    devices = list(factory.devices.values_list("pk", flat=True))
    hours = EmissionHour.objects.filter(assignment__factory=factory, period_start__lt=until)
    sums = (
        hours.order_by()
        .values("assignment")
        .annotate(ug=Sum("measured_ug"), first=Min("period_start"), last=Max("period_start"))
    )
    by_assignment = {row["assignment"]: row for row in sums}
    pressures = {item.row.device_id: item.row for item in latest_readings(devices)} if devices else {}
    applied = dict(AppliedSetup.objects.filter(assignment__factory=factory).values_list("assignment", "digest"))
    waiting = set(
        TouchedMinute.objects.filter(device__in=devices, period_start__lt=until).values_list("device", flat=True)
    )
    found = {}
    for device, setups in (load_setups(devices) if devices else {}).items():
        row = pressures.get(device)
        usual = StackReading(
            0, 90_000.0, 180.0, 4.0, row and row.pressure_pa, row and row.cell_pressure_pa, 5.0, None, 1, 0
        )
        for setup in setups:
            known = by_assignment.get(setup.assignment.pk)
            one = _measured(setup, usual, known["ug"] / 1e9 if known else 0.0, known and known["first"])
            digest = applied.get(setup.assignment.pk)
            is_final = device not in waiting and digest == setup.digest
            is_stale = device in waiting or digest not in (None, setup.digest)
            found[setup.assignment.pk] = replace(one, is_final=is_final, is_stale=is_stale)
    last = max((row["last"] for row in by_assignment.values()), default=None)
    return MeasuredCo2(factory, until, last, found)


def _measured(setup: AssignmentSetup, usual: StackReading, kg: float, first: datetime | None) -> _Measured:
    row = setup.assignment
    return _Measured(
        kg=kg,
        first=first,
        digest=setup.digest,
        terms=(row.device_id, setup.valid_from, row.valid_to, row.is_of_record, row.range_ppm),
        valid_from=setup.valid_from,
        rates=setup.rates_of(usual),
    )
