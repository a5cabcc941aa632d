"""Substituted hours as stored: after any order of arrival they are what the rules make of what is stored now."""

import math
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from compliance.models import RecordedSite, SiteDay, TouchedSite
from compliance.queries import UNCERTAIN, sums
from compliance.record.days import DayErrors, error_columns
from compliance.record.hours import hours_between, hours_of_record
from compliance.record.store import recorded_until
from compliance.site_days import refresh
from devices.models import Assignment
from emissions.models import EmissionHour, SubstitutedHour
from factories.choices import SubstitutionMethod
from factories.models import Factory
from science.interval import total
from science.rounding import decimal_kg_from_micrograms
from tests.compliance.build import DAY, HOUR, LENGTH, START, day_of, hour_of, make_hours, make_production
from tests.make import make_assignment, make_chimney, make_device, make_energy_entry

pytestmark = pytest.mark.django_db
DAYS = 6


@pytest.fixture
def mounted(litein: Factory) -> Assignment:
    chimney = make_chimney(factory=litein)
    return make_assignment(device=make_device(factory=litein, device_id="litein-1"), chimney=chimney, valid_from=START)


def stored(factory):
    rows = SubstitutedHour.objects.filter(assignment__factory=factory).order_by("device", "period_start")
    return [
        (r.period_start, r.status, r.method, r.rule, r.record_ug, r.fuel_sigma_ug, r.bias_ug, r.variance_kg2)
        for r in rows
    ]


def by_rule(factory):
    return by_rule_since(factory, START)


def by_rule_since(factory, start):
    until = recorded_until([factory.pk])[factory.pk]
    factory = Factory.objects.select_related("organisation").get(pk=factory.pk)
    return [
        (h.period_start, h.status, h.method, h.because, h.record_ug, h.fuel_sigma_ug, h.bias_ug, h.variance_kg2)
        for h in hours_between(factory, start, until, now=until)
        if h.method
    ]


def test_a_gap_is_filled_from_the_wood_of_the_day_and_the_day_has_a_total(litein: Factory, mounted: Assignment) -> None:
    make_hours(mounted, START, 18, kg=600.0)
    entry = make_energy_entry(litein, amount=Decimal(24), unit="stere")

    row = day_of(litein)

    # 24 stere are 14,850 kg CO2: 618.75 kg in each of 24 hours; 18 x 600 measured + 6 x 618.75 = 14,512.5 kg.
    assert entry.biogenic_co2_kg == 14850
    assert (row.stack_co2_kg, row.stack_substituted_h, row.stack_covered_s) == (Decimal("14512.500000"), 6, 64_800)
    assert row.stack_filled_co2_kg is None  # substituted mass is in no rank, balance or intensity
    assert {one[1:4] for one in stored(litein)} == {("substituted", "fuel_based", "fuel")}
    # Stacked 12 % and wood's carbon 8 %: 14.4222 % of 3,712.5 kg. Sensors 11.7343 % of 10,800 kg.
    assert row.fuel_sigma_kg == pytest.approx(535.424, abs=0.01)
    assert row.stack_sigma_kg == pytest.approx(0.117343 * 10_800, rel=1e-4)
    assert row.heat_sigma_kg == pytest.approx(0.144222 * 14_850, rel=1e-4)  # of the fuel, the basis of this day
    assert RecordedSite.objects.get().until > row.ends_at


def test_the_calendar_day_has_its_hours_by_status(litein: Factory, mounted: Assignment) -> None:
    make_hours(mounted, START, 10)
    hours = hours_of_record(litein, DAY, DAY + timedelta(days=1))

    assert [h.status for h in hours] == ["measured"] * 10 + ["missing"] * 8  # 06:00 to midnight at the site
    assert {h.because for h in hours[10:]} == {"no fuel logged"}
    assert hours[0].record.likely_kg == 100


def test_without_entries_the_epa_makes_a_day_of_its_own(litein: Factory, mounted: Assignment) -> None:
    make_hours(mounted, START, 24)
    EmissionHour.objects.update(co2_ppm=80_000.0, flow_rate_m3s=2.0)
    litein.organisation.substitution_method = SubstitutionMethod.EPA
    litein.organisation.save()
    refresh([litein.pk])

    silent = SiteDay.objects.get(day=DAY + timedelta(days=3))

    assert (silent.stack_co2_kg, silent.stack_substituted_h) == (
        2400,
        24,
    )  # in the initial period the hour before: 100 kg


@pytest.mark.parametrize("method", list(SubstitutionMethod))
@pytest.mark.parametrize("seed", range(3))
def test_stored_hours_are_those_of_the_rules_after_any_order_of_arrival(
    litein: Factory, mounted: Assignment, method: str, seed: int
) -> None:
    rng = random.Random(seed)
    change(litein, method)
    arrivals: list = []
    for number in range(DAYS):
        start = START + number * LENGTH
        arrivals.append(lambda start=start: make_energy_entry(litein, **period(start)))
        for part in range(4):
            first, kg, length = start + part * 6 * HOUR, rng.uniform(50, 150), rng.choice([0, 2, 4, 6, 6])
            rows = [hour_of(mounted, first + n * HOUR, kg=kg + n) for n in range(length)]
            for row in rows:
                row.co2_ppm, row.flow_rate_m3s = 800.0 * kg, 2.0 + rng.random()
            arrivals.append(lambda rows=rows: EmissionHour.objects.bulk_create(rows))
    rng.shuffle(arrivals)
    for arrive in arrivals:
        arrive()
        if rng.random() < 0.4:
            refresh([litein.pk])
    refresh([litein.pk])

    assert stored(litein) == by_rule(litein)
    EmissionHour.objects.filter(period_start__gte=START + LENGTH, period_start__lt=START + LENGTH + 3 * HOUR).delete()
    refresh([litein.pk])
    assert stored(litein) == by_rule(litein)
    for other in SubstitutionMethod:
        change(litein, other)
        refresh([litein.pk])
        assert stored(litein) == by_rule(litein)
        assert {one[2] for one in stored(litein)} <= {other}
    for day in SiteDay.objects.filter(ends_at__lte=recorded_until([litein.pk])[litein.pk]):
        hours = hours_between(litein, day.starts_at, day.ends_at, now=day.refreshed_at)
        known = [h.record_ug for h in hours if h.record_ug is not None]
        sum_kg = decimal_kg_from_micrograms(sum(known))
        assert day.stack_co2_kg == (sum_kg if len(known) == len(hours) and hours else None)


def period(start):
    return {"timestamp": None, "period_start": start, "period_end": start + LENGTH}


def change(factory: Factory, method: str) -> None:
    factory.organisation.substitution_method = method
    factory.organisation.save(update_fields=["substitution_method"])


def test_a_silent_device_is_recorded_once_its_day_is_over_without_any_mark(
    litein: Factory, mounted: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_energy_entry(litein, timestamp=None, period_start=START, period_end=START + 2 * LENGTH)
    clock = [START + 30 * HOUR]
    for module in ("compliance.site_days", "compliance.record.hours"):
        monkeypatch.setattr(f"{module}.timezone.now", lambda: clock[0])

    refresh([litein.pk])
    assert len(stored(litein)) == 24
    clock[0] = START + 49 * HOUR
    assert refresh() == 1  # the day that ended

    assert len(stored(litein)) == 48


def test_a_late_hour_behind_idle_ones_fills_the_gap_before_these_anew(litein: Factory, mounted: Assignment) -> None:
    change(litein, SubstitutionMethod.EPA)
    make_hours(mounted, START, 10)
    make_hours(mounted, START + 14 * HOUR, 22, kg=0.0, status="idle")
    EmissionHour.objects.filter(status="measured").update(co2_ppm=80_000.0, flow_rate_m3s=2.0)
    refresh([litein.pk])
    assert {one[4] for one in stored(litein) if one[0] < START + 14 * HOUR} == {100 * 10**9}

    late = hour_of(mounted, START + 36 * HOUR, kg=120.0)
    late.co2_ppm, late.flow_rate_m3s = 96_000.0, 2.0
    late.save(force_insert=True)
    refresh([litein.pk])

    # (80,000 + 96,000) / 2 = 88,000 ppm, at 100 kg for 80,000 ppm.
    assert {one[4] for one in stored(litein) if one[0] < START + 14 * HOUR} == {110 * 10**9}
    assert stored(litein) == by_rule(litein)


def test_hours_that_look_back_on_any_of_several_changed_days_are_made_anew(
    litein: Factory, mounted: Assignment
) -> None:
    change(litein, SubstitutionMethod.FUEL_BASED)
    start = START - 60 * LENGTH
    Assignment.objects.filter(pk=mounted.pk).update(valid_from=start)
    make_energy_entry(litein, timestamp=None, period_start=start, period_end=start + 70 * LENGTH)
    for day in range(20):
        make_hours(mounted, start + day * LENGTH, 22)
    refresh([litein.pk])

    first_days = EmissionHour.objects.filter(period_start__lt=start + 5 * LENGTH)
    first_days.update(record_ug=150 * 10**9)
    make_hours(mounted, start + 60 * LENGTH, 2)  # weeks later, with a mark of its own
    refresh([litein.pk])

    assert stored(litein) == by_rule_since(litein, start)


# --- Totals ----------------------------------------------------------------------------------------
def test_each_total_has_its_interval_and_sites_are_independent(litein: Factory, mounted: Assignment) -> None:
    for kg in (600.0, 500.0):
        make_hours(mounted, START + (LENGTH if kg < 600 else 0 * LENGTH), 24, kg=kg)
    entry = make_energy_entry(litein)
    refresh([litein.pk])
    row = sums([litein.pk], DAY, DAY + timedelta(days=1))[litein.pk]

    found = {name: row.uncertain(name) for name in UNCERTAIN}

    # Sensors 11.7343 % of 24 x 600 + 24 x 500 = 26,400 kg, on two measured days: 3,097.9 kg, k = 2 6,195.7 kg.
    assert [found[name].half_width_kg for name in ("heat", "stack")] == pytest.approx([6195.7, 6195.7], abs=0.1)
    # CH4 and nitrous oxide of the wood: 12 % of the stacks and 60 % of the factors, 61.188 %.
    assert found["scope1"].half_width_kg == pytest.approx(2 * 0.61188 * float(entry.co2e_kg), rel=1e-4)
    assert found["scope2"] is None
    assert total(
        [found["heat"], replace(found["heat"], systematic_kg={"heat 0": 400.0})]
    ).half_width_kg == pytest.approx(math.hypot(6195.7, 800.0), abs=0.1)
    assert row.stack_coverage_pct == 100.0
    EmissionHour.objects.filter(period_start=START).update(over_range_ms=1)
    refresh([litein.pk])
    at_least = sums([litein.pk], DAY, DAY)[litein.pk].uncertain("biogenic")
    assert (at_least.is_at_least, at_least.high_kg) == (True, None)


def test_the_running_day_is_not_in_the_coverage_of_those_that_are_over(
    litein: Factory, mounted: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = START + 30 * HOUR
    for module in ("compliance.site_days", "compliance.record.hours"):
        monkeypatch.setattr(f"{module}.timezone.now", lambda: now)
    make_hours(mounted, START, 12)
    make_hours(mounted, START + LENGTH, 6)
    refresh([litein.pk])

    # 12 of 24 h; with the 24 h of the running day it was 25 %.
    assert sums([litein.pk], DAY, DAY + timedelta(days=1), now=now)[litein.pk].stack_coverage_pct == 50.0


def test_a_partial_hour_over_range_makes_its_day_at_least_and_covers_its_seconds(
    litein: Factory, mounted: Assignment
) -> None:
    make_hours(mounted, START, 1, kg=None, status="missing")
    EmissionHour.objects.update(measured_ug=30 * 10**9, covered_ms=1_800_000, over_range_ms=1000)
    make_production(litein)
    assert sums_of(litein).stack_coverage_pct == pytest.approx(100 * 0.5 / 24)  # no hour has a mass of record
    make_energy_entry(litein)

    stack = sums_of(litein).uncertain("stack")

    assert (stack.is_at_least, stack.high_kg) == (True, None)


def sums_of(factory):
    refresh([factory.pk])
    return sums([factory.pk], DAY, DAY)[factory.pk]


def test_a_measured_day_without_the_carbon_of_its_fuels_keeps_the_errors_of_what_was_logged() -> None:
    logged = DayErrors(heat_co2_kg=90.0, heat_fossil_kg=30.0, heat_biogenic_kg=60.0, scope1_kg=40.0)
    columns = {"basis": "measured", "heat_co2_kg": Decimal(1000), "heat_carbon_co2_kg": None}

    errors = error_columns(columns, logged, 0.1)

    assert (errors["heat_sigma_kg"], errors["scope1_sigma_kg"], errors["biogenic_sigma_kg"]) == (100.0, 50.0, 60.0)


@pytest.mark.parametrize(("minutes_ago", "marks"), [(30, 0), (90, 1)])
def test_an_hour_that_is_over_marks_its_day_whatever_was_measured_in_it(
    litein: Factory, mounted: Assignment, minutes_ago: int, marks: int
) -> None:
    refresh()
    hour_of(mounted, timezone.now() - timedelta(minutes=minutes_ago), kg=None, status="missing").save(force_insert=True)

    assert TouchedSite.objects.count() == marks
