"""The rows of the log form: the items that a site of a sector logs, their units, and the emissions of one unit.

Reading the typed form is in `form.py`, storing it in `portal/log/saving.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.choices import EntryKind
from energy.factors import FactorBook, sets_instead
from energy.models import EnergyEntry, EnergyType, LocalUnit
from energy.quantities import LocalUnits, canonical, local_size
from energy.valuation import value_amount
from energy.wood import Moisture, moisture_of_site
from factories.choices import Product
from factories.models import Factory
from factories.sectors import SECTORS
from lib.decimals import plain
from lib.errors import ApiError
from portal.amounts import decimals_of, unit_label
from production.models import ProductionEntry

# One unit is computed from many, because results are rounded to a milligram, too coarse for one kilogram of wood.
_MANY = Decimal(10) ** 6


@dataclass(frozen=True, slots=True)
class RowSpec:
    """A row: an energy type or a product, never both. `nothing` is the label for zero."""

    name: str
    label: Promise
    units: tuple[str, ...]
    energy_type: str = ""
    product: str = ""
    nothing: Promise | None = None
    kinds: tuple[tuple[str, Promise], ...] = ()  # one switch instead of three pages
    has_moisture: bool = False
    is_rare: bool = False  # shown folded, below the others

    @property
    def is_energy(self) -> bool:
        return bool(self.energy_type)


WOOD_KINDS = (
    (EntryKind.USED.value, gettext_lazy("used")),
    (EntryKind.RECEIVED.value, gettext_lazy("received")),
    (EntryKind.STOCK_COUNT.value, gettext_lazy("stock counted")),
)
BILL = "bill"
POWER_KINDS = (
    (EntryKind.USED.value, gettext_lazy("used that day")),
    (BILL, gettext_lazy("a bill")),
    (EntryKind.METER_READING.value, gettext_lazy("meter now")),
)
_FIREWOOD = RowSpec(
    "firewood",
    gettext_lazy("Firewood burned"),
    ("stere", "kg", "t"),
    energy_type="firewood",
    nothing=gettext_lazy("Nothing burned"),
    kinds=WOOD_KINDS,
    has_moisture=True,
)
_ELECTRICITY = RowSpec(
    "electricity", gettext_lazy("Electricity"), ("kWh", "MWh"), energy_type="electricity", kinds=POWER_KINDS
)
_DIESEL = RowSpec("diesel", gettext_lazy("Diesel"), ("L",), energy_type="diesel")
_NOTHING_MADE = gettext_lazy("Nothing made")
_MADE_TEA = RowSpec("made_tea", gettext_lazy("Made tea"), ("kg", "t"), product=Product.MADE_TEA, nothing=_NOTHING_MADE)
_GREEN_LEAF = RowSpec("green_leaf", gettext_lazy("Green leaf"), ("kg", "t"), product=Product.GREEN_LEAF)
_COAL = RowSpec("coal", gettext_lazy("Coal"), ("t", "kg"), product=Product.COAL, nothing=_NOTHING_MADE)
_EXPLOSIVES = RowSpec(
    "explosives",
    gettext_lazy("Explosives (ANFO)"),
    ("kg", "t"),
    energy_type="explosive_anfo",
    nothing=gettext_lazy("Nothing blasted"),
)

REFRIGERANTS = tuple(
    RowSpec(code, label, ("kg",), energy_type=code, is_rare=True)
    for code, label in (
        ("r22", gettext_lazy("R-22 topped up")),
        ("r134a", gettext_lazy("R-134a topped up")),
        ("r404a", gettext_lazy("R-404A topped up")),
        ("r410a", gettext_lazy("R-410A topped up")),
    )
)

ROWS = {row.name: row for row in (_FIREWOOD, _ELECTRICITY, _DIESEL, _MADE_TEA, _GREEN_LEAF, _COAL, _EXPLOSIVES)}


def rows_of(factory: Factory) -> tuple[RowSpec, ...]:
    return (*(ROWS[name] for name in SECTORS[factory.sector].log_rows), *REFRIGERANTS)


@dataclass(frozen=True, slots=True)
class UnitChip:
    """A unit to tap, with its energy and emissions at the usual moisture of wood [%]; empty if no factor is valid."""

    value: str
    label: str
    mj: str = ""
    biogenic_kg: str = ""
    co2e_kg: str = ""
    moisture: str = ""

    @property
    def decimals(self) -> int:
        return decimals_of(self.value)


@dataclass(frozen=True, slots=True)
class LastEntry:
    """The last entry: its amount as the placeholder, its unit as the default."""

    amount: str
    unit: str


@dataclass(frozen=True, slots=True)
class RowFacts:
    """The data of a row before anything is typed."""

    chips: tuple[UnitChip, ...] = ()
    last: LastEntry | None = None
    last_meter: LastEntry | None = None

    @property
    def last_words(self) -> str:
        if self.last is None:
            return ""
        labels = {chip.value.lower(): chip.label for chip in self.chips}
        unit = labels.get(self.last.unit.lower(), self.last.unit)
        return _("last time %(amount)s %(unit)s") % {"amount": self.last.amount, "unit": unit.partition(" = ")[0]}


@dataclass(frozen=True, slots=True)
class _FormInputs:
    types: Mapping[str, EnergyType]
    last: Mapping[str, LastEntry]
    meters: Mapping[str, LastEntry]
    local_units: Mapping[int, list[LocalUnit]]


def facts_of(factory: Factory, specs: Sequence[RowSpec], day: date) -> dict[str, RowFacts]:
    """For each row its units with their emissions by the factors of `day`, and the last entry.

    The number of queries depends only on the rows, not on the length of the log.
    """
    inputs = _read(factory, specs)
    facts = {}
    for spec in specs:
        energy_type = inputs.types.get(spec.energy_type)
        chips = tuple(UnitChip(unit, unit_label(unit)) for unit in spec.units)
        if energy_type is not None:
            chips = _energy_chips(factory, spec, energy_type, inputs, day)
        facts[spec.name] = RowFacts(chips, inputs.last.get(spec.name), inputs.meters.get(spec.name))
    return facts


def _read(factory: Factory, specs: Sequence[RowSpec]) -> _FormInputs:
    def newest(kind: str, by: str) -> Subquery:
        rows: QuerySet[EnergyEntry] = EnergyEntry.objects.filter(
            factory=factory, energy_type=OuterRef("pk"), kind=kind, deleted_at__isnull=True, amount__gt=0
        ).order_by(f"-{by}")
        return Subquery(rows.values(entry=JSONObject(amount="amount", unit="unit"))[:1])

    codes = {spec.energy_type: spec.name for spec in specs if spec.is_energy}
    types = EnergyType.objects.filter(code__in=codes).annotate(
        last_used=newest(EntryKind.USED, "period_start"), last_meter=newest(EntryKind.METER_READING, "timestamp")
    )
    by_code = {energy_type.code: energy_type for energy_type in types}
    last: dict[str, LastEntry] = {}
    meters: dict[str, LastEntry] = {}
    for code, energy_type in by_code.items():
        for entry, into in ((energy_type.last_used, last), (energy_type.last_meter, meters)):
            if entry:
                amount = plain(Decimal(str(entry["amount"])))
                into[codes[code]] = LastEntry(amount, _chip_unit(entry["unit"], energy_type))
    local_units: dict[int, list[LocalUnit]] = {}
    for unit in LocalUnit.objects.filter(factory=factory, energy_type__in=by_code.values()).order_by("name"):
        local_units.setdefault(unit.energy_type_id, []).append(unit)
    return _FormInputs(by_code, last | _last_made(factory, specs), meters, local_units)


def _chip_unit(unit: str, energy_type: EnergyType) -> str:
    """The unit as its button spells it: `liters` becomes L, and m3 of wood becomes stacked m3."""
    symbol = canonical(unit) or unit
    return "stere" if symbol == "m3" and energy_type.is_stacked else symbol


def _last_made(factory: Factory, specs: Sequence[RowSpec]) -> dict[str, LastEntry]:
    by_product = {spec.product: spec.name for spec in specs if spec.product}
    rows = ProductionEntry.objects.filter(
        factory=factory, product__in=by_product, deleted_at__isnull=True, amount_kg__gt=0
    )
    newest = rows.order_by("product", "-period_start").distinct("product")
    return {by_product[row.product]: LastEntry(plain(row.amount), row.unit) for row in newest}


def _energy_chips(
    factory: Factory, spec: RowSpec, energy_type: EnergyType, inputs: _FormInputs, day: date
) -> tuple[UnitChip, ...]:
    """The usual units, those of the factory, and the unit of the last entry if it is neither."""
    local_units = inputs.local_units.get(energy_type.pk, [])
    units = {unit: unit_label(unit) for unit in spec.units}
    for record in local_units:
        is_usual = record.name in units  # a stere with a local weight is still a stere
        made_of = f"{plain(record.amount)} {unit_label(record.unit)}"
        units[record.name] = units[record.name] if is_usual else f"{record.name} = {made_of}"
    last = inputs.last.get(spec.name)
    if last is not None and last.unit.lower() not in {unit.lower() for unit in units}:
        units[last.unit] = last.unit
    instead = sets_instead(factory, energy_type)
    book = FactorBook(energy_type, factory.country, organisation=factory.organisation, instead=instead)
    local = {record.name.lower(): local_size(record) for record in local_units}
    return tuple(_chip(factory, unit, label, book, local, day) for unit, label in units.items())


def _chip(factory: Factory, unit: str, label: str, book: FactorBook, local: LocalUnits, day: date) -> UnitChip:
    try:
        valued, _notices = value_amount(
            _MANY,
            unit,
            book=book,
            local=local,
            first_day=day,
            last_day=day,
            gwp_set=factory.organisation.gwp_set,
            moisture=Moisture(of_site=moisture_of_site(factory, book.energy_type)),
        )
    except ApiError:
        return UnitChip(unit, label)  # without a factor the amount is refused with a reason when it is saved
    return UnitChip(
        unit,
        label,
        mj="" if valued.energy_gj is None else plain(valued.energy_gj * 1000 / _MANY),
        biogenic_kg=plain(valued.biogenic_co2_kg / _MANY),
        co2e_kg=plain(valued.co2e_kg / _MANY),
        moisture="" if valued.moisture_fraction is None else plain(valued.moisture_fraction * 100),
    )
