"""Hours on real PostgreSQL: over range, idle with gaps, slow point readings, and what day and month say of them."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from emissions import queries, rollups
from emissions.models import Emission, EmissionDay, EmissionHour
from emissions.queries import RollupRow
from tests import make

pytestmark = pytest.mark.django_db
MIDNIGHT = datetime(2026, 11, 20, tzinfo=ZoneInfo("Africa/Nairobi"))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
IDLE = {"co2_ppm": 500.0, "temperature_c": 22.0, "velocity_ms": 0.3}


def rolled_up(device: Any) -> list[EmissionHour]:
    rollups.touch_period(device.pk, datetime(2020, 1, 1, tzinfo=UTC), None)
    rollups.roll_up_touched()
    return list(EmissionHour.objects.filter(device=device).order_by("period_start"))


def row_of(device: Any, resolution: str, now: datetime) -> RollupRow:
    rows = queries.rollups_page(resolution, [device.pk], MIDNIGHT - 31 * DAY, None, None, 1000, now=now).rows
    row = [found for found in rows if found.period_start <= MIDNIGHT][-1]
    assert isinstance(row, RollupRow)
    return row


def lively_fire(device: Any, start: datetime, count: int, **fields: Any) -> None:
    make.make_readings(device, start, count, co2_ppm=lambda i: 96_000.0 + i % 7 * 10, **fields)


# --- Over range ----------------------------------------------------------------------------------
def test_an_hour_fifteen_percent_over_range_counts_it_at_the_range() -> None:
    # Vector 3's chimney and gas (0.636173 m2, 0.870909 kg/m3), with a velocity of 5.15150 m/s. At full scale
    # 0.200000 x 5.15150 x 0.870909 x 0.636173 = 0.570831 kg/s, at 101,079 ppm 0.288497 kg/s. So 612 x 5 s x 0.288497 +
    # 108 x 5 s x 0.570831 = 882.80 + 308.25 = 1,191.05 kg. Without the 108 readings the hour had 1,038.59 kg.
    device = make.make_assignment(range_ppm=200_000.0).device
    make.make_readings(
        device,
        MIDNIGHT,
        721,
        co2_ppm=lambda i: 200_000.0 if 300 <= i < 408 else 101_079.0 + (i % 2 * 2 - 1),
        velocity_ms=0.570_831 / (0.2 * 0.870909 * 0.6361725),
    )

    hour, _next = rolled_up(device)

    assert hour.measured_ug / 1e9 == pytest.approx(1_191.05, abs=0.01)  # printed digits, and 1 ppm of saw-tooth
    assert hour.record_ug / 1e9 == pytest.approx(1_191.05, abs=0.01)
    assert (hour.status, hour.covered_ms) == ("measured", 3_600_000)
    assert hour.over_range_ms == 109 * 5_000  # 107 segments inside, and the two at its edges
    assert hour.co2_ppm == pytest.approx(101_079.0, abs=0.5)  # a bound enters no mean
    assert row_of(device, "day", MIDNIGHT + HOUR).over_range_ms == hour.over_range_ms


def test_a_sensor_pinned_at_its_range_gives_a_lower_bound_all_hour() -> None:
    # Vector 9's sensor: 5,000 ppm. Identical values at the end of the range are no stuck sensor.
    device = make.make_assignment(range_ppm=5_000.0).device
    make.make_readings(device, MIDNIGHT, 721, co2_ppm=5_000.0)

    hour, _next = rolled_up(device)

    # Vector 3 has 785.064 kg an hour at 96,000 ppm.
    assert hour.record_ug / 1e9 == pytest.approx(785.064 * 5_000 / 96_000, rel=1e-6)  # six printed digits
    assert (hour.status, hour.over_range_ms, hour.co2_ppm) == ("measured", 3_600_000, None)


# --- Idle ----------------------------------------------------------------------------------------
def test_over_range_is_no_proof_of_idleness() -> None:
    """A cold stack with 980 ppm of a 1,000 ppm sensor looks idle, but there may be any amount of CO2."""
    device = make.make_assignment(range_ppm=1_000.0).device
    make.make_readings(device, MIDNIGHT, 721, **IDLE | {"co2_ppm": 980.0})

    first, *_ = rolled_up(device)

    assert (first.status, first.idle_ms, first.over_range_ms) == ("measured", 0, 3_600_000)
    assert first.record_ug == first.measured_ug > 0


@pytest.mark.parametrize("interval_s", [5, 60])
def test_an_idle_hour_with_one_gap_of_three_minutes_is_idle(interval_s: int) -> None:
    device = make.make_assignment().device
    make.make_readings(device, MIDNIGHT, 7200 // interval_s + 1, interval_s=float(interval_s), **IDLE)
    gap = MIDNIGHT + timedelta(minutes=85)
    Emission.objects.filter(timestamp__gte=gap, timestamp__lt=gap + timedelta(minutes=3)).delete()

    first, second, _next = rolled_up(device)

    assert (first.status, second.status, second.record_ug) == ("idle", "idle", 0)
    assert second.covered_ms == (3600 - 180 - interval_s) * 1000  # the gap and the segment to its first reading
    assert second.idle_ms == second.covered_ms


# --- Slow point readings ---------------------------------------------------------------------------
def test_hourly_points_three_hours_apart_give_each_hour_its_share() -> None:
    device = make.make_assignment().device
    lively_fire(device, MIDNIGHT + HOUR / 3, 3, interval_s=3600.0)
    Emission.objects.filter(timestamp=MIDNIGHT + HOUR / 3 + HOUR).delete()  # 00:20 and 02:20 are left

    hours = rolled_up(device)

    # Vector 3 has 96,000 ppm. The mean of the whole hour is the line's at 01:30: 96,000 + 20 x 70 / 120 = 96,011.667.
    assert [hour.covered_ms for hour in hours] == [2_400_000, 3_600_000, 1_200_000]
    assert [hour.status for hour in hours] == ["missing", "measured", "missing"]
    assert hours[1].measured_ug / 1e9 == pytest.approx(785.064 * 96_011.667 / 96_000, rel=1e-6)


# --- Days and months say what they lack ---------------------------------------------------------------
def test_a_day_with_a_missing_hour_has_no_mass_of_record() -> None:
    device = make.make_assignment().device
    lively_fire(device, MIDNIGHT, 24 * 60, interval_s=60.0)
    ten = MIDNIGHT + 10 * HOUR
    Emission.objects.filter(timestamp__gt=ten, timestamp__lt=ten + 1.5 * HOUR).delete()  # an hour and a half
    rolled_up(device)

    row = row_of(device, "day", MIDNIGHT + DAY)

    assert row.record_ug is None
    # Without a substitute both are missing, the one measured for half an hour too.
    assert (row.measured_hours, row.idle_hours, row.partial_hours, row.missing_hours) == (22, 0, 0, 2)
    assert row.measured_ug > 0
    assert row_of(device, "month", MIDNIGHT + 31 * DAY).record_ug is None


def test_a_complete_day_has_the_sum_of_its_hours_once_it_is_over() -> None:
    assignment = make.make_assignment(valid_from=MIDNIGHT, valid_to=MIDNIGHT + DAY)
    lively_fire(assignment.device, MIDNIGHT, 6 * 60 + 1, interval_s=60.0)
    make.make_readings(
        assignment.device, MIDNIGHT + timedelta(minutes=361), 18 * 60, first_seq=1000, interval_s=60.0, **IDLE
    )
    hours = rolled_up(assignment.device)

    running = row_of(assignment.device, "day", MIDNIGHT + 12.5 * HOUR)
    over = row_of(assignment.device, "day", MIDNIGHT + DAY)
    month = row_of(assignment.device, "month", MIDNIGHT + DAY)  # the device was taken down then

    assert running.record_ug is None
    assert over.record_ug == month.record_ug == sum(hour.record_ug or 0 for hour in hours)
    assert (over.measured_hours, over.idle_hours, over.partial_hours, over.missing_hours) == (7, 17, 0, 0)


def test_days_without_any_reading_are_missing_in_their_month() -> None:
    device = make.make_assignment(valid_from=MIDNIGHT).device
    lively_fire(device, MIDNIGHT, 24 * 60, interval_s=60.0)
    rolled_up(device)

    row = row_of(device, "month", MIDNIGHT + 3 * DAY - HOUR / 2)

    assert (row.measured_hours, row.partial_hours, row.missing_hours) == (24, 0, 48)  # the running hour is one
    assert row.record_ug is None


@pytest.mark.parametrize("resolution", ["day", "month"])
def test_what_a_period_lacks_costs_no_look_at_its_hours(resolution: str) -> None:
    device = make.make_assignment().device
    statement = queries.sql.load("emissions", "rollups_day").replace("/* direction */", "ASC")
    names = "end_ after_at before_at cursor_device cursor_assignment".split()
    parameters: dict[str, Any] = dict.fromkeys(names) | {"device_ids": [device.pk], "start": MIDNIGHT}
    parameters |= {"unit": resolution, "step": f"1 {resolution}", "is_backward": False}
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + statement, parameters | {"now": MIDNIGHT, "limit_": 10})
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "emissions_emissionday" in plan
    assert "emissions_emissionhour" not in plan
    assert EmissionDay.objects.count() == 0


# --- Hours of record in the series --------------------------------------------------------------------
def test_every_hour_begun_has_a_row_and_their_counts_add_up() -> None:
    assignment = make.make_assignment(valid_from=MIDNIGHT)
    device = assignment.device
    lively_fire(device, MIDNIGHT, 20 * 60, interval_s=60.0)
    ten = MIDNIGHT + 10 * HOUR
    Emission.objects.filter(timestamp__gt=ten, timestamp__lt=ten + 1.5 * HOUR).delete()
    rolled_up(device)
    of_record = {"fuel_sigma_ug": 50 * 10**9, "bias_ug": -30 * 10**9, "variance_kg2": 1600.0}
    make.make_substitute(assignment, ten, 500 * 10**9, **of_record)
    make.make_substitute(assignment, ten + HOUR, 500 * 10**9, status="partial", **of_record)
    now = MIDNIGHT + DAY

    hours = queries.rollups_page("hour", [device.pk], None, None, None, 100, now=now).rows
    day = row_of(device, "day", now)
    for n in range(4):
        make.make_substitute(assignment, MIDNIGHT + (20 + n) * HOUR, 500 * 10**9, **of_record)
    whole = row_of(device, "day", now)

    assert [hour.status for hour in hours[9:13]] == ["measured", "substituted", "partial", "measured"]
    assert [hour.status for hour in hours[20:24]] == ["missing"] * 4
    assert (hours[10].record_ug, hours[10].method, hours[20].record_ug) == (500 * 10**9, "fuel_based", None)
    assert (day.measured_hours, day.partial_hours, day.substituted_hours, day.missing_hours) == (18, 1, 1, 4)
    assert (day.record_ug, day.availability_pct) == (None, 75.0)  # 18 of 24 h
    measured_ug = sum(hour.record_ug or 0 for hour in hours if hour.status == "measured")
    assert whole.record_ug == measured_ug + 6 * 500 * 10**9
    record = whole.record(0.1)
    assert record is not None
    # Sensors 10 % of what was measured, wood 6 x 50 kg, bias 6 x -30 kg, variance 6 x 1,600 kg2.
    half = 2 * math.sqrt((0.1 * measured_ug / 1e9) ** 2 + 300.0**2 + 180.0**2 + 9600.0)
    assert float(record.low_kg) == pytest.approx(whole.record_ug / 1e9 - half)
    assert row_of(device, "month", MIDNIGHT + 31 * DAY).missing_hours == 11 * 24 - 18 - 6  # to the end of November


def test_an_hour_that_came_late_has_no_substitute_beside_its_own_mass() -> None:
    assignment = make.make_assignment(valid_from=MIDNIGHT, valid_to=MIDNIGHT + DAY)
    lively_fire(assignment.device, MIDNIGHT + HOUR, 23 * 60, interval_s=60.0)
    rolled_up(assignment.device)
    make.make_substitute(assignment, MIDNIGHT, 500 * 10**9)
    lively_fire(assignment.device, MIDNIGHT, 60, interval_s=60.0, first_seq=5000)
    hours = rolled_up(assignment.device)

    day = row_of(assignment.device, "day", MIDNIGHT + DAY)

    assert (day.measured_hours, day.substituted_hours, day.method) == (24, 0, "")
    assert day.record_ug == sum(hour.record_ug or 0 for hour in hours)  # was 500 kg more, until the day was made again


def test_pages_of_hours_are_the_same_there_and_back_past_midnight_and_gaps() -> None:
    device = make.make_assignment(valid_from=MIDNIGHT, valid_to=MIDNIGHT + 30 * HOUR).device
    other = make.make_assignment(valid_from=MIDNIGHT + 5 * HOUR).device
    devices, now = [device.pk, other.pk], MIDNIGHT + 40 * HOUR

    def page(cursor: queries.Cursor | None) -> queries.Page:
        return queries.rollups_page("hour", devices, MIDNIGHT + HOUR / 2, None, cursor, 7, now=now)

    there, following = [], None
    while True:
        found = page(following)
        there += found.rows
        following = found.following
        if following is None:
            break
    back: list[RollupRow] = []
    preceding = queries.Cursor((*there[-1].key[:3], 1), is_backward=True)
    while preceding is not None:
        found = page(preceding)
        back = [*found.rows, *back]
        preceding = found.preceding  # type: ignore[assignment]

    assert len(there) == 29 + 36  # from 01:00 on; from 05:00 to the running hour
    assert [row.key for row in there] == sorted(row.key for row in there)
    assert [row.key for row in back] == [row.key for row in there[:-1]]
