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
from carbontrack import sql
from energy.choices import Act, EntryKind, Origin
from energy.models import EnergyType
from energy.valuation import Valued
from factories.models import EmissionSource, Factory

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class NewRow:
    """What differs between the rows of an import."""

    amount: Decimal
    start: datetime
    end: datetime
    valued: Valued
    moisture_fraction: Decimal | None
    notices: list[dict[str, Any]]


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
    out = io.StringIO()
    for row in rows:
        v = row.valued
        columns = (
            factory.pk, source.pk if source else None, energy_type.pk, EntryKind.USED.value, row.amount, unit,
            row.start, row.start, row.end, "", row.moisture_fraction, row.moisture_fraction is not None, factor_set,
            "", Origin.IMPORT.value, v.scope, v.factor_amount, v.energy_gj, v.co2_kg, v.biogenic_co2_kg, v.ch4_kg,
            v.n2o_kg, v.co2e_kg, v.factor_id, v.ch4_factor_id, v.n2o_factor_id, v.gwp_set, v.method_version,
            json.dumps(row.notices), "", user_id, now, Act.RECORDED.value, user_id, now, "",
        )  # fmt: skip
        out.write("\t".join("\\N" if column is None else _text(column) for column in columns))
        out.write("\n")
    out.seek(0)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(sql.load("energy", "copy_entries"), out)


def _text(value: Any) -> str:
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)
