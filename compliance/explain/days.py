"""Cards of the columns of one factory day: which entries and which chimneys they come from."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from compliance import inputs
from compliance.choices import HeatCo2Basis
from compliance.explain.card import STORED, Card, Operand
from compliance.explain.catalogue import label_of, unit_of
from compliance.explain.entries import share_value
from compliance.explain.identity import Identity, hours
from compliance.explain.sites import Book, day_value
from compliance.explain.stacks import masses_of_chimney
from compliance.figures import ENOUGH, Production, Stack, share_of_made, share_of_use
from compliance.inputs import SiteInputs
from energy.models import EnergyEntry
from factories.days import FactoryDay, factory_day
from factories.known import factories_known
from factories.models import Chimney, Factory
from factories.sectors import SECTORS
from lib import history
from production.models import ProductionEntry
from science.coal_methane import CH4_DENSITY_KG_PER_M3
from science.gwp import Gas, gwp
from science.rounding import decimal_kg

# Column of the day -> the quantity of the entries that it sums.
QUANTITY = {
    "heat_gj": "energy_gj",
    "electricity_gj": "energy_gj",
    "other_gj": "energy_gj",
    "heat_scope1_co2e_kg": "co2e_kg",
    "other_scope1_co2e_kg": "co2e_kg",
    "scope2_co2e_kg": "co2e_kg",
    "electricity_co2e_kg": "co2e_kg",
    "market_gj": "energy_gj",
    "market_co2e_kg": "market_co2e_kg",
    "biogenic_co2_kg": "biogenic_co2_kg",
    "firewood_kg": "wood_kg",
    "electricity_kwh": "electricity_kwh",
    "fuel_fossil_co2_kg": "co2_kg",
    "heat_carbon_co2_kg": "carbon_co2_kg",
}
_LOGGED = {f"has_{item}": f"{item}_covered_s" for item in ("production", "heat", "electricity")}
_FUEL = {"record_scope1_co2e_kg": ("h + o", "ho"), "record_biogenic_co2_kg": ("b", "b"), "heat_co2_kg": ("c", "c")}
# With measured CO2 the carbon of the fuels splits it into fossil and biogenic.
_MEASURED = {
    "record_scope1_co2e_kg": ("h + o + ROUND(f * s / c, 6) - s", "hofsc"),
    "record_biogenic_co2_kg": ("b + (f - ROUND(f * s / c, 6)) - (c - s)", "bfsc"),
    "heat_co2_kg": ("f", "f"),
}
_COLUMNS = {
    "h": "heat_scope1_co2e_kg",
    "o": "other_scope1_co2e_kg",
    "b": "biogenic_co2_kg",
    "c": "heat_carbon_co2_kg",
    "s": "fuel_fossil_co2_kg",
    "f": "stack_filled_co2_kg",
}


def explain_day(figure: Identity, book: Book) -> Card:
    """A column of a day. What has no formula of its own is read as stored."""
    name, row = figure.name, book.day(figure.id, figure.first_day)
    value = day_value(row, name)
    factory = Factory.objects.select_related("organisation").get(pk=figure.id)
    if known := factories_known([factory], book.as_known_on):  # with the begin of the day as it was set then
        factory = known[0]
    day = factory_day(factory, figure.first_day)
    found = _Day(figure, book, factory, day)
    expression: str = STORED
    operands: tuple[Operand, ...] = (Operand(STORED, _("stored with the day"), value, unit_of(name)),)
    if value is not None:
        if name in QUANTITY:
            expression, operands = "SUM(e)", tuple(found.entries(name))
        elif name in _FUEL and row is not None:
            is_measured = row.basis == HeatCo2Basis.MEASURED
            split = _MEASURED if is_measured and (row.heat_carbon_co2_kg or name == "heat_co2_kg") else _FUEL
            expression, symbols = split[name]
            operands = tuple(found.column(symbol, _COLUMNS[symbol]) for symbol in symbols)
        elif name in _LOGGED:
            length = Operand("l", _("length of the day"), Decimal(day.end_us - day.start_us) / 1_000_000, "s")
            expression, operands = f"IF(c >= {ENOUGH} * l, 1, 0)", (found.column("c", _LOGGED[name]), length)
        elif name == "methane_co2e_kg":
            expression, operands = found.methane()
        elif name in ("made_kg", "green_leaf_kg"):
            expression, operands = "SUM(e)", tuple(found.made(name))
        elif name in ("stack_co2_kg", "stack_filled_co2_kg"):
            expression, operands = found.stacks(is_filled=name == "stack_filled_co2_kg")
    return Card(str(figure), label_of(name), unit_of(name), value, expression if operands else "0", operands)


class _Day:
    def __init__(self, figure: Identity, book: Book, factory: Factory, day: FactoryDay) -> None:
        self.figure, self.book, self.factory, self.day = figure, book, factory, day

    def _inputs(self) -> SiteInputs:
        key = self.factory.pk, self.day.day
        if key not in self.book.inputs:
            window = {self.factory.pk: [(self.day.starts_at, self.day.ends_at)]}
            self.book.inputs[key] = inputs.load(window, as_known_on=self.book.as_known_on)[self.factory.pk]
        return self.book.inputs[key]

    def column(self, symbol: str, column: str) -> Operand:
        value = day_value(self.book.day(self.figure.id, self.figure.first_day), column)
        return Operand(symbol, label_of(column), value, unit_of(column), str(self.figure.named(column)))

    def entries(self, column: str) -> Iterator[Operand]:
        uses = [use for use in self._inputs().uses.values() if column in share_of_use(use).amounts]
        rows = self._rows(EnergyEntry, [use.entry_id for use in uses])
        for use in uses:
            part = share_value(rows[use.entry_id], share_of_use(use).amounts[column], self.day.day)
            if part is not None:
                below = Identity("share", (use.entry_id,), QUANTITY[column], self.day.day)
                yield Operand("e", str(rows[use.entry_id].energy_type), part, unit_of(column), str(below))

    def made(self, column: str) -> Iterator[Operand]:
        product = column.removesuffix("_kg") if column != "made_kg" else str(SECTORS[self.factory.sector].products[0])
        logged: list[Production] = [
            one for one in self._inputs().made.values() if f"{product}_kg" in share_of_made(one).amounts
        ]
        rows = self._rows(ProductionEntry, [one.entry_id for one in logged])
        for one in logged:
            row = rows[one.entry_id]
            part = share_value(row, one.amount_kg, self.day.day)
            if part is not None:
                below = Identity("made", (one.entry_id,), "amount_kg", self.day.day)
                yield Operand("e", row.get_product_display(), part, "kg", str(below))

    def _rows(self, model: Any, ids: list[int]) -> dict[int, Any]:
        return {row.pk: row for row in history.rows(model, self.book.as_known_on, pk__in=ids)}

    def methane(self) -> tuple[str, tuple[Operand, ...]]:
        place = self._inputs().place.on(self.day.day)
        factor = place.methane
        constants = [
            ("m", _("methane while mining"), factor.mining_m3_per_t if factor else None, "m3/t"),
            ("p", _("methane after mining"), factor.post_mining_m3_per_t if factor else None, "m3/t"),
            ("d", _("density of methane"), CH4_DENSITY_KG_PER_M3, "kg/m3"),
            ("g", place.gwp_set, gwp(Gas.CH4_FOSSIL, place.gwp_set), "kg CO2e/kg"),
        ]
        operands = [Operand(symbol, label, value, unit) for symbol, label, value, unit in constants]
        return "ROUND(c / 1000 * (m + p) * d * g, 6)", (self.column("c", "made_kg"), *operands)

    def stacks(self, *, is_filled: bool) -> tuple[str, tuple[Operand, ...]]:
        """The hours of each chimney; filled: scaled to the hours in which it operated."""
        site = self._inputs()
        others = site.place.on(self.day.day).other_chimneys
        rows = [one for one in site.stacks.get(self.day.start_us, []) if one.chimney_id not in others]
        names = dict(Chimney.objects.filter(factory=self.factory).values_list("pk", "name"))
        terms, operands = [], []
        for number, row in enumerate(sorted(rows, key=lambda one: one.chimney_id), 1):
            if not is_filled:
                terms.append(f"k{number}")
                operands.append(self._chimney(f"k{number}", row, names[row.chimney_id], "record_kg"))
                continue
            operands.append(self._chimney(f"k{number}", row, names[row.chimney_id], "counted_kg"))
            if row.recorded_h > row.idle_h:
                terms.append(f"ROUND(k{number} * o{number} / r{number}, 6)")
                of_day = Decimal(self.day.end_us - self.day.start_us) / 3_600_000_000
                operands.append(Operand(f"o{number}", _("hours less those idle"), of_day - row.idle_h, "h"))
                operands.append(
                    Operand(f"r{number}", _("hours with a mass"), Decimal(row.recorded_h - row.idle_h), "h")
                )
        return " + ".join(terms) or "0", tuple(operands)

    def _chimney(self, symbol: str, row: Stack, label: str, name: str) -> Operand:
        start, end = self.day.starts_at, self.day.ends_at
        below = hours("chimney", row.chimney_id, start, end, name)
        chimney = Chimney.objects.select_related("factory__organisation").get(pk=row.chimney_id)
        masses = masses_of_chimney(chimney, start, end, name, as_known_on=self.book.as_known_on)
        return Operand(symbol, label, decimal_kg(sum(masses.values(), Decimal(0))), "kg CO2", below)
