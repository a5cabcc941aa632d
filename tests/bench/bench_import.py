"""How long a year of quarter-hours takes: read, compared, valued and stored; then the same file again."""

# ruff: noqa: T201  # part of a program that prints
import io
import time
from datetime import datetime, timedelta

import pytest

from energy.sheets import EnergySheet
from logbook.sheets.read import read_sheet
from tests.make import make_factory, make_user

ROWS = 35_040


@pytest.mark.django_db
def test_a_year_of_quarter_hours() -> None:
    factory, user, begin = make_factory(), make_user(password=None), datetime(2024, 1, 1)  # noqa: DTZ001  a wall clock
    times = (begin + timedelta(minutes=15) * (n + 1) for n in range(ROWS))
    text = "time,kWh\n" + "".join(f"{moment:%Y-%m-%d %H:%M},{20 + n % 7}.{n % 10}\n" for n, moment in enumerate(times))

    for stored in (ROWS, 0):
        wall, cpu = time.perf_counter(), time.process_time()
        plan = EnergySheet(
            factory=factory, energy_type="electricity", unit="kWh", time_column="time", value_column="kWh"
        )
        result = plan.run(user, read_sheet(io.BytesIO(text.encode())))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"{result.stored} stored, {result.duplicate} there before: {wall:.1f} s, {cpu:.1f} s of them CPU of Python"
        )
        assert (result.stored, result.duplicate) == (stored, ROWS - stored)
