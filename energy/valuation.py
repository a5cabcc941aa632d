"""What an amount emitted: the factors that hold, the formulas of `science.combustion`, rounded for the record."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from django.utils.translation import gettext as _

from energy.choices import FactorGas
from energy.factors import FactorBook, FactorSet, change_within, main_factor, sets_instead
from energy.models import EmissionFactor, EnergyType
from energy.quantities import LocalUnits, in_factor_unit, in_known_unit, local_units_of
from factories.models import EmissionSource, Factory
from lib.errors import invalid
from logbook.notices import Notice
from science import METHOD_VERSION
from science.combustion import FuelFactor, combustion, electricity_co2e_kg
from science.rounding import decimal_kg

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
    method_version: str = METHOD_VERSION


RESULT_FIELDS: tuple[str, ...] = tuple(Valued.__dataclass_fields__)


def value_amount(
    amount: Decimal, unit: str, *, book: FactorBook, local: LocalUnits, first_day: date, last_day: date, gwp_set: str
) -> tuple[Valued, tuple[Notice, ...]]:
    """Compute the results of an amount with the factors of the first day of its period.

    Raises ApiError 400: no factor, a unit that is unknown or of another kind.
    """
    quantity = in_known_unit(amount, unit, energy_type=book.energy_type, local=local)
    factors = book.on(first_day)
    factor_amount, per_unit = in_factor_unit(
        quantity, factors.measures, book.energy_type, kg_per_stere=factors.kg_per_stere
    )
    change = change_within(factors, last_day)
    notices = (*factors.notices, *quantity.notices, *([change] if change else []))
    with localcontext() as context:
        context.prec = _PRECISION
        return _valued(factor_amount, per_unit, factors, gwp_set), notices


class Valuer:
    """Values amounts of one type at one factory, whatever their unit and day; factors and local units are read once."""

    def __init__(
        self, factory: Factory, energy_type: EnergyType, factor_set: str = "", *, source: EmissionSource | None = None
    ) -> None:
        organisation, instead = factory.organisation, sets_instead(factory, energy_type, source)
        self._book = FactorBook(energy_type, factory.country, factor_set, organisation=organisation, instead=instead)
        self._local = local_units_of(factory, energy_type)
        self._gwp_set = organisation.gwp_set

    def value(self, amount: Decimal, unit: str, days: tuple[date, date]) -> tuple[Valued, tuple[Notice, ...]]:
        """The same as `value_amount`; `days` are the first and the last day of the period."""
        return value_amount(
            amount, unit, book=self._book, local=self._local, first_day=days[0], last_day=days[1], gwp_set=self._gwp_set
        )


def _valued(amount: Decimal, per_unit: str, factors: FactorSet, gwp_set: str) -> Valued:
    by_gas = factors.by_unit[per_unit]
    main = main_factor(by_gas)
    if main.gas == FactorGas.CO2 and main.gas_kg_per_tj is not None and main.gj_per_unit is not None:
        return _burned(amount, main, by_gas, factors, gwp_set)
    is_sum = main.gas == FactorGas.CO2E
    kg = electricity_co2e_kg(amount, factor_kgco2e_per_kwh=main.value)  # kg, computed from kg per unit of any unit
    biogenic_kg = _biogenic_kg(amount, per_unit, factors) if factors.energy_type.is_biogenic else _ZERO
    return Valued(
        scope=factors.energy_type.scope,
        factor_amount=amount.quantize(_STEP),
        energy_gj=decimal_kg(amount * Decimal("0.0036")) if per_unit == "kWh" else None,
        co2_kg=None if is_sum else decimal_kg(kg),
        biogenic_co2_kg=decimal_kg(biogenic_kg),
        co2e_kg=decimal_kg(kg),
        factor_id=main.pk,
        gwp_set=main.gwp_set or gwp_set,
    )


def _burned(
    amount: Decimal, main: EmissionFactor, by_gas: dict[str, EmissionFactor], factors: FactorSet, gwp_set: str
) -> Valued:
    ch4, n2o = by_gas.get(FactorGas.CH4), by_gas.get(FactorGas.N2O)
    gj_per_unit, co2_kg_per_tj = main.gj_per_unit, main.gas_kg_per_tj
    assert gj_per_unit is not None
    assert co2_kg_per_tj is not None
    masses = combustion(
        amount,
        factor=FuelFactor(
            kg_per_unit=Decimal(1000),  # so that the heating value is that of one unit, in GJ
            ncv_gj_per_t=gj_per_unit,
            co2_kg_per_gj=co2_kg_per_tj / 1000,
            ch4_kg_per_tj=(ch4.gas_kg_per_tj if ch4 else None) or _ZERO,
            n2o_kg_per_tj=(n2o.gas_kg_per_tj if n2o else None) or _ZERO,
            biogenic_fraction=Decimal(int(factors.energy_type.is_biogenic)),
        ),
        gwp_set=gwp_set,
    )
    inherent_kg = amount * main.inherent_kg_per_unit
    biogenic_kg = masses.biogenic_co2_kg + (inherent_kg if factors.energy_type.is_biogenic else _ZERO)
    fossil_kg = masses.co2_kg + (_ZERO if factors.energy_type.is_biogenic else inherent_kg)
    return Valued(
        scope=factors.energy_type.scope,
        factor_amount=amount.quantize(_STEP),
        energy_gj=decimal_kg(masses.energy_gj),
        co2_kg=decimal_kg(fossil_kg),
        biogenic_co2_kg=decimal_kg(biogenic_kg),
        ch4_kg=decimal_kg(masses.ch4_kg),
        n2o_kg=decimal_kg(masses.n2o_kg),
        co2e_kg=decimal_kg(masses.co2e_kg + fossil_kg - masses.co2_kg),
        factor_id=main.pk,
        ch4_factor_id=ch4.pk if ch4 else None,
        n2o_factor_id=n2o.pk if n2o else None,
        gwp_set=gwp_set,
    )


def _biogenic_kg(amount: Decimal, per_unit: str, factors: FactorSet) -> Decimal:
    """The CO2 of a biogenic fuel whose factor is a sum of the other gases: by its set, or the default.

    Raises ApiError 400 for heat whose supplier gave no CO2: it is not known, never zero.
    """
    factor = factors.biogenic_co2.get(per_unit)
    if factor is None:
        raise invalid(
            "factor_set",
            "no_biogenic_factor",
            _("The set has no factor for the biogenic CO2 of %(type)s per %(unit)s; add one of gas CO2 to it.")
            % {"type": factors.energy_type.code, "unit": per_unit},
        )
    return amount * factor.value
