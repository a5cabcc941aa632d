"""Wood: one moisture gives the mass, the carbon and the heating value of a fire (`docs/method.md` 7).

Here: which moisture holds, and what a unit of a factor is at it. The formulas are in `science/combustion.py`.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from energy.factors import FactorSet, main_factor
from energy.models import EmissionFactor, EnergyType
from energy.quantities import Measure, Quantity
from factories.models import Factory
from lib.decimals import plain
from lib.errors import invalid
from logbook.notices import Notice
from science import units
from science.combustion import moist_wood_ncv_mj_per_kg, same_wood_kg, wet_wood_co2_kg, wood_moisture

MOISTURE_STEP = Decimal("0.001")
_VALUE_STEP = Decimal("1e-24")


@dataclass(frozen=True, slots=True)
class Moisture:
    """What is known of the moisture of an amount of wood before a factor is chosen."""

    stated: Decimal | None = None  # with the entry
    of_site: Decimal | None = None


NOT_STATED = Moisture()


def moisture_of_site(factory: Factory, energy_type: EnergyType) -> Decimal | None:
    """Of wood that is stacked; pellets and briquettes come dry, whatever the firewood of the site is."""
    return factory.wood_moisture_fraction if energy_type.is_stacked else None


@dataclass(frozen=True, slots=True)
class Wood:
    """The wood of one fire, and what one unit of each factor is of it: kg as burned, and GJ."""

    moisture_fraction: Decimal
    measures: dict[str, Measure]
    kg_per_stere: Decimal | None
    notices: tuple[Notice, ...] = ()

    def as_burned(self, quantity: Quantity) -> Quantity:
        """A quantity whose kg were weighed at another moisture, as kg of this wood; the dry mass stays."""
        if quantity.moisture_fraction is None:
            return quantity
        amount = same_wood_kg(
            quantity.amount, from_moisture=quantity.moisture_fraction, to_moisture=self.moisture_fraction
        )
        return Quantity(amount, quantity.unit, quantity.notices)

    def co2_kg_per_unit(self, per_unit: str) -> Decimal:
        kg = self.measures[per_unit].kg_per_unit
        assert kg is not None  # wood has a mass in each unit of a factor
        return wet_wood_co2_kg(kg, moisture_fraction=self.moisture_fraction)


def wood_burned(factors: FactorSet, known: Moisture) -> Wood:
    """The wood of an entry: its own moisture, else the site's, else the usual one, that of the default factor.

    A set that is not the default and gives a heating value means one moisture, which holds for its carbon too. A row
    per stere gives the mass of a stere at the moisture of its own heating value; at another one the dry mass stays.
    Raises ApiError 400 on `moisture_fraction` when the set means another moisture than the one stated.
    """
    rows = {unit: main_factor(by_gas) for unit, by_gas in factors.by_unit.items()}
    of_set = rows.get("kg") or next(iter(rows.values()))
    notices: tuple[Notice, ...] = ()
    if not of_set.is_default and of_set.ncv_gj_per_t is not None:
        moisture, ncv_gj_per_t = moisture_of(of_set), of_set.ncv_gj_per_t
        if known.stated not in (None, moisture):
            raise _of_the_set(known.stated, moisture, of_set.set_name)
    else:
        given = known.of_site if known.stated is None else known.stated
        moisture = moisture_of(factors.biogenic_co2["kg"]) if given is None else given
        notices = (Notice("moisture_default", {"percent": plain(moisture * 100)}),) if given is None else ()
        ncv_gj_per_t = moist_wood_ncv_mj_per_kg(moisture)
    kg_per_stere = _kg_per_stere([rows.get("stere"), factors.biogenic_co2.get("stere")], moisture)
    measures = {}
    for unit in rows:
        kg = kg_per_stere if unit == "stere" else units.convert(Decimal(1), from_unit=unit, to_unit="kg")
        measures[unit] = Measure(kg, None if kg is None else kg * ncv_gj_per_t / 1000)
    return Wood(moisture, measures, kg_per_stere, notices)


def _kg_per_stere(rows: list[EmissionFactor | None], moisture: Decimal) -> Decimal | None:
    """By the first row that says how much a stere weighs and how moist it is then; at this moisture."""
    for row in rows:
        if row is not None and row.kg_per_unit is not None and row.ncv_gj_per_t is not None:
            return same_wood_kg(row.kg_per_unit, from_moisture=moisture_of(row), to_moisture=moisture)
    return None


def moisture_of(factor: EmissionFactor) -> Decimal:
    """The moisture that the heating value of a factor means, to a tenth of a percent."""
    assert factor.ncv_gj_per_t is not None
    return wood_moisture(factor.ncv_gj_per_t).quantize(MOISTURE_STEP)


def co2_value(kg_per_unit: Decimal, ncv_gj_per_t: Decimal) -> Decimal:
    """The value of a factor of wood for CO2: by carbon, at the moisture that its heating value means.

    Raises: ValueError for a heating value that no wood has.
    """
    moisture = wood_moisture(ncv_gj_per_t).quantize(MOISTURE_STEP)
    return wet_wood_co2_kg(kg_per_unit, moisture_fraction=moisture).quantize(_VALUE_STEP)


def _of_the_set(stated: Decimal, moisture: Decimal, set_name: str) -> Exception:
    return invalid(
        "moisture_fraction",
        "of_the_set",
        _(
            "moisture_fraction=%(stated)s: the heating value of the set %(set)r means wood of %(moisture)s. Leave the "
            "moisture out, or choose another set."
        )
        % {"stated": plain(stated), "set": set_name, "moisture": plain(moisture)},
        moisture_fraction=plain(moisture),
    )
