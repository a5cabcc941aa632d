"""The columns of an energy entry that is stored with many others, `logbook/bulk.py`."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from energy.choices import EntryKind
from energy.models import EnergyType
from energy.services import DEFAULT_MOISTURE_FRACTION, NO_RESULTS
from energy.valuation import RESULT_FIELDS, Valued
from factories.models import Factory
from logbook.notices import Notice


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
    """A use over [start, end) with its results; any other kind has a moment and neither end nor results."""
    # Not asdict: that copies every value, and an import has tens of thousands of rows.
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
        "moisture_fraction": DEFAULT_MOISTURE_FRACTION if energy_type.is_wood else None,
        "moisture_is_default": energy_type.is_wood,
        "factor_set": factor_set,
        "warnings": [notice.stored() for notice in notices],
        **results,
    }
