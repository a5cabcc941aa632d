"""What the tests of verdicts on amounts share: days of a log, one more entry or sheet, and what is asked about it."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from energy.sheets import EnergySheet
from factories.models import Factory
from logbook.notices import ASKED
from logbook.sheets.read import read_sheet
from logbook.sheets.results import ImportResult
from tests import make

DAY = timedelta(days=1)
LAST = datetime(2026, 11, 21, 9, tzinfo=UTC)  # the clock shows 22 November


@pytest.fixture
def site() -> Factory:
    return make.make_factory()


def log_days(site: Factory, amounts: list[str], **fields: Any) -> None:
    """One entry a day, the last one on 20 November."""
    for days_ago, amount in enumerate(reversed(amounts), start=1):
        make.make_energy_entry(site, amount=Decimal(amount), timestamp=LAST - DAY * days_ago, **fields)


POWER = {"energy_type": "electricity", "unit": "kWh"}
USUAL_KWH = [str(1000 + day % 7 * 10) for day in range(1, 29)]  # 1,000 to 1,060 a day


def now(site: Factory, amount: str, **fields: Any) -> dict[str, Any]:
    """The first warning on an entry of 21 November."""
    entry = make.make_energy_entry(site, **{"amount": Decimal(amount), "timestamp": LAST} | fields)
    return next(iter(asked(entry)), {})


def asked(entry: Any) -> list[dict[str, Any]]:
    return [notice for notice in entry.all_warnings if notice["code"] in ASKED]


def sheet(site: Factory, rows: str, **fields: Any) -> ImportResult:
    plan = EnergySheet(factory=site, time_column="t", value_column="kWh", **POWER, **fields)
    return plan.run(None, read_sheet(io.BytesIO(f"t,kWh\n{rows}".encode())))


def odd_rows(result: ImportResult) -> list[tuple[int, str]]:
    # A factory day ends at 06:00 of the calendar day with which a sheet goes on, so one row overlaps.
    return [(warning.row, warning.code) for warning in result.row_warnings if warning.code != "overlaps"]
