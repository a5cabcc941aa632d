"""What an amount emitted: the factors that hold, the formulas of `science.combustion`, rounded for the record."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from django.utils.translation import gettext as _

from energy.choices import Carrier, FactorGas
from energy.factors import FactorBook, FactorSet, change_within, main_factor, sets_instead
from energy.models import EnergyType
from energy.quantities import LocalUnits, in_factor_unit, in_known_unit, local_units_of
from energy.wood import NOT_STATED, Moisture, Wood, moisture_of_site, wood_burned
from factories.models import EmissionSource, Factory
from lib.errors import invalid
from logbook.notices import Notice
from science import METHOD_VERSION, units
from science.combustion import FuelFactor, combustion, electricity_co2e_kg
from science.rounding import decimal_kg
from science.units import Dimension

_PRECISION = 60
_ZERO = Decimal(0)
_STEP = Decimal("1e-12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """The stored results of an entry of kind `used`; the names are those of `EnergyEntry`."""

    scope: int
    factor_amount: Decimal
    energy_gj: Decimal | None
    co2_kg: Decimal | None
    biogenic_co2_kg: Decimal
    ch4_kg: Decimal | None = None
    n2o_kg: Decimal | None = None
    co2e_kg: Decimal
    factor_id: int
    ch4_factor_id: int | None = None
    n2o_factor_id: int | None = None
    gwp_set: str
    moisture_fraction: Decimal | None = None  # of wood, as it was burned
    method_version: str = METHOD_VERSION


RESULT_FIELDS: tuple[str, ...] = tuple(Valued.__dataclass_fields__)


def value_amount(
    amount: Decimal,
    unit: str,
    *,
    book: FactorBook,
    local: LocalUnits,
    first_day: date,
    last_day: date,
    gwp_set: str,
    moisture: Moisture = NOT_STATED,
) -> tuple[Valued, tuple[Notice, ...]]:
    """Compute the results of an amount with the factors of the first day of its period.

    Raises ApiError 400: no factor, a unit that is unknown or of another kind, a moisture that the set does not mean.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        quantity = in_known_unit(amount, unit, energy_type=book.energy_type, local=local)
        factors = book.on(first_day)
        wood = wood_burned(factors, moisture) if book.energy_type.is_wood else None
        factor_amount, per_unit = in_factor_unit(
            wood.as_burned(quantity) if wood else quantity,
            wood.measures if wood else factors.measures,
            book.energy_type,
            kg_per_stere=wood.kg_per_stere if wood else None,
        )
        valued = _valued(factor_amount, per_unit, factors, wood, gwp_set)
    change = change_within(factors, last_day)
    notices = (*factors.notices, *quantity.notices, *(wood.notices if wood else ()), *([change] if change else []))
    return valued, notices


class Valuer:
    """Values amounts of one type at one factory, whatever their unit and day; factors and local units are read once."""

    def __init__(
        self, factory: Factory, energy_type: EnergyType, factor_set: str = "", *, source: EmissionSource | None = None
    ) -> None:
        organisation, instead = factory.organisation, sets_instead(factory, energy_type, source)
        self._book = FactorBook(energy_type, factory.country, factor_set, organisation=organisation, instead=instead)
        self._local = local_units_of(factory, energy_type)
        self._gwp_set = organisation.gwp_set
        self._of_site = moisture_of_site(factory, energy_type)

    def value(
        self, amount: Decimal, unit: str, days: tuple[date, date], moisture_fraction: Decimal | None = None
    ) -> tuple[Valued, tuple[Notice, ...]]:
        """The same as `value_amount`; `days` are the first and the last day of the period."""
        return value_amount(
            amount,
            unit,
            book=self._book,
            local=self._local,
            first_day=days[0],
            last_day=days[1],
            gwp_set=self._gwp_set,
            moisture=Moisture(moisture_fraction, self._of_site),
        )


def _valued(amount: Decimal, per_unit: str, factors: FactorSet, wood: Wood | None, gwp_set: str) -> Valued:
    by_gas, is_biogenic = factors.by_unit[per_unit], factors.energy_type.is_biogenic
    main, ch4, n2o = main_factor(by_gas), by_gas.get(FactorGas.CH4), by_gas.get(FactorGas.N2O)
    gj_per_unit = wood.measures[per_unit].gj_per_unit if wood else main.gj_per_unit
    every: dict[str, Any] = {
        "scope": factors.energy_type.scope,
        "factor_amount": amount.quantize(_STEP),
        "factor_id": main.pk,
        "gwp_set": main.gwp_set or gwp_set,
        "moisture_fraction": wood.moisture_fraction if wood else None,
    }
    if main.gas == FactorGas.CO2 and gj_per_unit is not None:
        if factors.energy_type.carrier != Carrier.GRID:
            _require_all_gases(per_unit, factors)
        masses = combustion(
            amount,
            factor=FuelFactor(
                gj_per_unit=gj_per_unit,
                co2_kg_per_unit=wood.co2_kg_per_unit(per_unit) if wood else main.value,
                ch4_kg_per_tj=(ch4.gas_kg_per_tj if ch4 else None) or _ZERO,
                n2o_kg_per_tj=(n2o.gas_kg_per_tj if n2o else None) or _ZERO,
                biogenic_fraction=Decimal(int(is_biogenic)),
            ),
            gwp_set=gwp_set,
        )
        return Valued(
            **every,
            energy_gj=decimal_kg(masses.energy_gj),
            co2_kg=decimal_kg(masses.co2_kg),
            biogenic_co2_kg=decimal_kg(masses.biogenic_co2_kg),
            ch4_kg=decimal_kg(masses.ch4_kg),
            n2o_kg=decimal_kg(masses.n2o_kg),
            co2e_kg=decimal_kg(masses.co2e_kg),
            ch4_factor_id=ch4.pk if ch4 else None,
            n2o_factor_id=n2o.pk if n2o else None,
        )
    if gj_per_unit is None and units.unit(per_unit).dimension is Dimension.ENERGY:  # what was delivered
        gj_per_unit = units.convert(Decimal(1), from_unit=per_unit, to_unit="GJ")
    is_sum = main.gas == FactorGas.CO2E  # of a biogenic fuel, of CH4 and N2O: none of its CO2 is fossil
    kg = decimal_kg(electricity_co2e_kg(amount, factor_kgco2e_per_kwh=main.value))  # of any unit, not only kWh
    biogenic_kg = amount * _biogenic_co2_kg_per_unit(per_unit, factors, wood) if is_biogenic else _ZERO
    return Valued(
        **every,
        energy_gj=None if gj_per_unit is None else decimal_kg(amount * gj_per_unit),
        co2_kg=kg if not is_sum else _ZERO if is_biogenic else None,
        biogenic_co2_kg=decimal_kg(biogenic_kg),
        co2e_kg=kg,
    )


def _require_all_gases(per_unit: str, factors: FactorSet) -> None:
    """Raise ApiError 400 for what is burned by a set without CH4 or N2O: it is not known, never zero."""
    for gas in (FactorGas.CH4, FactorGas.N2O):
        if gas not in factors.by_unit[per_unit]:
            raise invalid(
                "factor_set",
                "no_factor_of_gas",
                _("The set has no factor for %(gas)s of %(type)s per %(unit)s; add one to it, or a sum as CO2e.")
                % {"gas": gas.value, "type": factors.energy_type.code, "unit": per_unit},
            )


def _biogenic_co2_kg_per_unit(per_unit: str, factors: FactorSet, wood: Wood | None) -> Decimal:
    """CO2 of a biogenic fuel whose factor is a sum of the other gases: of wood by carbon, else by its set, or default.

    Raises ApiError 400 for heat whose supplier gave no CO2: it is not known, never zero.
    """
    if wood:
        return wood.co2_kg_per_unit(per_unit)
    factor = factors.biogenic_co2.get(per_unit)
    if factor is None:
        raise invalid(
            "factor_set",
            "no_biogenic_factor",
            _("The set has no factor for the biogenic CO2 of %(type)s per %(unit)s; add one of gas CO2 to it.")
            % {"type": factors.energy_type.code, "unit": per_unit},
        )
    return factor.value
