"""Was the log kept, and in time: what counts as entered, until when, and what a bill may wait for."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compliance.schedule import Log, bills_awaited, logs
from compliance.site_days import refresh
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.choices import Item
from factories.days import factory_day, running_day
from factories.models import Factory
from production.models import ProductionEntry
from production.services import ProductionInput, production_log
from tests import make
from tests.compliance.build import day_of

pytestmark = pytest.mark.django_db
# 22 Nov, 12:00 in Kenya. Yesterday is the factory day 21 Nov 06:00 to 22 Nov 06:00.
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
YESTERDAY = date(2026, 11, 21)


def start_of(factory: Factory, days_back: int) -> datetime:
    """The factory day that began so many days before the running one."""
    start = running_day(factory, NOW).starts_at
    return (start - timedelta(days=days_back)).astimezone(factory.zone)


def log_day(
    factory: Factory, days_back: int, items: str = "heat electricity production", *, at: datetime | None = None
) -> None:
    """Enter what `items` names of one factory day, as if it had been entered at `at` (default: at its end)."""
    start = start_of(factory, days_back)
    log_period(factory, start, start + timedelta(days=1), items, at=at)


def log_period(factory: Factory, start: datetime, end: datetime, items: str, *, at: datetime | None = None) -> None:
    period: dict[str, Any] = {"timestamp": start, "period_start": start, "period_end": end}
    entered_at = at or end
    if "heat" in items:
        entry = make.make_energy_entry(factory, **period)
        EnergyEntry.objects.filter(pk=entry.pk).update(created_at=entered_at)
    if "electricity" in items:
        entry = make.make_energy_entry(factory, energy_type="electricity", amount=Decimal("5000"), unit="kWh", **period)
        EnergyEntry.objects.filter(pk=entry.pk).update(created_at=entered_at)
    if "production" in items:
        product = "coal" if factory.sector == "coal_mine" else "made_tea"
        made = ProductionInput(product=product, amount=Decimal("12000"), unit="kg", **period)
        recorded = production_log.record(make.make_user(), factory, made)
        ProductionEntry.objects.filter(pk=recorded.entry.pk).update(created_at=entered_at)


def log_use(factory: Factory, energy_type: str, unit: str) -> None:
    """Enter 80 of one energy type for yesterday."""
    start = start_of(factory, 1)
    end = start + timedelta(days=1)
    period: dict[str, Any] = {"timestamp": start, "period_start": start, "period_end": end}
    entry = make.make_energy_entry(factory, energy_type=energy_type, amount=Decimal(80), unit=unit, **period)
    EnergyEntry.objects.filter(pk=entry.pk).update(created_at=end)


def log_of(factory: Factory) -> Log:
    return logs([factory], NOW)[factory.pk]


def test_a_factory_without_entries_lacks_all_of_yesterday() -> None:
    log = log_of(make.make_factory())

    assert log.yesterday.day == YESTERDAY
    assert log.yesterday.missing == (Item.HEAT, Item.ELECTRICITY, Item.PRODUCTION)
    assert [day.day for day in log.due] == [YESTERDAY - timedelta(days=back) for back in range(7, 0, -1)]
    assert not log.is_on_schedule


def test_yesterday_is_logged_when_all_three_are() -> None:
    factory = make.make_factory()
    log_day(factory, 1, at=NOW - timedelta(hours=1))

    assert log_of(factory).yesterday.is_complete


@pytest.mark.parametrize(
    ("entered", "missing"),
    [
        ("heat electricity", (Item.PRODUCTION,)),
        ("heat production", (Item.ELECTRICITY,)),
        ("electricity production", (Item.HEAT,)),
    ],
)
def test_what_is_missing_is_named(entered: str, missing: tuple[Item, ...]) -> None:
    factory = make.make_factory()
    log_day(factory, 1, entered, at=NOW - timedelta(hours=1))

    assert log_of(factory).yesterday.missing == missing


def test_half_a_day_is_not_a_day() -> None:
    factory = make.make_factory()
    start = start_of(factory, 1)
    log_day(factory, 1, "electricity production", at=NOW - timedelta(hours=1))
    for hours in (10, 20):  # 20 of 24 hours are more than 80 %
        entry = make.make_energy_entry(
            factory, timestamp=start, period_start=start, period_end=start + timedelta(hours=hours)
        )
        EnergyEntry.objects.filter(pk=entry.pk).update(created_at=start + timedelta(hours=25))
        assert log_of(factory).yesterday.is_complete == (hours == 20)


def test_half_a_day_entered_twice_is_still_half_a_day() -> None:
    factory = make.make_factory()
    start = start_of(factory, 1)
    log_day(factory, 1, "electricity production", at=NOW - timedelta(hours=1))
    for _twice in range(2):
        entry = make.make_energy_entry(
            factory, timestamp=start, period_start=start, period_end=start + timedelta(hours=12)
        )
        EnergyEntry.objects.filter(pk=entry.pk).update(created_at=start + timedelta(hours=25))

    assert log_of(factory).yesterday.missing == (Item.HEAT,)


@pytest.mark.parametrize("days", [1, 36, 51, 92, 400])
@pytest.mark.parametrize("item", [Item.HEAT, Item.ELECTRICITY, Item.PRODUCTION])
def test_an_entry_of_any_length_logs_yesterday_for_schedule_and_site_day_alike(item: Item, days: int) -> None:
    """Production of 51 days was logged to the site day and missing to the schedule, which looked back 35 days."""
    factory = make.make_factory()
    end = start_of(factory, 0)
    log_period(factory, end - timedelta(days=days), end, item)

    missing = log_of(factory).yesterday.missing

    assert item not in missing
    assert getattr(day_of(factory, YESTERDAY), f"has_{item}")
    assert len(missing) == 2


def test_explosives_are_no_fuel_of_engines() -> None:
    mine = make.make_factory(sector="coal_mine", country="IN", time_zone="Asia/Kolkata", altitude_m=300.0)
    log_use(mine, "explosive_anfo", "kg")

    assert Item.OTHER in log_of(mine).yesterday.missing


def test_diesel_of_the_genset_is_no_firewood() -> None:
    factory = make.make_factory()
    log_use(factory, "diesel", "L")

    assert Item.HEAT in log_of(factory).yesterday.missing


def test_a_deleted_entry_counts_for_nothing() -> None:
    factory = make.make_factory()
    log_day(factory, 1, at=NOW - timedelta(hours=1))
    energy_log.delete(make.make_user(), EnergyEntry.objects.get(energy_type__code="firewood").pk, "wrong day")

    assert log_of(factory).yesterday.missing == (Item.HEAT,)


# --- In time -------------------------------------------------------------------------------------
def test_a_week_entered_each_morning_is_on_schedule() -> None:
    factory = make.make_factory()
    for back in range(2, 9):
        log_day(factory, back)

    log = log_of(factory)

    assert log.is_on_schedule
    assert log.days_on_schedule == 7
    assert not log.yesterday.is_complete  # it still has time


@pytest.mark.parametrize(("late_s", "is_on_schedule"), [(-1, True), (0, False), (3600, False)])
def test_the_deadline_is_the_end_of_the_next_factory_day(late_s: int, is_on_schedule: bool) -> None:
    factory = make.make_factory()
    for back in range(3, 9):
        log_day(factory, back)
    deadline = start_of(factory, 0)  # the day before yesterday had all of yesterday
    log_day(factory, 2, at=deadline + timedelta(seconds=late_s))

    log = log_of(factory)

    assert log.is_on_schedule == is_on_schedule
    assert log.due[-1].is_complete == is_on_schedule


def test_a_correction_does_not_make_an_entry_late() -> None:
    factory = make.make_factory()
    for back in range(2, 9):
        log_day(factory, back)
    EnergyEntry.objects.update(changed_at=NOW)

    assert log_of(factory).is_on_schedule


# --- Bills ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("ended_days_ago", "is_missing"), [(20, False), (34, False), (36, True)])
def test_a_monthly_bill_is_awaited_for_35_days(ended_days_ago: int, is_missing: bool) -> None:
    factory = make.make_factory()
    log_day(factory, 1, "heat production", at=NOW - timedelta(hours=1))
    end = start_of(factory, 0) - timedelta(days=ended_days_ago)
    make.make_bill(factory, 150_000, end - timedelta(days=30), end)

    assert (Item.ELECTRICITY in log_of(factory).yesterday.missing) == is_missing


def test_a_site_that_logs_its_meter_daily_gets_no_grace_for_a_bill() -> None:
    factory = make.make_factory()
    log_day(factory, 2, "electricity")
    log_day(factory, 1, "heat production", at=NOW - timedelta(hours=1))

    assert log_of(factory).yesterday.missing == (Item.ELECTRICITY,)


def log_week(factory: Factory) -> None:
    for back in range(1, 9):
        log_day(factory, back, "heat production")


def test_an_older_gap_is_missing_while_the_next_bill_is_awaited() -> None:
    factory = make.make_factory()
    log_week(factory)
    end = start_of(factory, 4)
    make.make_bill(factory, 15_000, end - timedelta(days=3), end)  # days 7 to 5 ago

    log = log_of(factory)

    awaited = {day.day: day.awaits_bill for day in log.due}
    missing = [day.day for day in log.due if Item.ELECTRICITY in day.missing]
    assert missing == [YESTERDAY - timedelta(days=7)]  # before the bill
    assert [day for day, is_awaited in awaited.items() if is_awaited] == [
        YESTERDAY - timedelta(days=back) for back in (3, 2, 1)
    ]
    assert log.yesterday.awaits_bill


def test_days_before_the_due_day_of_an_overdue_bill_are_missing_again() -> None:
    factory = make.make_factory()
    end = start_of(factory, 0) - timedelta(days=36)
    make.make_bill(factory, 150_000, end - timedelta(days=30), end)
    bill = bills_awaited([factory.pk], NOW)[factory.pk]
    day = factory_day(factory, YESTERDAY - timedelta(days=20))

    assert bill.covers(day, bill.due_at - timedelta(days=1))
    assert not bill.covers(day, NOW)
    assert all(Item.ELECTRICITY in day.missing for day in log_of(factory).due)


# --- Sites ---------------------------------------------------------------------------------------
def test_a_mine_logs_diesel_electricity_and_coal() -> None:
    mine = make.make_factory(sector="coal_mine", country="IN", time_zone="Asia/Kolkata", altitude_m=300.0)
    assert log_of(mine).yesterday.missing == (Item.OTHER, Item.ELECTRICITY, Item.PRODUCTION)

    log_day(mine, 1, "electricity production", at=NOW - timedelta(hours=1))

    assert log_of(mine).yesterday.missing == (Item.OTHER,)


def test_each_site_has_its_own_day() -> None:
    early = make.make_factory(day_starts_at=0)
    late = make.make_factory(day_starts_at=15)  # not over yet: it ends at 15:00, three hours from now

    found = logs([early, late], NOW)

    assert found[early.pk].yesterday.day == YESTERDAY
    assert found[late.pk].yesterday.day == YESTERDAY - timedelta(days=1)


def test_queries_do_not_grow_with_factories() -> None:
    factories = [make.make_factory() for _ in range(3)]
    log_day(factories[0], 1)
    refresh()

    with CaptureQueriesContext(connection) as few:
        logs(factories[:1], NOW)
    with CaptureQueriesContext(connection) as many:
        logs(factories, NOW)

    assert len(many) == len(few) == 3  # are days due; the days; the bills


def test_no_factories_have_no_logs() -> None:
    assert logs([], NOW) == {}
