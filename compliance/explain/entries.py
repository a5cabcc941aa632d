"""Cards of what was logged: an entry, its share of a factory day, production, and the emission factor behind it."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

from django.utils.translation import gettext as _

from compliance.explain.card import STORED, Card, Operand
from compliance.explain.catalogue import label_of, unit_of
from compliance.explain.identity import Identity
from compliance.explain.sites import UnknownNameError
from energy.choices import FactorGas
from energy.models import EmissionFactor, EnergyEntry
from energy.wood import moisture_of
from factories.days import factory_day
from production.models import ProductionEntry
from science.gwp import Gas, gwp
from science.rounding import decimal_kg, decimal_part
from science.units import UNITS

Entry = EnergyEntry | ProductionEntry
_STORED = ("amount", "cost", "moisture_fraction")
_RESULTS = ("factor_amount", "energy_gj", "co2_kg", "biogenic_co2_kg", "ch4_kg", "n2o_kg", "co2e_kg", "market_co2e_kg")
_DERIVED = ("carbon_co2_kg", "wood_kg", "electricity_kwh")
NAMES = (*_STORED, *_RESULTS, *_DERIVED)
_FACTOR_NAMES = ("value", "gj_per_unit", "gas_kg_per_tj", "kg_per_unit", "ncv_gj_per_t", "inherent_kg_per_unit")


def entry_value(entry: EnergyEntry, name: str) -> Decimal | None:
    """Raises UnknownNameError."""
    if name not in NAMES:
        raise UnknownNameError(name)
    if name == "carbon_co2_kg":
        return None if entry.co2_kg is None else entry.co2_kg + (entry.biogenic_co2_kg or 0)
    if name == "electricity_kwh":
        factor = UNITS["kWh"].in_base_units
        known = UNITS.get(entry.factor.per_unit) if entry.factor else None
        if known is None or entry.factor_amount is None or known.dimension is not UNITS["kWh"].dimension:
            return None
        return decimal_kg(entry.factor_amount * known.in_base_units / factor)
    value: Decimal | None = getattr(entry, name)
    return value


def explain_entry(figure: Identity, entry: EnergyEntry) -> Card:
    """How an amount became kilograms, by the factors that were in force."""
    name = figure.name
    value = entry_value(entry, name)
    if name == "market_co2e_kg" and value is not None:
        return _card(figure, value, "ROUND(a * k * f, 6)", *_contract(figure, entry))
    if name in _STORED or entry.factor is None:
        typed = Operand(STORED, _("as entered"), value, entry.unit if name == "amount" else unit_of(name))
        return _card(figure, value, STORED, typed)
    return _card(figure, value, *_Valued(figure, entry).formula(name))


def _contract(figure: Identity, entry: EnergyEntry) -> Iterator[Operand]:
    """It has no factor of a set. Its stored energy is rounded, so the kWh come from what was typed."""
    known = UNITS.get(entry.unit)
    with localcontext(prec=60):
        if known is not None and known.dimension is UNITS["kWh"].dimension:
            kwh: Decimal | None = known.in_base_units / UNITS["kWh"].in_base_units
        else:  # a unit of the site
            kwh = (entry.energy_gj or 0) / Decimal("0.0036") / entry.amount if entry.amount else None
    yield Operand("a", label_of("amount"), entry.amount, entry.unit, str(figure.named("amount")))
    yield Operand("k", _("kWh in one unit"), kwh, "kWh")
    yield Operand("f", _("supplier's factor"), entry.supplier_factor_kgco2e_per_kwh, "kg CO2e/kWh")


class _Valued:
    """The formulas of an entry; `docs/method.md` 7 once more, from the rows of its factors."""

    def __init__(self, figure: Identity, entry: EnergyEntry) -> None:
        self.figure, self.entry = figure, entry
        self.main: Any = entry.factor
        self.wet = entry.moisture_fraction if entry.energy_type.is_wood else None

    def formula(self, name: str) -> tuple[Any, ...]:
        """The expression, then its operands."""
        energy = [*self._energy()]
        amount = self._of("a", "factor_amount")
        match name:
            case "factor_amount":
                return self._factor_amount()
            case "energy_gj":
                return f"ROUND(a * {self._gj()}, 6)", amount, *energy
            case "carbon_co2_kg":
                return "a + b", self._of("a", "co2_kg"), self._of("b", "biogenic_co2_kg")
            case "electricity_kwh":
                return "ROUND(a * k, 6)", amount, Operand("k", _("kWh in one unit"), self._per_unit("kWh"), "kWh")
            case "wood_kg":
                return "ROUND(b / ((1 - M) * 0.5 * 44 / 12), 6)", self._of("b", "biogenic_co2_kg"), self._moisture()
            case "biogenic_co2_kg":
                return self._biogenic(amount)
            case "co2_kg" | "co2e_kg" if self.main.gas == FactorGas.CO2E or name == "co2_kg":
                is_none = name == "co2_kg" and self.entry.energy_type.is_biogenic
                return ("0",) if is_none else ("ROUND(a * f, 6)", amount, _factor("f", self.main))
            case "ch4_kg" | "n2o_kg":
                gas = self.entry.ch4_factor if name == "ch4_kg" else self.entry.n2o_factor
                return f"ROUND(a * {self._gj()} * c / 1000, 6)", amount, *energy, _factor("c", gas, "gas_kg_per_tj")
        return self._co2e(amount, energy)

    def _co2e(self, amount: Operand, energy: list[Operand]) -> tuple[Any, ...]:
        entry, is_biogenic = self.entry, self.entry.energy_type.is_biogenic
        if entry.ch4_factor is None and entry.n2o_factor is None:  # of what is not burned
            return "ROUND(a * f, 6)", amount, _factor("f", self.main)
        gas = Gas.CH4_BIOGENIC if is_biogenic else Gas.CH4_FOSSIL
        gases = f"a * {self._gj()} * c / 1000 * p + a * {self._gj()} * n / 1000 * q"
        potentials = [
            Operand(symbol, str(one), gwp(one, entry.gwp_set), "kg CO2e/kg", source=entry.gwp_set)
            for symbol, one in (("p", gas), ("q", Gas.N2O))
        ]
        rows = (_factor("c", entry.ch4_factor, "gas_kg_per_tj"), _factor("n", entry.n2o_factor, "gas_kg_per_tj"))
        if is_biogenic:
            return f"ROUND({gases}, 6)", amount, *energy, *rows, *potentials
        return f"ROUND(a * f + {gases}, 6)", amount, _factor("f", self.main), *energy, *rows, *potentials

    def _gj(self) -> str:
        """GJ of one unit: of wood from its moisture, else of the factor."""
        if self.wet is None:
            return "g"
        return "k * h / 1000" if self._has_own_ncv() else "k * (18.5 * (1 - M) - 2.443 * M) / 1000"

    def _energy(self) -> list[Operand]:
        if self.wet is None:
            gj = self.main.gj_per_unit
            if gj is None:
                return [Operand("g", _("GJ in one unit"), self._per_unit("GJ"), "GJ")]
            return [_factor("g", self.main, "gj_per_unit")]
        if self._has_own_ncv():
            return [self._kg_per_unit(), _factor("h", self.main, "ncv_gj_per_t")]
        return [self._kg_per_unit(), self._moisture()]

    def _has_own_ncv(self) -> bool:
        return not self.main.is_default and self.main.ncv_gj_per_t is not None

    def _biogenic(self, amount: Operand) -> tuple[Any, ...]:
        if self.wet is not None:
            return "ROUND(a * k * (1 - M) * 0.5 * 44 / 12, 6)", amount, self._kg_per_unit(), self._moisture()
        if not self.entry.energy_type.is_biogenic:
            return ("0",)
        if self.main.gas == FactorGas.CO2:
            return "ROUND(a * f, 6)", amount, _factor("f", self.main)
        return STORED, Operand(STORED, _("CO2 by the set's own factor"), self.entry.biogenic_co2_kg, "kg CO2")

    def _factor_amount(self) -> tuple[Any, ...]:
        entry, amount = self.entry, self._of("a", "amount")
        with localcontext(prec=60):
            in_one = entry.factor_amount / entry.amount if entry.factor_amount is not None and entry.amount else None
        words = _("%(per)s in one %(unit)s, by the unit or the weight in force then") % {
            "per": self.main.per_unit,
            "unit": entry.unit,
        }
        return "ROUND(a * k, 12)", amount, Operand("k", words, in_one, self.main.per_unit)

    def _kg_per_unit(self) -> Operand:
        """The kg of wood in one unit of the factor, at the moisture of the entry."""
        kg = self._per_unit("kg")
        if kg is None and self.main.kg_per_unit is not None and self.wet is not None:
            dry = 1 - (moisture_of(self.main) if self.main.ncv_gj_per_t else self.wet)
            with localcontext(prec=60):
                kg = self.main.kg_per_unit * dry / (1 - self.wet)
        return Operand("k", _("kg of wood in one unit"), kg, "kg")

    def _per_unit(self, unit: str) -> Decimal | None:
        known = UNITS.get(self.main.per_unit)
        if known is None or known.dimension is not UNITS[unit].dimension:
            return None
        with localcontext(prec=60):
            return known.in_base_units / UNITS[unit].in_base_units

    def _moisture(self) -> Operand:
        return Operand("M", _("moisture of the wood"), self.wet, "", str(self.figure.named("moisture_fraction")))

    def _of(self, symbol: str, name: str) -> Operand:
        unit = self.main.per_unit if name == "factor_amount" else self.entry.unit if name == "amount" else unit_of(name)
        below = str(Identity("entry", (self.entry.pk,), name))
        return Operand(symbol, label_of(name), entry_value(self.entry, name), unit, below)


def _factor(symbol: str, row: EmissionFactor | None, name: str = "value") -> Operand:
    if row is None:
        return Operand(symbol, _("no factor"), None)
    label = f"{row.energy_type.code}, {row.gas}, {row.set_name}"
    unit = {"value": row.unit, "gj_per_unit": "GJ", "gas_kg_per_tj": "kg/TJ"}.get(name, "")
    return Operand(symbol, label, getattr(row, name), unit, str(Identity("factor", (row.pk,), name)), row.source)


def explain_factor(figure: Identity, row: EmissionFactor) -> Card:
    name = figure.name
    if name not in _FACTOR_NAMES:
        raise UnknownNameError(name)
    chain: tuple[str, tuple[str, ...]] = (STORED, ())
    if name == "value" and row.gas_kg_per_tj is not None and row.gj_per_unit is not None:
        chain = ("g * t / 1000 + i", ("gj_per_unit", "gas_kg_per_tj", "inherent_kg_per_unit"))
    elif name == "gj_per_unit" and row.kg_per_unit is not None and row.ncv_gj_per_t is not None:
        chain = ("k * n / 1000", ("kg_per_unit", "ncv_gj_per_t"))
    value: Decimal | None = getattr(row, name)
    symbols = [part for part in chain[0].replace("(", " ").split() if part.isalpha()]
    operands = [_factor(symbol, row, of) for symbol, of in zip(symbols, chain[1], strict=False)]
    if not operands:
        operands = [Operand(STORED, row.source, value, row.unit if name == "value" else "", source=row.publication)]
    return _card(figure, value, chain[0], *operands)


def explain_production(figure: Identity, entry: ProductionEntry) -> Card:
    if figure.name != "amount_kg":
        raise UnknownNameError(figure.name)
    return _card(figure, entry.amount_kg, STORED, Operand(STORED, _("as entered"), entry.amount_kg, "kg"))


# --- Shares of a day ---------------------------------------------------------------------------
def explain_share(figure: Identity, entry: Entry) -> Card:
    """The part of an entry on a factory day: what has accrued until its end less what had at its begin."""
    below = "production" if isinstance(entry, ProductionEntry) else "entry"
    whole = entry.amount_kg if isinstance(entry, ProductionEntry) else entry_value(entry, figure.name)
    begin, end, length = _stretch(entry, figure.first_day)
    inputs = [
        Operand(symbol, label, Decimal(time), "µs")
        for symbol, label, time in (
            ("b", _("from the begin of the entry to that of its part"), begin),
            ("e", _("to the end of its part"), end),
            ("w", _("length of the entry"), length),
        )
    ]
    whole_figure = Identity(below, (entry.pk,), figure.name)
    operand = Operand("x", _("the whole entry"), whole, unit_of(figure.name), str(whole_figure))
    value = share_value(entry, whole, figure.first_day)
    return _card(figure, value, "ROUND(x * e / w, 6) - ROUND(x * b / w, 6)", operand, *inputs)


def share_value(entry: Entry, whole: Decimal | None, day: date) -> Decimal | None:
    begin, end, length = _stretch(entry, day)
    if whole is None or begin >= end:
        return None
    with localcontext(prec=60):
        return decimal_part(whole, begin=begin, end=end, whole=length)


def _stretch(entry: Entry, day: date) -> tuple[int, int, int]:
    """Begin, end and whole of the entry's part of a day, in microseconds since the entry began."""
    assert entry.period_start is not None
    assert entry.period_end is not None
    of, one = factory_day(entry.factory, day), timedelta(microseconds=1)
    begin = max(of.starts_at - entry.period_start, timedelta(0)) // one
    end = (min(of.ends_at, entry.period_end) - entry.period_start) // one
    return begin, end, (entry.period_end - entry.period_start) // one


def _card(figure: Identity, value: Decimal | None, expression: str, *operands: Operand) -> Card:
    return Card(str(figure), label_of(figure.name), unit_of(figure.name), value, expression, operands)
