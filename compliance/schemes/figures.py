"""The figures of a report as fields: what a scheme asks of an inventory, each with its interval and its identity.

Figures are computed exactly and rounded when they are printed. What nothing is logged of is None, never 0.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from compliance.explain.identity import Identity
from compliance.inventory.lines import BIOGENIC_CO2, Line
from compliance.record.hours import RecordHour, hours_of_record
from compliance.reports.content import FIGURE, Field
from compliance.schemes import ReportInputs, Text
from energy.choices import Carrier
from energy.models import EmissionFactor, EnergyType
from factories.choices import SourceKind, SubstitutionMethod
from factories.models import EmissionSource, Factory
from factories.sectors import Sector, shared_sector
from lib import history
from lib.decimals import plain
from science.gwp import Gas
from science.interval import UncertainMass

KG_PER_T, GJ_PER_KWH, MJ_PER_GJ = Decimal(1000), Decimal("0.0036"), Decimal(1000)
GASES = (Gas.CO2, Gas.CH4_FOSSIL, Gas.CH4_BIOGENIC, Gas.N2O)
Choose = Callable[[Line], bool]
_OTHER_STREAMS = {
    "stack": _("Gas of the stack"),
    "coal": _("Methane of the coal"),
    "contract": _("Electricity by a supply contract"),
    "certificate": _("Electricity by a certificate"),
}


def of_scope_1(line: Line) -> bool:
    return line.scope == 1


def by_location(line: Line) -> bool:
    return line.scope == 2 and line.approach == "location"


def by_market(line: Line) -> bool:
    return line.scope == 2 and line.approach == "market"


def is_biogenic(line: Line) -> bool:
    return line.gas == BIOGENIC_CO2


def is_activity(line: Line) -> bool:
    """Once for what was used: electricity by contract is the same kWh again."""
    return line.approach != "market"


_ENERGY = frozenset({Carrier.FUEL.value, Carrier.GRID.value, Carrier.OWN.value, Carrier.HEAT.value})


@dataclass(frozen=True, slots=True)
class StreamUse:
    """How much of an energy type was used, of which source."""

    stream: str
    amount: Decimal | None
    unit: str
    energy_gj: Decimal | None


@dataclass(frozen=True)
class ReportFigures:
    """The inventory of a report with the rows that name its sources, energy types and factors."""

    inputs: ReportInputs
    sources: Mapping[int, EmissionSource]
    types: Mapping[str, EnergyType]
    factors: Mapping[int, EmissionFactor]

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.inputs.inventory.lines

    def chosen(self, choose: Choose) -> list[Line]:
        return [line for line in self.lines if choose(line)]

    @cached_property
    def sector(self) -> Sector:
        return shared_sector(factory.sector for factory in self.inputs.factories)

    @cached_property
    def sites(self) -> dict[int, Factory]:
        return {factory.pk: factory for factory in self.inputs.factories}

    @cached_property
    def hours(self) -> dict[int, list[RecordHour]]:
        """Hours of record by site."""
        first, end, known_on = self.inputs.first_day, self.inputs.end_day, self.inputs.known_on
        return {pk: hours_of_record(site, first, end, as_known_on=known_on) for pk, site in self.sites.items()}

    def identity(self, name: str) -> str:
        """Opens "Why this number" of a figure of the inventory, in the potentials of the report."""
        if "co2e" in name:
            name = f"{name}_{self.inputs.inventory.gwp_set.lower()}"
        last_day = self.inputs.end_day - timedelta(days=1)
        ids = tuple(sorted(self.sites))
        return str(Identity("inventory", ids, name, self.inputs.first_day, last_day)) if name and ids else ""

    # --- Masses
    def co2e(self, code: str, label: Text, choose: Choose, *, name: str = "", gwp_set: str = "") -> Field:
        """t CO2e of the chosen lines, in the set of the report unless another is asked for."""
        mass = self.inputs.inventory.co2e(choose, gwp_set=gwp_set)
        return self._mass(code, label, mass, choose, "t CO2e", name)

    def gas(self, code: str, label: Text, choose: Choose, *, unit: str = "t", name: str = "") -> Field:
        """The mass of the chosen lines, which are of one gas."""
        return self._mass(code, label, self.inputs.inventory.mass(choose), choose, unit, name)

    def _mass(self, code: str, label: Text, mass: UncertainMass, choose: Choose, unit: str, name: str) -> Field:
        if not any(map(choose, self.lines)):
            return Field(code, str(label), None, unit, FIGURE, note=str(_("Nothing of it is logged in this period.")))
        scale, high_kg = Decimal(1) if unit == "kg" else 1 / KG_PER_T, mass.high_kg
        low, high = printed(mass.low_kg * scale), None if high_kg is None else printed(high_kg * scale)
        value = printed(mass.likely_kg * scale)
        return Field(code, str(label), value, unit, FIGURE, low, high, figure=self.identity(name))

    def co2e_kg(self, choose: Choose) -> Decimal | None:
        """Likely; None when nothing is logged."""
        return self.inputs.inventory.co2e(choose).likely_kg if any(map(choose, self.lines)) else None

    # --- Amounts
    @cached_property
    def made_kg(self) -> Decimal | None:
        known = [made for made in self.inputs.inventory.made_kg.values() if made is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def made(self) -> Decimal | None:
        """In the unit of the sector: kg of made tea, t of coal."""
        return None if self.made_kg is None else self.made_kg / self.sector.kg_per_unit

    @property
    def product_unit(self) -> str:
        return f"{self.sector.product_unit} {self.sector.product_word}"

    def made_field(self, code: str = "made") -> Field:
        label = _("%(product)s made") % {"product": self.sector.product_word}
        return amount_field(
            code, label.capitalize(), self.made, self.sector.product_unit, figure=self.identity("made_kg")
        )

    def uses(self, choose: Choose) -> list[StreamUse]:
        return energy_uses(self.chosen(choose))

    def energy(self) -> list[StreamUse]:
        """Fuels, electricity and heat; not coal, explosives and refrigerants, which are in the inventory too."""
        return self.uses(lambda line: is_activity(line) and self.carrier(line) in _ENERGY)

    def energy_gj(self, choose: Choose = is_activity) -> Decimal | None:
        return known_sum(use.energy_gj for use in self.uses(choose))

    # --- Words
    def stream_word(self, code: str) -> str:
        if code in _OTHER_STREAMS:
            return str(_OTHER_STREAMS[code])
        names = {code: row.name for code, row in self.types.items()}
        return str(_(names.get(code, code)))

    def source_word(self, line: Line) -> str:
        if line.source_id is not None and line.source_id in self.sources:
            return self.sources[line.source_id].name
        return str(kind_word(line.source_kind))

    def carrier(self, line: Line) -> str:
        """Empty for what is no energy: the coal and the gas of a mine."""
        return self.types[line.stream].carrier if line.stream in self.types else ""

    def sources_of_factors(self, lines: Iterable[Line]) -> str:
        rows = {self.factors[pk].source for line in lines for pk in line.factor_ids if pk in self.factors}
        return "; ".join(sorted(rows))

    def is_renewable(self, line: Line) -> bool:
        """Fuel that grew, and power of the site's own sun, water and wind."""
        kind = self.types.get(line.stream)
        return kind is not None and (kind.is_biogenic or kind.carrier == "own")


def _sources(lines: Iterable[Line]) -> list[int]:
    return sorted({line.source_id for line in lines if line.source_id is not None})


def figures_of(inputs: ReportInputs) -> ReportFigures:
    lines = inputs.inventory.lines
    return ReportFigures(
        inputs,
        {row.pk: row for row in history.rows(EmissionSource, inputs.known_on, pk__in=_sources(lines))},
        {row.code: row for row in EnergyType.objects.all()},
        EmissionFactor.objects.in_bulk({pk for line in lines for pk in line.factor_ids}),
    )


def energy_uses(lines: Iterable[Line]) -> list[StreamUse]:
    """What was used, by energy type. Each gas of a use repeats its amount, so it is taken from one."""
    by_stream: dict[str, list[Line]] = {}
    for line in lines:
        by_stream.setdefault(line.stream, []).append(line)
    return [use_of(stream, of_stream) for stream, of_stream in sorted(by_stream.items())]


def use_of(stream: str, lines: Sequence[Line]) -> StreamUse:
    by_gas: dict[str, list[Line]] = {}
    for line in lines:
        by_gas.setdefault(line.gas, []).append(line)
    fullest = max(by_gas.values(), key=lambda of_gas: sum(line.amount is not None for line in of_gas))
    units = {line.unit for line in fullest if line.amount is not None}
    amount = known_sum(line.amount for line in fullest) if len(units) == 1 else None
    return StreamUse(
        stream, amount, "".join(units) if amount is not None else "", known_sum(x.energy_gj for x in fullest)
    )


def known_sum(parts: Iterable[Decimal | None]) -> Decimal | None:
    known = [part for part in parts if part is not None]
    return sum(known, Decimal(0)) if known else None


def kind_word(kind: str) -> Any:
    return dict(SourceKind.choices).get(kind) or _("Without a stated source")


def printed(number: Decimal) -> str:
    """With 3 decimals, and 6 below 1: a kilogram of a tonne, a gram of less."""
    return plain(round(number, 3 if abs(number) >= 1 else 6))


def amount_field(
    code: str, label: Text, amount: Decimal | None, unit: str, *, figure: str = "", note: Text = ""
) -> Field:
    value = None if amount is None else printed(amount)
    return Field(code, str(label), value, unit, FIGURE, figure=figure, note=str(note))


def ratio_field(
    code: str, label: Text, amount: Decimal | None, of: Decimal | None, unit: str, *, note: Text = "", figure: str = ""
) -> Field:
    return amount_field(code, label, ratio(amount, of), unit, note=note, figure=figure)


def total_field(total: Field, parts: Sequence[Field]) -> Field:
    """A total as the sum of its parts as printed, so that the sum holds in every format; its interval stays its own."""
    known = [part for part in parts if part.value is not None]
    value = plain(sum((Decimal(part.value or 0) for part in known), Decimal(0))) if known else total.value
    return replace(total, value=value, sum_of=tuple(part.code for part in known))


def rounded(value: float | Decimal | None, digits: int) -> str | None:
    """A measured mean."""
    return None if value is None else f"{value:.{digits}f}"


def ratio(amount: Decimal | None, of: Decimal | None) -> Decimal | None:
    """None where a side is not known or the divisor is zero."""
    return None if amount is None or not of else amount / of


def substitution_word(method: str) -> str:
    return str(dict(SubstitutionMethod.choices).get(method, method))


def tonnes(kg: Decimal | None) -> Decimal | None:
    return None if kg is None else kg / KG_PER_T


def kg_of(lines: Iterable[Line]) -> Decimal:
    return sum((line.mass.likely_kg for line in lines), Decimal(0))
