"""What a change of a site's set-up makes of the CO2 that its chimneys measured, before it is stored.

Masses are rolled up again by the worker, which can take minutes of a year of readings. Their change is known before:
by how much the rate of one and the same reading changes under the setup.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Max, Min, Sum
from django.utils.translation import gettext as _

from emissions.derive import AssignmentSetup, load_setups
from emissions.models import AppliedSetup, EmissionHour, TouchedMinute
from emissions.queries import latest_readings
from factories.corrections import PastFigure
from factories.models import Factory
from science.readings import StackReading


@dataclass(frozen=True, slots=True)
class _Measured:
    """What an assignment measured up to now, and the rate of a usual reading under its setup."""

    kg: float
    first: datetime | None  # hour
    digest: str
    terms: tuple[object, ...]  # what a rate does not tell: the period, and whether it counts
    valid_from: datetime
    rate_kg_per_s: float | None
    is_final: bool = False  # the setup is applied, and no minute waits: `kg` is what it makes


@dataclass(frozen=True, slots=True)
class MeasuredCo2:
    """The ledger of measured CO2 of one site."""

    factory: Factory
    last: datetime | None  # the last hour of all
    by_assignment: dict[int, _Measured]

    def figures(self, after: "MeasuredCo2") -> list[PastFigure]:
        before_kg, after_kg = 0.0, 0.0
        since: list[datetime] = []
        is_known = True
        for key in self.by_assignment.keys() | after.by_assignment.keys():
            old, new = self.by_assignment.get(key), after.by_assignment.get(key)
            before_kg += old.kg if old else 0.0
            after_kg += old.kg if old else 0.0
            if old and new and old.digest == new.digest and old.terms == new.terms:
                continue
            begins = self._changes_from(old, new)
            if begins is None:
                continue
            if new and new.is_final:
                after_kg += new.kg - (old.kg if old else 0.0)
            elif old and new and old.terms == new.terms and old.rate_kg_per_s and new.rate_kg_per_s:
                after_kg += old.kg * (new.rate_kg_per_s / old.rate_kg_per_s - 1)
            else:
                is_known = False
            since.append(begins)
        if not since:
            return []
        day = min(since).astimezone(self.factory.zone).date()
        label = _("CO2 measured in the chimneys")
        return [PastFigure("measured_co2", label, "kg", before_kg, after_kg if is_known else None, day)]

    def _changes_from(self, old: _Measured | None, new: _Measured | None) -> datetime | None:
        """The first hour that changes; None where nothing has been measured since then."""
        if old and new and old.terms == new.terms:
            return old.first or new.first
        begins = min(one.valid_from for one in (old, new) if one)
        return begins if self.last is not None and begins <= self.last else None


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
            is_final = device not in waiting and applied.get(setup.assignment.pk) == setup.digest
            found[setup.assignment.pk] = replace(one, is_final=is_final)
    return MeasuredCo2(factory, max((row["last"] for row in by_assignment.values()), default=None), found)


def _measured(setup: AssignmentSetup, usual: StackReading, kg: float, first: datetime | None) -> _Measured:
    row = setup.assignment
    return _Measured(
        kg=kg,
        first=first,
        digest=setup.digest,
        terms=(row.device_id, setup.valid_from, row.valid_to, row.is_of_record, row.range_ppm),
        valid_from=setup.valid_from,
        rate_kg_per_s=setup.rate_of(usual),
    )
