"""What a sheet of one meter or fuel becomes: uses, each valued by the factors of its own first day."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Q

from energy.bulk import columns_to_insert
from energy.choices import EntryKind
from energy.factors import FactorBook, find_energy_type
from energy.models import EnergyEntry, EnergyType
from energy.quantities import LocalUnits, local_units_of
from energy.services import BELOW, find_source
from energy.valuation import Valued, value_amount
from logbook.notices import Notice
from logbook.services import checked_amount
from logbook.sheets.importing import SheetImport, SheetRow


@dataclass(frozen=True, kw_only=True)
class EnergySheet(SheetImport):
    energy_type: str
    factor_set: str = ""
    source_id: int | None = None

    model, amount_column = EnergyEntry, "amount"
    # A day without a factor is an error of its rows.
    refused_by_row = frozenset({"amount", "energy_type", "factor_set"})
    summed = ("co2e_kg", "biogenic_co2_kg")
    step = Decimal("0.000001")

    def check(self, amount: Decimal) -> None:
        checked_amount(amount, self.unit, below=BELOW)

    def identity_filter(self) -> dict[str, Any]:
        return {"energy_type": self._type, "source": find_source(self.factory, self.source_id), "kind": EntryKind.USED}

    def overlap_filter(self) -> Q:
        # What was logged without a source may have been burned in this one.
        same_source = Q(source_id=self.source_id) | Q(source_id=None)
        return Q(energy_type=self._type, kind=EntryKind.USED) & same_source

    def valued(self, row: SheetRow) -> tuple[Valued, tuple[Notice, ...]]:
        first_day, last_day = row.days(self.factory)
        return value_amount(
            row.amount,
            self.unit,
            book=self._book,
            local=self._local_units,
            first_day=first_day,
            last_day=last_day,
            gwp_set=self.factory.organisation.gwp_set,
        )

    def columns(self, row: SheetRow, results: Any, notices: tuple[Notice, ...]) -> dict[str, Any]:
        return columns_to_insert(
            self.factory,
            self._type,
            amount=row.amount,
            unit=self.unit,
            start=row.slot.start,
            end=row.slot.end,
            valued=results,
            source_id=self.source_id,
            factor_set=self.factor_set,
            notices=notices,
        )

    # --- Read once for all rows --------------------------------------------------------------------
    @cached_property
    def _type(self) -> EnergyType:
        return find_energy_type(self.energy_type)

    @cached_property
    def _book(self) -> FactorBook:
        factory = self.factory
        return FactorBook(self._type, factory.country, self.factor_set, organisation=factory.organisation)

    @cached_property
    def _local_units(self) -> LocalUnits:
        return local_units_of(self.factory, self._type)
