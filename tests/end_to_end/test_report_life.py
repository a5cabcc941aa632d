"""A year of readings and entries, through checks, signature and publication, to a late reading and what it changes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from compliance.formats.json import read
from compliance.models import ReportState
from compliance.record.hours import hours_of_record
from compliance.reports import life
from compliance.reports.build import rebuilt
from compliance.reports.content import Content, Field, Section
from compliance.reports.verify import VerifiedAs, verify_file
from compliance.schemes import PeriodRule, ReportInputs, content, schemes
from devices.models import Assignment
from emissions import rollups
from lib.decimals import plain
from tests.compliance.report_world import MONTHLY
from tests.make import (
    make_assignment,
    make_bill,
    make_device,
    make_energy_entry,
    make_factory,
    make_production,
    make_readings,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
START, END = datetime(2024, 12, 31, 21, tzinfo=UTC), datetime(2025, 12, 31, 21, tzinfo=UTC)  # midnight in Nairobi
SIGNED_BY = {"name": "Ann Koech", "role": "Energy manager"}
LATE = datetime(2025, 6, 15, 10, tzinfo=UTC)  # the hour whose readings come late
HOURS = 24


def _fill(inputs: ReportInputs) -> Content:
    assert inputs.factory is not None
    hours = hours_of_record(inputs.factory, inputs.first_day, inputs.end_day, as_known_on=inputs.known_on)
    figures = {
        "scope_1": inputs.inventory.scope1.likely_kg,
        "biogenic": inputs.inventory.biogenic.likely_kg,
        "measured_hours": Decimal(sum(hour.status == "measured" for hour in hours)),
    }
    fields = tuple(Field(code, code, plain(value)) for code, value in figures.items())
    return content(YEARLY, inputs, [Section("all", "All", fields)])


YEARLY = replace(MONTHLY, code="yearly", period=PeriodRule(), fill=_fill, entered=())


@pytest.fixture(autouse=True)
def _yearly() -> Iterator[None]:
    schemes()["yearly"] = YEARLY
    yield
    del schemes()["yearly"]


def _send(assignment: Assignment, start: datetime, hours: int, first_seq: int) -> None:
    """Readings of whole hours, a minute apart, and their roll-up."""
    moves: dict[str, Any] = {  # a value that stands still is doubted
        "co2_ppm": lambda i: 96_000.0 + 40.0 * (i % 7),
        "temperature_c": lambda i: 210.0 + 0.3 * (i % 5),
        "velocity_ms": lambda i: 4.1 + 0.01 * (i % 3),
    }
    make_readings(assignment.device, start, 60 * hours, first_seq=first_seq, interval_s=60.0, **moves)
    rollups.touch_period(assignment.device_id, start, start + timedelta(hours=hours))
    while rollups.roll_up_touched():
        pass


def _value(file: bytes, code: str) -> str | None:
    return next(field.value for field in read(file).sections[0].fields if field.code == code)


def test_a_year_is_reported_corrected_and_verified(tmp_path: Path) -> None:
    factory, user = make_factory(name="Litein Tea Factory"), make_user()
    assignment = make_assignment(device=make_device(factory=factory), valid_from=START)
    period = {"timestamp": None, "period_start": START, "period_end": END}
    make_energy_entry(factory, amount=Decimal(400_000), unit="kg", **period)
    make_production(factory, amount=Decimal(300_000), period_start=START, period_end=END)
    # A day of each month is measured; of 15 June the hour from 13:00 at the site is missing at first.
    for month in range(1, 13):
        day = datetime(2025, month, 15, tzinfo=UTC)
        if month == LATE.month:
            before = round((LATE - day) / timedelta(hours=1))
            _send(assignment, day, before, month * 10_000)
            _send(assignment, LATE + timedelta(hours=1), HOURS - before - 1, month * 10_000 + 1_500)
        else:
            _send(assignment, day, HOURS, month * 10_000)

    # The bill is missing: an error with its fix. Then it is entered.
    first = life.draft(user, "yearly", factory.organisation, factory, (FIRST, LAST), language="en")
    errors = [one for one in first.findings if one["severity"] == "error"]
    assert [(one["code"], one["link"]) for one in errors] == [
        ("electricity_missing", f"/factories/{factory.pk}/month/2025-01/")
    ]
    make_bill(factory, 120_000, START, END)
    life.sign(user, first.pk, **SIGNED_BY)
    first = life.publish(user, first.pk)
    file = bytes(first.content)
    assert first.state == ReportState.PUBLISHED

    # An hour of readings comes late.
    _send(assignment, LATE, 1, 500_000)
    assert rebuilt(first) == file  # as known when it was made
    second = life.supersede(user, first.pk, "Readings of 15 June came late.")
    changes = read(bytes(second.content)).changes
    measured = next(one for one in changes if one["code"] == "measured_hours")
    assert Decimal(measured["after"]) == Decimal(measured["before"]) + 1
    assert [one["code"] for one in changes if one.get("cause")] == ["late_readings"]
    life.sign(user, second.pk, **SIGNED_BY)
    second = life.publish(user, second.pk)
    first.refresh_from_db()
    assert first.state == ReportState.SUPERSEDED
    assert bytes(first.content) == file

    # Both verify; one byte flipped does not.
    assert verify_file(file).outcome == VerifiedAs.SUPERSEDED
    path, out = tmp_path / "report.json", StringIO()
    path.write_bytes(bytes(second.content))
    call_command("verify_report", path, "--rebuild", stdout=out)
    assert out.getvalue().startswith("valid: yearly, Litein Tea Factory, 2025-01-01 to 2025-12-31, version 2")
    flipped = bytearray(bytes(second.content))
    flipped[len(flipped) // 2] ^= 1
    path.write_bytes(bytes(flipped))
    with pytest.raises(CommandError):
        call_command("verify_report", path)
