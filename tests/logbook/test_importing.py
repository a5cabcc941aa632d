"""Sheets of either kind against the database: many rows at once, the same rows twice, two imports at one moment."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from logbook.bulk import insert_entries
from logbook.choices import Origin
from logbook.sheets.importing import SheetPlan
from logbook.sheets.read import read_sheet
from logbook.sheets.results import ImportResult
from logbook.sheets.rows import SheetRow
from logbook.sheets.time_axis import Slot
from tests.logbook.doors import Door, both_doors
from tests.make import make_factory, make_user
from tests.measuring import at_once

pytestmark = both_doors
START = datetime(2025, 11, 20, tzinfo=UTC)


def plan_for(door: Door, factory: Any) -> SheetPlan:
    plan: SheetPlan = door.sheet_class(factory=factory, time_column="time", value_column="amount", **door.sheet)
    return plan


def run(plan: SheetPlan, hours: int, **options: Any) -> ImportResult:
    times = (START + timedelta(hours=hour) for hour in range(hours))
    text = "time,amount\n" + "".join(f"{time:%Y-%m-%d %H:%M},10\n" for time in times)
    return plan.run(options.pop("user", None), read_sheet(io.BytesIO(text.encode())), **options)


def columns_of(plan: SheetPlan, hour: int) -> dict[str, Any]:
    start = START + timedelta(hours=hour)
    row = SheetRow(hour, Slot(start, start + timedelta(hours=1)), Decimal(10), plan.unit)
    return plan.columns(row, *plan.valued(row))


def test_a_history_comes_in_at_once_with_its_audit_rows(door: Door, db: None) -> None:
    user, factory, other = make_user(password=None), make_factory(), make_factory()
    with CaptureQueriesContext(connection) as few:
        run(plan_for(door, other), 3)

    with CaptureQueriesContext(connection) as many:
        result = run(plan_for(door, factory), 400, user=user)

    entries = door.model.objects.filter(factory=factory)
    entry = entries.latest("period_start")
    assert (result.stored, entries.count(), entry.amount) == (400, 400, 10)
    assert (entry.origin, entry.recorded_by, entry.events.count()) == (Origin.IMPORT, user, 1)
    assert len(many) == len(few) < 14


def test_a_dry_run_stores_nothing(door: Door, db: None) -> None:
    result = run(plan_for(door, make_factory()), 3, dry_run=True)

    assert (result.stored, result.is_dry_run) == (3, True)
    assert door.model.objects.count() == 0


def test_a_history_that_comes_twice_is_refused_whole(door: Door, db: None) -> None:
    plan = plan_for(door, make_factory())
    insert_entries(door.model, None, [columns_of(plan, hour) for hour in range(3)], origin=Origin.IMPORT)

    with pytest.raises(IntegrityError, match="_imported_once"), transaction.atomic():
        insert_entries(door.model, None, [columns_of(plan, hour) for hour in range(2, 5)], origin=Origin.IMPORT)

    assert door.model.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_the_same_moment_store_each_row_once(door: Door) -> None:
    factory = make_factory()
    plans = [plan_for(door, factory) for _n in range(4)]

    results = at_once(4, lambda number: run(plans[number], 24))

    assert sorted((result.stored, result.duplicate) for result in results) == [(0, 24), (0, 24), (0, 24), (24, 0)]
    assert door.model.objects.count() == 24
