"""Cards of what chimneys measured: hours of a site and of a chimney, one hour from its minutes, one reading."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter

from django.utils.translation import gettext as _

from compliance.explain.card import STORED, Card, Operand
from compliance.explain.catalogue import label_of, unit_of
from compliance.explain.identity import Identity, hour, hours
from compliance.explain.sites import UnknownNameError
from compliance.record.hours import hours_between
from compliance.record.rules import RecordHour
from devices.models import Assignment
from emissions import queries
from emissions.derive import DerivedReading, milliseconds
from emissions.models import EmissionHour, EmissionMinute, SubstitutedHour
from emissions.site_hours import site_hours
from factories.known import factories_known
from factories.models import Chimney, Factory
from science import constants
from science.hours import IDLE_CONTEXT_MINUTES, MinuteFacts, idle_minutes
from science.rounding import decimal_kg

_ONE_HOUR = timedelta(hours=1)
_ONE_DAY = timedelta(days=1)
# `counted_kg`: of the hours measured or idle; with the substituted ones it is `record_kg`.
_COLUMNS = {"record_kg": "record_ug", "counted_kg": "record_ug", "measured_kg": "measured_ug"}


def hours_of_chimney(chimney: Chimney, start: datetime, end: datetime) -> list[EmissionHour]:
    """Of its device of record, ascending."""
    rows = EmissionHour.objects.filter(
        assignment__in=Assignment.objects.filter(chimney=chimney, is_of_record=True),
        period_start__gte=start,
        period_start__lt=end,
    )
    return list(rows.order_by("period_start"))


def substituted_of_chimney(chimney: Chimney, start: datetime, end: datetime) -> list[SubstitutedHour]:
    rows = SubstitutedHour.objects.filter(
        assignment__in=Assignment.objects.filter(chimney=chimney, is_of_record=True),
        period_start__gte=start,
        period_start__lt=end,
    )
    return list(rows.order_by("period_start"))


def known_hours(chimney: Chimney, start: datetime, end: datetime, moment: datetime) -> list[RecordHour]:
    """Of its device of record, as known at a moment, with the substitution method of that time."""
    return [
        hour
        for factory in factories_known([chimney.factory], moment)
        for hour in hours_between(factory, start, end, now=moment, as_known_on=moment)
        if hour.chimney_id == chimney.pk
    ]


def masses_of_chimney(
    chimney: Chimney, start: datetime, end: datetime, name: str, *, as_known_on: datetime | None = None
) -> dict[datetime, Decimal]:
    """kg of the hours that have a mass of that name, ascending. Raises UnknownNameError."""
    if name not in _COLUMNS:
        raise UnknownNameError(name)
    if as_known_on is not None:
        found = known_hours(chimney, start, end, as_known_on)
        own = [hour for hour in found if name != "counted_kg" or not hour.method]
        masses = {hour.period_start: getattr(hour, _COLUMNS[name]) for hour in own}
        return {at: Decimal(ug).scaleb(-9) for at, ug in masses.items() if ug is not None}
    rows: list[EmissionHour | SubstitutedHour] = [*hours_of_chimney(chimney, start, end)]
    if name == "record_kg":
        rows += substituted_of_chimney(chimney, start, end)
    known = [(row.period_start, getattr(row, _COLUMNS[name])) for row in rows]
    return {at: Decimal(ug).scaleb(-9) for at, ug in sorted(known, key=itemgetter(0)) if ug is not None}


def explain_chimney(figure: Identity, chimney: Chimney, as_known_on: datetime | None = None) -> Card:
    """The sum of its hours that have a mass; of many days that of the days."""
    start, end, name = figure.first_hour, figure.end_hour, figure.name
    known = masses_of_chimney(chimney, start, end, name, as_known_on=as_known_on)
    value = sum(known.values(), Decimal(0)) if known else None
    operands = [Operand("h", f"{at:%d %H:%M}", kg, "kg CO2", hour(chimney.pk, at, name)) for at, kg in known.items()]
    if end - start > 2 * _ONE_DAY:
        by_day: dict[int, Decimal] = {}
        for at, kg in known.items():
            by_day[(at - start) // _ONE_DAY] = by_day.get((at - start) // _ONE_DAY, Decimal(0)) + kg
        operands = []
        for number, kg in by_day.items():
            first, last = start + number * _ONE_DAY, min(end, start + (number + 1) * _ONE_DAY)
            operands.append(
                Operand("h", f"{first:%d %b %H:%M}", kg, "kg CO2", hours("chimney", chimney.pk, first, last, name))
            )
    if value is not None and name != "measured_kg":
        value = decimal_kg(value)
        return _card(figure, value, "ROUND(SUM(h), 6)", operands)
    return _card(figure, value, "SUM(h)", operands)


def explain_stack(figure: Identity, factory: Factory) -> Card:
    """The hours in which every chimney with a device of record has a mass."""
    if figure.name not in ("record_kg", "measured_kg", "known_h", "hours"):
        raise UnknownNameError(figure.name)
    start, end = figure.first_hour, figure.end_hour
    if figure.name == "measured_kg":
        each = [(one, masses_of_chimney(one, start, end, "measured_kg")) for one in factory.chimneys.order_by("name")]
        below = [
            Operand(
                "h",
                one.name,
                sum(kg.values(), Decimal(0)),
                "kg CO2",
                hours("chimney", one.pk, start, end, "measured_kg"),
            )
            for one, kg in each
            if kg
        ]
        value = sum((operand.value for operand in below if operand.value), Decimal(0)) if below else None
        return _card(figure, value, "SUM(h)", below)
    whole = [one for one in site_hours(factory, start, end) if one.record_kg is not None]
    if figure.name != "record_kg":
        count = len(whole) if figure.name == "known_h" else (end - start) // _ONE_HOUR
        return _card(figure, Decimal(count), STORED, [Operand(STORED, _("whole hours"), Decimal(count), "h")])
    starts = {one.starts_at for one in whole}
    operands = [
        Operand("h", f"{chimney.name} {at:%H:%M}", kg, "kg CO2", hour(chimney.pk, at, "counted_kg"))
        for chimney in factory.chimneys.order_by("name")
        for at, kg in masses_of_chimney(chimney, start, end, "counted_kg").items()
        if at in starts
    ]
    value = sum((Decimal(one.record_ug or 0).scaleb(-9) for one in whole), Decimal(0)) if whole else None
    return _card(figure, value, "SUM(h)", operands)


# --- One hour ----------------------------------------------------------------------------------
def explain_hour(figure: Identity, chimney: Chimney, as_known_on: datetime | None = None) -> Card:
    """The mean rate of the minutes that operated, times the seconds of operation; idle minutes have mass 0."""
    row = next(iter(hours_of_chimney(chimney, figure.first_hour, figure.end_hour)), None)
    masses = masses_of_chimney(chimney, figure.first_hour, figure.end_hour, figure.name, as_known_on=as_known_on)
    value = masses.get(figure.first_hour)
    if as_known_on is not None:  # minutes are as they are now
        return _card(figure, value, STORED, [Operand(STORED, _("kept with the hour"), value, "kg CO2")])
    filled = next(iter(substituted_of_chimney(chimney, figure.first_hour, figure.end_hour)), None)
    stored = [Operand(STORED, _("stored with the hour"), value, "kg CO2")]
    if filled is not None and figure.name == "record_kg":
        rule = f"{filled.method}: {filled.rule}"
        return _card(
            figure, value, STORED, [Operand(STORED, filled.get_status_display(), value, "kg CO2", source=rule)]
        )
    if row is None or value is None:
        return _card(figure, value, STORED, stored)
    minutes = minutes_of(row)
    counted = [(minute, is_idle) for minute, is_idle in minutes if minute.period_start >= row.period_start]
    if not counted:  # older than the minutes that are kept
        return _card(figure, value, STORED, stored)
    if figure.name == "measured_kg":
        parts = [_minute("m", one, one.measured_ug) for one, _idle in counted]
        return _card(figure, value, "SUM(m)", parts)
    operating = [one for one, is_idle in counted if not is_idle]
    if row.status == "idle" or not operating:
        return _card(figure, value, "0", [])
    operands = [_minute("m", one, one.valid_ug) for one in operating if one.covered_ms]
    operands += [
        Operand("c", f"{one.period_start:%H:%M}", Decimal(one.valid_ms) / 1000, "s")
        for one in operating
        if one.covered_ms
    ]
    operands.append(Operand("o", _("seconds of operation"), Decimal(row.operating_ms) / 1000, "s"))
    return _card(figure, value, "ROUND(SUM(m) / SUM(c) * o, 9)", operands)


def _minute(symbol: str, one: EmissionMinute, micrograms: int) -> Operand:
    return Operand(symbol, f"{one.period_start:%H:%M}", Decimal(micrograms).scaleb(-9), "kg CO2")


def minutes_of(row: EmissionHour) -> list[tuple[EmissionMinute, bool]]:
    """The minutes of an hour and those before it that may prove idle time, each with whether it is proved idle."""
    minutes = list(
        EmissionMinute.objects.filter(
            device_id=row.device_id,
            assignment_id=row.assignment_id,
            period_start__gte=row.period_start - timedelta(minutes=IDLE_CONTEXT_MINUTES),
            period_start__lt=row.period_start + _ONE_HOUR,
            covered_ms__gt=0,
        ).order_by("period_start")
    )
    facts = [
        MinuteFacts(milliseconds(m.period_start), m.valid_ug / 1e9, m.valid_ms / 1000, m.is_idle_like, m.is_firing_like)
        for m in minutes
    ]
    return list(zip(minutes, idle_minutes(facts), strict=True))


# --- One reading -------------------------------------------------------------------------------
def reading_figure(item: DerivedReading) -> str:
    row = item.row
    return str(Identity("reading", (row.device_id,), "co2_kg_per_s", key=f"{row.t_ms}.{row.stream}.{row.seq}"))


def explain_reading(figure: Identity) -> Card | None:
    """The rate of one reading from what the sensor reported; None: no such reading."""
    if figure.name != "co2_kg_per_s":
        raise UnknownNameError(figure.name)
    t_ms, stream, seq = (int(part) for part in figure.key.split("."))
    found = queries.readings_by_key([(t_ms, figure.id, stream, seq)])
    if not found:
        return None
    item = found[0]
    value = _decimal(item.co2_kg_per_s)
    state, setup = item.state, item.stack_setup
    if value is None or state is None or setup is None or not value:
        return _card(figure, value, STORED, [Operand(STORED, _("does not count: ") + str(item.quality), value, "kg/s")])
    reported = item.reading.co2_ppm
    dry = 1 - Decimal(repr(state.moisture_fraction)) if setup.co2_basis == "dry" else Decimal(1)
    shown = Decimal(repr(state.co2_fraction_wet)) / dry * 1_000_000
    correction = shown / Decimal(repr(reported)) if reported else None
    parts: list[tuple[str, str, Decimal | None, str]] = [
        ("x", _("CO2 as the sensor reported it"), _decimal(reported), "ppm"),
        ("c", _("correction for the pressure at the sensor"), correction, ""),
        ("w", _("dry part of the gas, or 1 for a wet sensor"), dry, ""),
        ("v", _("velocity"), _decimal(item.reading.velocity_ms), "m/s"),
        ("A", _("inner area of the chimney"), _decimal(setup.area_m2), "m2"),
        ("k", _("profile factor"), _decimal(setup.velocity_profile_factor), ""),
        ("P", _("pressure of the gas"), _decimal(state.pressure_pa), "Pa"),
        ("t", _("temperature of the gas"), _decimal(item.reading.temperature_c), "°C"),
        ("M", _("molar mass of CO2"), _decimal(constants.MOLAR_MASS_CO2_KG_PER_MOL), "kg/mol"),
        ("R", _("molar gas constant"), _decimal(constants.GAS_CONSTANT_J_PER_MOL_K), "J/(mol K)"),
    ]
    expression = "x * c * w / 1000000 * v * A * k * P * M / (R * (t + 273.15))"
    return _card(figure, value, expression, [Operand(*part) for part in parts])


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))


def _card(figure: Identity, value: Decimal | None, expression: str, operands: Sequence[Operand]) -> Card:
    return Card(str(figure), label_of(figure.name), unit_of(figure.name), value, expression, tuple(operands))
