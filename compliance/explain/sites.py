"""Cards of sums and ratios of factory days: of sites, of a site, of its months and days (`queries.Sums`)."""

import statistics
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _

from compliance import queries, site_days
from compliance.choices import HeatCo2Basis
from compliance.explain.card import STORED, Card, Operand
from compliance.explain.catalogue import label_of, unit_of
from compliance.explain.identity import Identity
from compliance.inputs import SiteInputs
from compliance.models import SiteDay
from compliance.queries import Sums
from factories.models import Factory

# A formula, and the name behind each symbol; a symbol may stand for several.
Formula = tuple[str, tuple[tuple[str, str], ...]]


def _formula(expression: str, *parts: str) -> Formula:
    return expression, tuple((symbol, name) for symbol, _is, name in (part.partition("=") for part in parts))


_CO2E, _ENERGY = ("a=co2e_pair_kg", "b=co2e_made_kg"), ("a=energy_pair_gj", "b=energy_made_kg")
_WOOD, _POWER = ("a=wood_pair_kg", "b=wood_made_kg"), ("a=power_pair_kwh", "b=power_made_kg")
RATIOS = {  # of sites together too
    "measured_share": _formula("m / h", "m=heat_measured_co2_kg", "h=heat_co2_kg"),
    "operating_share": _formula("(m + i) / h", "m=stack_measured_h", "i=stack_idle_h", "h=mounted_h"),
    "co2e_kg_per_kg": _formula("a / b", *_CO2E),
    "energy_mj_per_kg": _formula("a / b * 1000", *_ENERGY),
    "stack_co2_kg_per_kg": _formula("a / b", "a=stack_pair_kg", "b=stack_made_kg"),
    "firewood_kg_per_kg": _formula("a / b", *_WOOD),
    "electricity_kwh_per_kg": _formula("a / b", *_POWER),
    "co2e_kg_per_t": _formula("a / b * 1000", *_CO2E),
    "energy_mj_per_t": _formula("a / b * 1000000", *_ENERGY),
    "firewood_kg_per_t": _formula("a / b * 1000", *_WOOD),
}
PARTS = {  # of one site, from other names of the same days; what is not known counts for nothing
    "co2e_kg": _formula("SUM(p)", "p=scope1_co2e_kg", "p=scope2_co2e_kg", "p=methane_co2e_kg"),
    "energy_gj": _formula("SUM(p)", "p=heat_gj", "p=electricity_gj", "p=other_gj"),
    "scope2_market_co2e_kg": _formula(
        "s - g * MIN(1, m / e) + c * MIN(1, e / m)",
        *("s=scope2_co2e_kg", "g=grid_co2e_kg", "m=market_gj", "e=electricity_gj", "c=market_co2e_kg"),
    ),
}
LONGEST_BY_DAY = 62  # a longer sum is that of its months
USUAL = "usual_"  # the median of the days
KNOWN = "having_"  # how many of the sites have the figure
# Standard errors and the parts of a coverage are no figures: they stand in the interval of a figure, and beside it.
_NO_FIGURES = ("_id", "bucket", "gwp_set", "basis", "_sigma_kg", "_variance_kg2", "_bias_kg", "_covered_s", "_over_h")
SUMMED = {field.name for field in fields(Sums) if not field.name.endswith(_NO_FIGURES)}
_ALL_CO2E = _formula("SUM(p)", "p=record_scope1_co2e_kg", "p=scope2_co2e_kg", "p=methane_co2e_kg")
# Of one day, from its columns (`day:`), where it is not the column of the same name. A condition is no part of it:
# where it does not hold, the figure is not known.
OF_DAY = {
    "known_days": _formula("1"),
    "idle_days": _formula("a * (1 - b)", "a=is_idle", "b=has_production"),
    "energy_days": _formula("a * b", "a=has_heat", "b=has_electricity"),
    "energy_unknown_days": _formula("1 - a", "a=has_all_energy"),
    "market_gj": _formula("IF(c >= 1, m, 0)", "c=electricity_covered_s", "m=market_gj"),
    "market_co2e_kg": _formula("IF(c >= 1, m, 0)", "c=electricity_covered_s", "m=market_co2e_kg"),
    "energy_pair_gj": _formula("SUM(p)", "p=heat_gj", "p=electricity_gj", "p=other_gj"),
    "co2e_pair_kg": _ALL_CO2E,
    "logged_co2e_kg": _ALL_CO2E,
    **{
        name: _formula(STORED, f"{STORED}={column}")
        for column, names in {
            "has_production": ("production_days",),
            "has_heat": ("heat_days",),
            "has_electricity": ("electricity_days",),
            "has_other": ("other_days",),
            "is_measured": ("measured_days",),
            "is_fuel": ("fuel_days",),
            "is_stack_lower_bound": ("lower_bound_days",),
            "record_scope1_co2e_kg": ("scope1_co2e_kg",),
            "record_biogenic_co2_kg": ("biogenic_co2_kg",),
            "electricity_co2e_kg": ("grid_co2e_kg",),
            "heat_co2_kg": ("heat_measured_co2_kg",),
            "stack_filled_co2_kg": ("balance_stack_kg", "stack_pair_kg"),
            "heat_carbon_co2_kg": ("balance_fuel_kg",),
            "firewood_kg": ("wood_pair_kg",),
            "electricity_kwh": ("power_pair_kwh",),
            "scope2_co2e_kg": ("scope2_pair_kg", "logged_scope2_kg"),
            "made_kg": ("stack_made_kg", "wood_made_kg", "power_made_kg", "energy_made_kg", "co2e_made_kg"),
        }.items()
        for name in names
    },
}
# Whether a day counts for a ratio depends on its sector: one condition, in `sql/sums.sql`.
JUDGED = {"co2e_days", "logged_days", "stack_days", "methane_unknown_days"}
DAY_COLUMNS = {
    field.name
    for field in SiteDay._meta.concrete_fields
    if field.get_internal_type() in ("DecimalField", "IntegerField", "SmallIntegerField", "BooleanField")
}


class UnknownNameError(LookupError):
    """No figure of this kind has that name."""


class Book:
    """The sums of one explanation, each read once, as known at a moment or now. Days are brought up to date first."""

    def __init__(self, now: datetime, as_known_on: datetime | None = None) -> None:
        self.now, self.as_known_on = as_known_on or now, as_known_on
        self._sums: dict[tuple[tuple[int, ...], date, date], dict[int, Sums]] = {}
        self._days: dict[tuple[int, date, date], dict[date, Sums]] = {}
        self._fresh: set[int] = set()
        self._rows: dict[tuple[int, date], SiteDay | None] = {}
        self.inputs: dict[tuple[int, date], SiteInputs] = {}  # of a day, kept by `days.py`

    def refresh(self, ids: Iterable[int]) -> None:
        if self.as_known_on is None and (late := set(ids) - self._fresh):
            site_days.refresh(late)
            self._fresh |= late

    def day(self, factory_id: int, day: date) -> SiteDay | None:
        self.refresh([factory_id])
        if (factory_id, day) not in self._rows:
            known = [*SiteDay.objects.filter(factory=factory_id, day=day)] if self.as_known_on is None else []
            if self.as_known_on is not None:
                known = site_days.days_known(Factory.objects.get(pk=factory_id), day, day, self.as_known_on)
            self._rows[factory_id, day] = next(iter(known), None)
        return self._rows[factory_id, day]

    @cached_property
    def names(self) -> dict[int, str]:
        return dict(Factory.objects.values_list("pk", "name"))

    def sums(self, ids: tuple[int, ...], first: date, last: date) -> dict[int, Sums]:
        self.refresh(ids)
        key = (ids, first, last)
        if key not in self._sums:
            found = queries.series(ids, first, last, by="all", now=self.now, as_known_on=self.as_known_on)
            self._sums[key] = {row.factory_id: row for row in found}
        return self._sums[key]

    def days(self, factory_id: int, first: date, last: date) -> dict[date, Sums]:
        self.refresh([factory_id])
        key = (factory_id, first, last)
        if key not in self._days:
            rows = queries.series([factory_id], first, last, by="day", now=self.now, as_known_on=self.as_known_on)
            self._days[key] = {row.bucket: row for row in rows if row.bucket is not None}
        return self._days[key]

    def site_value(self, figure: Identity) -> Decimal | None:
        """The value as pages print it. Raises UnknownNameError."""
        name = figure.name
        if name == "sites":
            return Decimal(len(figure.ids))
        if name.startswith(USUAL) and name.removeprefix(USUAL) in RATIOS and len(figure.ids) == 1:
            days = self.days(figure.id, figure.first_day, figure.last_day).values()
            ratios = [ratio for day in days if (ratio := _ratio_of(day, name.removeprefix(USUAL))) is not None]
            return statistics.median(ratios) if ratios else None
        if name == "mounted_h":
            return Decimal(sum(time.hours for time in self.operating(figure).values()))
        if name.startswith(KNOWN):
            each = [self.site_value(figure.of(one).named(name.removeprefix(KNOWN))) for one in figure.ids]
            return Decimal(sum(value is not None for value in each))
        if name in RATIOS:
            return self._ratio(figure)
        if name not in SUMMED and name not in PARTS:
            raise UnknownNameError(name)
        rows = self.sums(figure.ids, figure.first_day, figure.last_day)
        known = [value for one in figure.ids if one in rows and (value := getattr(rows[one], name)) is not None]
        return sum(map(Decimal, known), Decimal(0)) if known else None

    def _ratio(self, figure: Identity) -> Decimal | None:
        if figure.name == "operating_share":
            times = self.operating(figure).values()
            hours = sum(time.hours for time in times)
            return Decimal(sum(time.worked_h for time in times)) / hours if hours else None
        rows = self.sums(figure.ids, figure.first_day, figure.last_day).values()
        if len(rows) == 1:
            return _ratio_of(next(iter(rows)), figure.name)
        names = [part for _symbol, part in RATIOS[figure.name][1]]
        pairs = [(getattr(row, names[0]), getattr(row, names[1])) for row in rows]
        known = [(top, of) for top, of in pairs if top is not None and of]
        if not known:
            return None
        return sum(top for top, _of in known) / sum(of for _top, of in known) * _scale(figure.name)

    def operating(self, figure: Identity) -> dict[int, queries.OperatingTime]:
        if self.as_known_on is not None:  # assignments are read as they are now
            raise UnknownNameError(figure.name)
        factories = list(Factory.objects.filter(pk__in=figure.ids))
        sums = self.sums(figure.ids, figure.first_day, figure.last_day)
        return queries.operating_times(factories, sums, figure.first_day, figure.last_day, now=self.now)


def _scale(name: str) -> Decimal:
    return Decimal(RATIOS[name][0].partition(" * ")[2] or 1)


def _ratio_of(row: Sums, name: str) -> Decimal | None:
    if name.endswith("_per_t"):
        per_kg = getattr(row, name.replace("_per_t", "_per_kg"))
        return None if per_kg is None else per_kg * 1000
    ratio: Decimal | None = getattr(row, name)
    return ratio


def explain_site(figure: Identity, book: Book) -> Card:
    """The next step below a figure: its sites, else its parts, else its months or days, else the columns of a day."""
    name, value = figure.name, book.site_value(figure)
    first, last, is_one = figure.first_day, figure.last_day, len(figure.ids) == 1
    if is_one and (name.startswith(KNOWN) or name in ("mounted_h", "sites")):
        return _card(figure, value, STORED, [Operand(STORED, label_of(name), value, unit_of(name))])
    if name in RATIOS or (is_one and name in PARTS):
        expression, parts = RATIOS.get(name) or PARTS[name]
        return _card(figure, value, expression, [_operand(symbol, figure.named(part), book) for symbol, part in parts])
    if not is_one:
        return _card(figure, value, "SUM(f)", [_operand("f", figure.of(one), book) for one in figure.ids])
    if name.startswith(USUAL) or first < last:
        of_part = figure.named(name.removeprefix(USUAL))
        parts_of_time = [(day, day) for day in book.days(figure.id, first, last)]
        if (last - first).days > LONGEST_BY_DAY:
            parts_of_time = list(_months(first, last))
        expression = "MEDIAN(d)" if name.startswith(USUAL) else "SUM(d)"
        return _card(figure, value, expression, [_operand("d", of_part.within(*part), book) for part in parts_of_time])
    if name in JUDGED:
        return _card(figure, value, STORED, [Operand(STORED, _("whether the day counts, by its sector"), value, "d")])
    expression, columns = OF_DAY.get(name) or _formula(STORED, f"{STORED}={name}")
    row = book.day(figure.id, first)
    operands = [
        Operand(symbol, label_of(column), day_value(row, column), unit_of(column), str(of_day))
        for symbol, column in columns
        for of_day in [Identity("day", figure.ids, column, first)]
    ]
    return _card(figure, value, expression, operands)


def day_value(row: SiteDay | None, column: str) -> Decimal | None:
    """A column of a day as a number; yes is 1. Raises UnknownNameError."""
    derived = {
        "is_measured": row is not None and row.basis == HeatCo2Basis.MEASURED,
        "is_fuel": row is not None and row.basis == HeatCo2Basis.FUEL,
        "has_other": row is not None and row.other_entered_at is not None,
    }
    if column not in derived and column not in DAY_COLUMNS:
        raise UnknownNameError(column)
    value = None if row is None else derived[column] if column in derived else getattr(row, column)
    return None if value is None else Decimal(value)


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = min(last, first.replace(day=monthrange(first.year, first.month)[1]))
        yield first, end
        first = end + timedelta(days=1)


def _operand(symbol: str, figure: Identity, book: Book) -> Operand:
    """A part of the sites is named by its site, a part of the time by its days."""
    label = label_of(figure.name)
    if symbol == "d":
        label = " to ".join(dict.fromkeys(f"{day:%Y-%m-%d}" for day in (figure.first_day, figure.last_day)))
    elif symbol == "f":
        label = book.names.get(figure.id, label)
    return Operand(symbol, label, book.site_value(figure), unit_of(figure.name), str(figure))


def _card(figure: Identity, value: Decimal | None, expression: str, operands: Sequence[Operand]) -> Card:
    return Card(str(figure), label_of(figure.name), unit_of(figure.name), value, expression, tuple(operands))
