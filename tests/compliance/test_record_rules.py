"""Hours of record by rule, with the arithmetic of each method."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from compliance.record.fuel import ChimneyFuel
from compliance.record.rules import Because, ChimneyRecord, Stint, StoredHour
from factories.days import FactoryDay
from science.substitution import EpaRow

FIRST = datetime(2026, 1, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stored(index, kg=100.0, *, status="measured", ppm=80_000.0, flow=2.0, covered=1.0, measured_kg=None):
    record_ug = None if status == "missing" else round(kg * 1e9)
    measured_ug = round((kg if measured_kg is None else measured_kg) * 1e9)
    covered_ms, operating_ms = round(covered * 3_600_000), 0 if status == "idle" else 3_600_000
    starts = FIRST + index * HOUR
    return StoredHour(1, starts, status, measured_ug, record_ug, covered_ms, operating_ms, 0, ppm, flow)


def chimney(rows, *, days=2, method="fuel_based", fuel=None, over_days=None):
    begins = [FIRST + timedelta(days=n) for n in range(days)]
    factory_days = [FactoryDay(start.date(), start, start + timedelta(days=1)) for start in begins]
    start_s = int(FIRST.timestamp())
    over = FIRST + timedelta(days=days if over_days is None else over_days)
    return ChimneyRecord(
        7,
        [Stint(1, 3, "litein-1", start_s, start_s + days * 86400)],
        {int(row.period_start.timestamp()): row for row in rows},
        factory_days,
        {int((FIRST + timedelta(days=n)).timestamp()) * 10**6: one for n, one in (fuel or {}).items()},
        method,
        0.1,
        int(over.timestamp()),
        ZoneInfo("Africa/Nairobi"),
    )


def records(made, first=0, end=48):
    start_s = int(FIRST.timestamp())
    return made.records(start_s + first * 3600, start_s + end * 3600)


def test_fuel_is_spread_over_the_hours_not_proved_idle_and_a_day_without_log_is_missing():
    rows = [stored(i) for i in range(18)] + [stored(i, 0.0, status="idle") for i in range(18, 22)]

    hours = records(chimney(rows, fuel={0: ChimneyFuel(2400.0, 240.0)}))

    assert [hour.status for hour in hours] == ["measured"] * 18 + ["idle"] * 4 + ["substituted"] * 2 + ["missing"] * 24
    assert hours[22].record.likely_kg == 120  # 2,400 kg / (24 - 4) h
    assert hours[22].record.systematic_kg["fuel 7"] == pytest.approx(12.0)  # 240 / 2,400 of 120 kg
    assert (hours[22].method, hours[22].because, hours[30].because) == ("fuel_based", Because.FUEL, Because.NO_FUEL)
    assert hours[0].record.half_width_kg == pytest.approx(20.0)  # 2 x 10 % of 100 kg
    assert hours[30].record is None


def test_a_partial_hour_keeps_what_was_measured_and_is_recorded_with_no_less():
    little = stored(0, status="missing", measured_kg=30.0, covered=0.5)
    much = stored(1, status="missing", measured_kg=80.0, covered=0.7)

    hours = records(chimney([little, much], fuel={0: ChimneyFuel(1200.0, 0.0)}))

    assert [hour.status for hour in hours[:3]] == ["partial", "partial", "substituted"]
    assert [float(hour.measured_kg) for hour in hours[:3]] == [30.0, 80.0, 0.0]
    assert [float(hour.record.likely_kg) for hour in hours[:3]] == [50.0, 80.0, 50.0]  # 1,200 / 24 h


def test_hours_of_a_day_that_is_not_over_are_not_substituted():
    hours = records(chimney([], fuel={0: ChimneyFuel(2400.0, 0.0), 1: ChimneyFuel(2400.0, 0.0)}, over_days=1))

    assert {hour.because for hour in hours[:24]} == {Because.FUEL}
    assert {hour.because for hour in hours[24:]} == {Because.RUNNING}


def test_the_epa_takes_both_neighbours_and_at_low_availability_the_maximum_potential():
    # 900 hours before: past the initial period. Hour before the gap 72,000 ppm, hour after it 84,000 ppm.
    rows = [stored(i) for i in range(899)] + [stored(899, 90.0, ppm=72_000.0), stored(903, 105.0, ppm=84_000.0)]

    short = records(chimney(rows, days=38, method="epa"), 900, 904)
    low = records(chimney(rows[:721], days=38, method="epa"), 721, 912)

    assert [hour.because for hour in short[:3]] == [EpaRow.NEIGHBOURS] * 3
    # 0.000625 kg/h a ppm and m3/s: 100 / (80,000 x 2). (72,000 + 84,000) / 2 = 78,000 ppm x 2 m3/s = 97.5 kg.
    assert [float(hour.record.likely_kg) for hour in short] == [97.5, 97.5, 97.5, 105.0]
    # Measured 721 of 912 operating hours: 79.1 %. 200,000 ppm x 2 m3/s x 0.000625 = 250 kg.
    assert {hour.because for hour in low} == {EpaRow.POTENTIAL}
    assert {float(hour.record.likely_kg) for hour in low} == {250.0}


def test_an_hour_of_the_running_day_does_not_end_a_gap_until_its_day_is_over():
    # 23 hours of 100 kg, a gap at the end of the day, then 120 kg (96,000 ppm) in the first hour of the next.
    rows = [*(stored(i) for i in range(23)), stored(24, 120.0, ppm=96_000.0)]

    running, over = (records(chimney(rows, method="epa", over_days=n), 23, 24)[0] for n in (1, 2))

    # Initial period: (80,000 + 80,000) / 2 and (80,000 + 96,000) / 2 ppm, at 100 kg for 80,000 ppm and 2 m3/s. Stored
    # hours of the day before are not made again while a day runs.
    assert float(running.record.likely_kg) == 100.0
    assert float(over.record.likely_kg) == 110.0


def test_the_eu_takes_mean_and_two_sigma_of_the_calendar_year():
    ppms = (80_000, 84_000, 91_000, 88_000, 87_000, 90_000)  # mean 86,666.7, two sigma 8,164.97: 94,831.6 ppm
    rows = [stored(i, ppm / 800.0, ppm=float(ppm)) for i, ppm in enumerate(ppms)]

    hours = records(chimney(rows, method="eu"), 6, 8)

    assert {hour.because for hour in hours} == {Because.EU}
    assert float(hours[0].record.likely_kg) == pytest.approx(94_831.63 / 800.0, rel=1e-6)
    assert records(chimney(rows[:1], method="eu"), 6, 7)[0].because == Because.NO_HOURS


def test_the_interval_of_a_gap_is_the_error_of_the_same_filling_on_the_days_before():
    # Of 20 days each hour 100 kg; fuel alternates between 10 % too much and 10 % too little: error +-20 kg in 2 h.
    rows = [stored(i) for i in range(20 * 24 + 22)]
    fuel = {n: ChimneyFuel(2640.0 if n % 2 else 2160.0, 0.0) for n in range(20)} | {20: ChimneyFuel(2400.0, 0.0)}

    last = records(chimney(rows, days=21, fuel=fuel), 20 * 24 + 22, 21 * 24)

    assert sum(hour.variance_kg2 for hour in last) == pytest.approx(20.0**2)
    assert [hour.bias_ug for hour in last] == [0, 0]
