"""Rows of an import into the table by COPY: 35,040 of them in seconds. The history triggers fire as for any insert."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from energy.choices import EntryKind
from energy.models import EnergyType
from energy.valuation import Valued
from factories.models import EmissionSource, Factory
from lib import sql
from logbook.choices import Act, Origin

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class NewRow:
    """What differs between the rows of an import. `recorded_at`: when it was told, where that is known; else now."""

    amount: Decimal
    start: datetime
    end: datetime
    valued: Valued
    moisture_fraction: Decimal | None
    notices: list[dict[str, Any]]
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewCount:
    """A delivery, a stock count or a meter reading: an amount at a moment, which emits nothing."""

    amount: Decimal
    moment: datetime
    moisture_fraction: Decimal | None
    recorded_at: datetime


def insert_rows(
    user: User | None,
    factory: Factory,
    energy_type: EnergyType,
    source: EmissionSource | None,
    *,
    rows: Sequence[NewRow],
    unit: str,
    factor_set: str,
) -> None:
    """Store rows that are known to be new, within the caller's transaction.

    Raises IntegrityError where a constraint of the table says no: then nothing is stored.
    """
    now, user_id = timezone.now(), user.pk if user else None
    lines: list[Sequence[Any]] = []
    for row in rows:
        v, at = row.valued, row.recorded_at or now
        lines.append(
            (
                factory.pk,
                source.pk if source else None,
                energy_type.pk,
                EntryKind.USED.value,
                row.amount,
                unit,
                row.start,
                row.start,
                row.end,
                "",
                row.moisture_fraction,
                row.moisture_fraction is not None,
                factor_set,
                "",
                Origin.IMPORT.value,
                v.scope,
                v.factor_amount,
                v.energy_gj,
                v.co2_kg,
                v.biogenic_co2_kg,
                v.ch4_kg,
                v.n2o_kg,
                v.co2e_kg,
                v.factor_id,
                v.ch4_factor_id,
                v.n2o_factor_id,
                v.gwp_set,
                v.method_version,
                json.dumps(row.notices),
                "",
                user_id,
                at,
                Act.RECORDED.value,
                user_id,
                at,
                "",
            )
        )
    _copy(lines)


def insert_counts(
    user: User | None,
    factory: Factory,
    energy_type: EnergyType,
    *,
    kind: EntryKind,
    rows: Sequence[NewCount],
    unit: str,
) -> None:
    """Store what was delivered, counted or read, known to be new, within the caller's transaction.

    Raises IntegrityError where a constraint of the table says no: then nothing is stored.
    """
    user_id = user.pk if user else None
    nothing = (None,) * 11  # no results and no factors: only a use emits
    _copy(
        [
            (
                factory.pk,
                None,
                energy_type.pk,
                kind.value,
                row.amount,
                unit,
                row.moment,
                None,
                None,
                "",
                row.moisture_fraction,
                row.moisture_fraction is not None,
                "",
                "",
                Origin.ENTRY.value,
                *nothing,
                "",
                "",
                "[]",
                "",
                user_id,
                row.recorded_at,
                Act.RECORDED.value,
                user_id,
                row.recorded_at,
                "",
            )
            for row in rows
        ]
    )


def _copy(lines: Sequence[Sequence[Any]]) -> None:
    """Rows with their columns in the order of copy_entries.sql."""
    out = io.StringIO()
    for columns in lines:
        out.write("\t".join("\\N" if column is None else _text(column) for column in columns))
        out.write("\n")
    out.seek(0)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(sql.load("energy", "copy_entries"), out)


def _text(value: Any) -> str:
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)
