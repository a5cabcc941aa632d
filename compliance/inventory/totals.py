"""The totals of an inventory that the API and the page show, each with its interval in three sets of potentials."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compliance.inventory.lines import BIOGENIC_CO2, SETS, Approach, Inventory, Line
from science.interval import UncertainMass
from science.rounding import decimal_kg


@dataclass(frozen=True, slots=True)
class InventoryTotal:
    code: str
    label: Promise
    mass: UncertainMass  # kg CO2e in the inventory's set; of biogenic CO2 kg
    by_set: dict[str, UncertainMass]  # empty for biogenic CO2
    coverage: Decimal | None


_TOTALS: tuple[tuple[str, Promise, int, Callable[[Line], bool]], ...] = (
    ("scope_1", _("Scope 1"), 1, lambda line: line.scope == 1),
    ("scope_2_location", _("Scope 2, location-based"), 2, lambda line: line.approach == Approach.LOCATION),
    ("scope_2_market", _("Scope 2, market-based"), 2, lambda line: line.approach == Approach.MARKET),
)


def totals_of(inventory: Inventory) -> list[InventoryTotal]:
    found = [
        InventoryTotal(
            code,
            label,
            inventory.co2e(choose),
            {name: inventory.co2e(choose, gwp_set=name) for name in SETS},
            inventory.coverage(scope),
        )
        for code, label, scope, choose in _TOTALS
    ]
    biogenic = InventoryTotal(
        "biogenic_co2", _("Biogenic CO2, outside the scopes"), inventory.biogenic, {}, inventory.coverage(1)
    )
    return [*found, biogenic]


def interval(mass: UncertainMass) -> dict[str, Decimal | None]:
    """kg to 6 decimals; no `high_kg`: at least."""
    return {"low_kg": mass.low_kg, "likely_kg": decimal_kg(mass.likely_kg), "high_kg": _rounded(mass.high_kg)}


def _rounded(kg: Decimal | None) -> Decimal | None:
    return None if kg is None else decimal_kg(kg)


def line_rows(inventory: Inventory) -> Iterable[dict[str, Any]]:
    """Each line with its CO2e in the sets; none for what is outside the scopes."""
    for line in inventory.lines:
        co2e = {
            f"co2e_{name.lower()}_kg": None
            if line.gas == BIOGENIC_CO2
            else decimal_kg(line.mass.likely_kg * inventory.potential(line.gas, name))
            for name in SETS
        }
        yield {
            "factory": line.factory_id,
            "month": line.month,
            "source": line.source_id,
            "source_kind": str(line.source_kind),
            "stream": line.stream,
            "scope": line.scope,
            "approach": str(line.approach),
            "gas": str(line.gas),
            "basis": str(line.basis),
            "method": line.method,
            **interval(line.mass),
            "amount": line.amount,
            "unit": line.unit,
            "energy_gj": line.energy_gj,
            "factors": list(line.factor_ids),
            "gwp_set": line.gwp_set,
            **co2e,
        }


def last_twelve_months(today: date) -> tuple[date, date]:
    """To the end of the month before."""
    end = today.replace(day=1)
    return end.replace(year=end.year - 1), end
