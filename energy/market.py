"""Electricity by a contract or certificate: its supplier's factor, for the market-based total of scope 2.

An entry of kind `market` stands beside the uses of the grid, which stay valued by the grid's own factor. The second
total is made in `compliance/queries.py`; the two are never added.
"""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from energy.choices import Carrier, EntryKind
from energy.models import EnergyType
from energy.quantities import LocalUnits, in_known_unit
from lib.errors import invalid
from science import units
from science.combustion import electricity_co2e_kg
from science.rounding import decimal_kg

FIELDS = ("instrument", "supplier_factor_kgco2e_per_kwh", "evidence")
LARGEST_FACTOR_KGCO2E_PER_KWH = Decimal(3)  # above it the number is in grams
_GJ_PER_KWH = Decimal("0.0036")


def require_market_fields(kind: str, given: dict[str, Any]) -> None:
    """Raise ApiError 400 unless an entry of kind `market` has all its fields, and another entry none of them."""
    for name in FIELDS:
        is_given = given[name] not in (None, "")
        if kind == EntryKind.MARKET and not is_given:
            raise invalid(
                name,
                "required",
                _("Give %(name)s: a contract or certificate needs a kind, its supplier's factor and its proof.")
                % {"name": name},
            )
        if kind != EntryKind.MARKET and is_given:
            raise invalid(name, "of_a_contract", _("%(name)s is allowed only with kind=market.") % {"name": name})
    factor = given["supplier_factor_kgco2e_per_kwh"]
    if factor is not None and not 0 <= factor <= LARGEST_FACTOR_KGCO2E_PER_KWH:
        raise invalid(
            "supplier_factor_kgco2e_per_kwh",
            "out_of_range",
            _("supplier_factor_kgco2e_per_kwh=%(value)s is outside 0 to %(limit)s kg CO2e/kWh; 420 g are 0.42.")
            % {"value": factor, "limit": LARGEST_FACTOR_KGCO2E_PER_KWH},
        )


def market_results(
    energy_type: EnergyType, amount: Decimal, unit: str, factor: Decimal, *, local: LocalUnits
) -> dict[str, Decimal]:
    """The energy and CO2e of an amount of electricity by its supplier's factor. Raises ApiError 400."""
    quantity = in_known_unit(amount, unit, energy_type=energy_type, local=local)
    if energy_type.carrier != Carrier.GRID or units.unit(quantity.unit).dimension is not units.Dimension.ENERGY:
        raise invalid(
            "energy_type",
            "not_electricity",
            _("A contract or certificate is for electricity in kWh, not for %(unit)s of %(type)s.")
            % {"unit": quantity.unit, "type": energy_type.code},
        )
    kwh = units.convert(quantity.amount, from_unit=quantity.unit, to_unit="kWh")
    co2e_kg = electricity_co2e_kg(kwh, factor_kgco2e_per_kwh=factor)
    return {"energy_gj": decimal_kg(kwh * _GJ_PER_KWH), "market_co2e_kg": decimal_kg(co2e_kg)}
