"""So far today, and the last 24 hours: where a factory's day begins, and what belongs to it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from emissions import rollups, totals
from factories.models import Factory
from tests import make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
UG_PER_KG = 1e9


def fill(factory: Factory, first: datetime, last: datetime, **assignment: object) -> int:
    """A device on a chimney of its own with hourly means of one rate; returns the chimney."""
    made = make.make_assignment(chimney=make.make_chimney(factory=factory), **assignment)
    count = round((last - first) / HOUR)
    make.make_readings(
        made.device, first.astimezone(UTC) + HOUR, count, interval_s=3600.0, span_s=3600.0, n=720, seq_from=1
    )
    rollups.touch_period(made.device_id, first - HOUR, None)
    rollups.roll_up_touched()
    return made.chimney_id


def test_today_is_the_hours_since_the_factory_day_began() -> None:
    factory = make.make_factory()
    six = datetime(2026, 11, 20, 6, tzinfo=ZoneInfo("Africa/Nairobi"))
    chimney = fill(factory, six - 3 * HOUR, six + 4 * HOUR)

    (part,) = totals.so_far_today([factory], six + 4 * HOUR)[factory.pk]

    assert part.chimney_id == chimney
    assert part.measured_ug / UG_PER_KG == pytest.approx(4 * 785.064, rel=2e-6)  # vector 3, printed to 6 digits
    assert part.coverage_pct == 100.0
    assert part.elapsed_ms == 4 * 3_600_000


def test_a_gap_lowers_coverage_and_adds_nothing() -> None:
    factory = make.make_factory()
    six = datetime(2026, 11, 20, 6, tzinfo=ZoneInfo("Africa/Nairobi"))
    fill(factory, six, six + 2 * HOUR)

    (part,) = totals.so_far_today([factory], six + 8 * HOUR)[factory.pk]

    assert part.coverage_pct == 25.0
    assert part.measured_kg == pytest.approx(2 * 785.064, rel=2e-6)


def test_at_the_first_moment_of_a_day_nothing_divides_by_zero() -> None:
    factory = make.make_factory()
    six = datetime(2026, 11, 20, 6, tzinfo=ZoneInfo("Africa/Nairobi"))
    fill(factory, six - HOUR, six)

    (part,) = totals.so_far_today([factory], six)[factory.pk]

    assert (part.measured_ug, part.covered_ms, part.coverage_pct) == (0, 0, 0.0)


def test_chimneys_add_up_and_cross_checks_do_not() -> None:
    factory = make.make_factory()
    six = datetime(2026, 11, 20, 6, tzinfo=ZoneInfo("Africa/Nairobi"))
    one = fill(factory, six, six + 2 * HOUR)
    two = fill(factory, six, six + HOUR)
    fill(factory, six, six + 2 * HOUR, is_of_record=False)

    parts = totals.so_far_today([factory], six + 2 * HOUR)[factory.pk]
    whole = totals.total(parts)

    assert [part.chimney_id for part in parts] == [one, two]
    assert whole is not None
    assert whole.measured_kg == pytest.approx(3 * 785.064, rel=2e-6)
    assert whole.coverage_pct == 75.0


def test_a_device_exchanged_at_noon_makes_one_day_of_one_chimney() -> None:
    factory = make.make_factory()
    six = datetime(2026, 11, 20, 6, tzinfo=ZoneInfo("Africa/Nairobi"))
    chimney = make.make_chimney(factory=factory)
    for first, last in ((six, six + 6 * HOUR), (six + 6 * HOUR, None)):
        made = make.make_assignment(chimney=chimney, valid_from=first, valid_to=last)
        make.make_readings(
            made.device, first.astimezone(UTC) + HOUR, 3, interval_s=3600.0, span_s=3600.0, n=720, seq_from=1
        )
        rollups.touch_period(made.device_id, first, None)
    rollups.roll_up_touched()

    (part,) = totals.so_far_today([factory], six + 12 * HOUR)[factory.pk]

    assert part.coverage_pct == 50.0
    assert part.measured_kg == pytest.approx(6 * 785.064, rel=2e-6)


def test_a_factory_without_devices_has_no_parts_and_no_total() -> None:
    factory = make.make_factory()

    found = totals.so_far_today([factory], datetime(2026, 11, 20, tzinfo=UTC))

    assert found == {factory.pk: []}
    assert totals.total(found[factory.pk]) is None
    assert totals.hours_of_record([], datetime(2026, 11, 20, tzinfo=UTC)) == {}


def test_the_last_24_hours_are_24_hours_in_every_zone() -> None:
    now = datetime(2026, 11, 20, 12, 40, tzinfo=UTC)
    for zone in ("Africa/Nairobi", "Asia/Kolkata"):
        factory = make.make_factory(time_zone=zone)
        start = totals.local_hour_start(now, factory.zone) - 30 * HOUR
        chimney = fill(factory, start, start + 31 * HOUR)

        hours = totals.hours_of_record([factory], now)[chimney]

        assert len(hours) == 24
        assert hours[-1].period_start == totals.local_hour_start(now, factory.zone)
        assert hours[0].co2_kg_per_h == pytest.approx(785.064, rel=2e-6)


def test_rates_of_chimneys_add_up_however_long_each_was_covered():
    at = datetime(2026, 11, 20, tzinfo=UTC)
    parts = [
        totals.ChimneyHour(1, at, 800.0, "measured"),
        totals.ChimneyHour(2, at, 0.0, "missing"),  # covered for one minute only
        totals.ChimneyHour(3, at, None, "missing"),
    ]

    assert totals.sum_hours(parts).co2_kg_per_h == 800.0
