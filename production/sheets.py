"""Imports a sheet of one product: the amount made in each period."""

from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from functools import cached_property
from typing import Any

from factories.choices import Product
from factories.days import factory_day
from lib.errors import ApiError
from logbook.notices import Notice
from logbook.plausibility import Thing
from logbook.sheets.importing import SheetPlan, SheetRow
from logbook.sheets.time_axis import Slot
from production.models import KG_PER_UNIT, ProductionEntry, in_unit
from production.services import STEP_KG, find_product, find_unit, in_kg, production_log, thing_of


@dataclass(frozen=True, kw_only=True)
class ProductionSheet(SheetPlan):
    product: str

    model, log, amount_column = ProductionEntry, production_log, "amount_kg"

    def __post_init__(self) -> None:
        # The stored spelling, so that a file in `Tonnes` is recognised when it is imported again in `t`.
        if self.unit:
            object.__setattr__(self, "unit", find_unit(self.unit).value)
        object.__setattr__(self, "product", find_product(self.factory, self.product).value)

    def step_of(self, unit: str) -> Decimal:
        return STEP_KG / KG_PER_UNIT[find_unit(unit)] if self.unit_of(unit) else STEP_KG

    def unit_of(self, text: str) -> str | None:
        try:
            return find_unit(text).value
        except ApiError:
            return None

    def check(self, amount: Decimal, unit: str) -> None:
        in_kg(amount, find_unit(unit))

    def in_entered_unit(self, stored: Decimal, unit: str) -> Decimal:
        return in_unit(stored, unit)

    def day_of(self, day: date) -> Slot:
        """A factory day, as for an entry by hand of that date."""
        whole_day = factory_day(self.factory, day)
        return Slot(whole_day.starts_at.astimezone(UTC), whole_day.ends_at.astimezone(UTC))

    def identity_filter(self) -> dict[str, Any]:
        return {"product": self.product}

    def export_values(self) -> dict[str, Any]:
        return super().export_values() | {"product": self.product}

    def valued(self, row: SheetRow) -> tuple[Decimal, tuple[Notice, ...]]:
        return in_kg(row.amount, find_unit(row.unit)), ()

    def thing_of(self, results: Decimal) -> Thing:
        return self._thing

    @cached_property
    def _thing(self) -> Thing:
        return thing_of(self.factory, Product(self.product))

    def columns(self, row: SheetRow, results: Any, notices: tuple[Notice, ...]) -> dict[str, Any]:
        return {
            "factory_id": self.factory.pk,
            "product": self.product,
            "amount_kg": results,
            "unit": find_unit(row.unit).value,
            "period_start": row.slot.start,
            "period_end": row.slot.end,
            "warnings": [notice.stored() for notice in notices],
        }
