"""What a sheet of one product becomes: how much of it was made in each period."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from logbook.notices import Notice
from logbook.sheets.importing import Row, SheetImport
from production.models import KG_PER_UNIT, ProductionEntry, in_unit
from production.services import STEP_KG, find_product, find_unit, in_kg


@dataclass(frozen=True, kw_only=True)
class ProductionSheet(SheetImport):
    product: str

    model, amount_column = ProductionEntry, "amount_kg"

    def __post_init__(self) -> None:
        # As it is stored: a file of tonnes is the same file again when somebody writes `t`.
        object.__setattr__(self, "unit", find_unit(self.unit))
        object.__setattr__(self, "product", find_product(self.factory, self.product))

    @property
    def step(self) -> Decimal:
        return STEP_KG / KG_PER_UNIT[find_unit(self.unit)]

    def check(self, amount: Decimal) -> None:
        in_kg(amount, find_unit(self.unit))

    def in_unit(self, stored: Decimal, unit: str) -> Decimal:
        return in_unit(stored, unit)

    def same(self) -> dict[str, Any]:
        return {"product": self.product}

    def worth(self, row: Row) -> tuple[Decimal, tuple[Notice, ...]]:
        return in_kg(row.amount, find_unit(self.unit)), ()

    def columns(self, row: Row, worth: Any, notices: tuple[Notice, ...]) -> dict[str, Any]:
        return {
            "factory_id": self.factory.pk,
            "product": self.product,
            "amount_kg": worth,
            "unit": self.unit,
            "period_start": row.slot.start,
            "period_end": row.slot.end,
        }
