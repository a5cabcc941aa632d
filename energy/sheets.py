"""Imports a sheet of one meter or fuel as uses, each with the factors of its own first day."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils import timezone

from energy.bounds import counts_the_same, thing_of
from energy.choices import Carrier, EntryKind
from energy.factors import find_energy_type
from energy.models import EnergyEntry, EnergyType
from energy.quantities import LocalUnits, canonical, in_known_unit, local_units_of
from energy.services import BELOW, NO_RESULTS, energy_log, find_source
from energy.valuation import RESULT_FIELDS, Valued, Valuer
from factories.models import EmissionSource, Factory
from lib.errors import ApiError
from logbook.notices import Notice
from logbook.plausibility import Thing
from logbook.services import checked_amount
from logbook.sheets.importing import SheetPlan, SheetRow


@dataclass(frozen=True, kw_only=True)
class EnergySheet(SheetPlan):
    energy_type: str
    factor_set: str = ""
    source_id: int | None = None

    model, log, amount_column = EnergyEntry, energy_log, "amount"
    # A day without a factor is an error of its rows.
    refused_by_row = frozenset({"amount", "energy_type", "factor_set"})
    summed = ("co2e_kg", "biogenic_co2_kg")

    @property
    def is_of_acts(self) -> bool:
        """Fuel is bought and filled by the day; electricity and heat are metered."""
        return self._type.carrier in (Carrier.FUEL, Carrier.EXPLOSIVE)

    def step_of(self, unit: str) -> Decimal:
        return Decimal("0.000001")

    def unit_of(self, text: str) -> str | None:
        name = " ".join(text.split()).lower()
        return name if name in self._local_units else canonical(text)

    def check(self, amount: Decimal, unit: str) -> None:
        checked_amount(amount, unit, below=BELOW)
        if unit not in self._known_units:
            in_known_unit(amount, unit, energy_type=self._type, local=self._local_units)
            self._known_units.add(unit)

    def identity_filter(self) -> dict[str, Any]:
        self._require_unit_of_type()
        return {"energy_type": self._type, "source": self._source, "kind": EntryKind.USED}

    def export_values(self) -> dict[str, Any]:
        of_kind = {"energy_type": self._type.code, "kind": EntryKind.USED.value, "source": self.source_id}
        return super().export_values() | of_kind

    def overlap_filter(self) -> Q:
        return Q(energy_type=self._type, kind=EntryKind.USED) & counts_the_same(self.source_id)

    def thing_of(self, results: Valued) -> Thing:
        compared_in = results.factor_id if results.energy_gj is None else 0  # the unit of the factor, or GJ
        if compared_in not in self._things:
            self._things[compared_in] = thing_of(self.factory, self._type, results, source=self._source)
        return self._things[compared_in]

    def valued(self, row: SheetRow) -> tuple[Valued, tuple[Notice, ...]]:
        return self._valuer.value(row.amount, row.unit, row.days(self.factory))

    def columns(self, row: SheetRow, results: Any, notices: tuple[Notice, ...]) -> dict[str, Any]:
        return columns_to_insert(
            self.factory,
            self._type,
            amount=row.amount,
            unit=row.unit,
            start=row.slot.start,
            end=row.slot.end,
            valued=results,
            source_id=self.source_id,
            factor_set=self.factor_set,
            notices=notices,
        )

    def _require_unit_of_type(self) -> None:
        """Refuse kg of electricity before anything is asked about; whether a day has a factor is a row's matter."""
        today = timezone.localdate()
        try:
            if self.unit:
                self._valuer.value(Decimal(0), self.unit, (today, today))
        except ApiError as error:
            if "unit" in error.fields:
                raise

    # --- Read once for all rows --------------------------------------------------------------------
    @cached_property
    def _type(self) -> EnergyType:
        return find_energy_type(self.energy_type)

    @cached_property
    def _source(self) -> EmissionSource | None:
        return find_source(self.factory, self.source_id)

    @cached_property
    def _things(self) -> dict[int, Thing]:
        return {}

    @cached_property
    def _local_units(self) -> LocalUnits:
        return local_units_of(self.factory, self._type)

    @cached_property
    def _known_units(self) -> set[str]:
        return set()

    @cached_property
    def _valuer(self) -> Valuer:
        source = find_source(self.factory, self.source_id)
        return Valuer(self.factory, self._type, self.factor_set, source=source)


def columns_to_insert(
    factory: Factory,
    energy_type: EnergyType,
    *,
    amount: Decimal,
    unit: str,
    start: datetime,
    end: datetime | None = None,
    valued: Valued | None = None,
    kind: EntryKind = EntryKind.USED,
    source_id: int | None = None,
    factor_set: str = "",
    notices: tuple[Notice, ...] = (),
) -> dict[str, Any]:
    """A use over [start, end) with its results; other kinds have a moment, no end and no results."""
    # We do not use asdict, because it copies every value, and an import has tens of thousands of rows.
    results = {name: getattr(valued, name) for name in RESULT_FIELDS} if valued is not None else NO_RESULTS
    return {
        "factory_id": factory.pk,
        "energy_type_id": energy_type.pk,
        "source_id": source_id,
        "kind": kind.value,
        "amount": amount,
        "unit": unit,
        "timestamp": start,
        "period_start": start if end else None,
        "period_end": end,
        "currency": "",
        "moisture_is_default": energy_type.is_wood,
        "factor_set": factor_set,
        "warnings": [notice.stored() for notice in notices],
        **results,
    }
