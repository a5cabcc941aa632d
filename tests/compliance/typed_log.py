"""A log that is typed unlike before: a month with a hint."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from energy.models import EnergyEntry
from energy.services import energy_log
from factories.models import Factory
from tests import make


def write_typed_log(factory: Factory, month: date) -> None:
    """70 days of wood that are no multiples of 10 or 5, from three months before, and twelve of a month all 30."""
    entry = make.make_energy_entry(factory)
    first = datetime(month.year, month.month, 1, 6, tzinfo=UTC)
    days = [first + timedelta(days=n - 92) for n in range(70)] + [first + timedelta(days=2 * n) for n in range(12)]
    rows = []
    for n, start in enumerate(days):
        row = EnergyEntry.objects.get(pk=entry.pk)
        row.pk, row.client_id, row.amount = None, None, Decimal(30 if start >= first else 21 + n % 3)
        row.period_start, row.period_end, row.timestamp = start, start + timedelta(days=1), start
        row.created_at = start + timedelta(days=1)
        rows.append(row)
    EnergyEntry.objects.bulk_create(rows)
    energy_log.delete(None, entry.pk, "made by hand")
