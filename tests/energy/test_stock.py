"""Stock: the month's counts against deliveries and use, in kilograms, from count to count, for many sites at once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from energy.choices import EntryKind
from energy.services import energy_log, set_local_unit
from energy.stock import StockMonth, StockState, Why, balances, stock_confirmed_months
from tests.make import make_energy_entry, make_factory

pytestmark = pytest.mark.usefixtures("clock")

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def at(day: int, hour: int = 6, month: int = 10) -> datetime:
    """A moment in Nairobi."""
    return datetime(2026, month, day, hour, tzinfo=UTC) - timedelta(hours=3)


def log(factory: Any, kind: str, amount: object, when: datetime, unit: str = "kg", **fields: Any) -> Any:
    return make_energy_entry(factory, kind=kind, amount=Decimal(str(amount)), unit=unit, timestamp=when, **fields)


def count(factory: Any, amount: object, when: datetime, unit: str = "kg", **fields: Any) -> Any:
    return log(factory, EntryKind.STOCK_COUNT, amount, when, unit, **fields)


def month_of_wood(factory: Any, closing: object = 40_000) -> None:
    """100 t counted, 50 t delivered, 110 t burned over the month: 40 t should be left."""
    count(factory, 100_000, at(1))
    log(factory, EntryKind.RECEIVED, 50_000, at(12, 15))
    log(factory, EntryKind.USED, 110_000, at(1), period_start=at(1), period_end=at(1, month=11))
    count(factory, closing, at(1, month=11))


def october(factory: Any) -> StockMonth:
    (row,) = balances([factory.pk], OCTOBER, OCTOBER)
    return row


def test_the_balance_of_a_month_from_count_to_count(litein: Any) -> None:
    month_of_wood(litein, closing=38_000)

    row = october(litein)

    assert (row.opening_kg, row.received_kg, row.used_kg, row.closing_kg) == (100_000, 50_000, 110_000, 38_000)
    assert row.balance is not None
    assert (row.balance.expected_kg, row.balance.difference_kg) == (40_000, -2_000)
    assert (row.state, row.energy_type, row.month) == (StockState.OK, "firewood", OCTOBER)


@pytest.mark.parametrize(
    ("closing", "state", "confirmed"),
    [
        (40_000, StockState.OK, True),
        (34_500, StockState.OK, True),
        (34_499, StockState.OFF, False),
        (45_501, StockState.OFF, False),
    ],
)
def test_five_percent_of_what_was_used_decides(litein: Any, closing: int, state: StockState, confirmed: bool) -> None:
    month_of_wood(litein, closing)

    assert october(litein).state == state
    assert stock_confirmed_months([litein.pk], OCTOBER, OCTOBER) == {(litein.pk, OCTOBER): confirmed}


def test_steres_lorries_and_kilograms_meet_in_kilograms(litein: Any) -> None:
    set_local_unit(litein, "firewood", "lorry", amount=Decimal(12), unit="stere")
    set_local_unit(litein, "firewood", "stere", amount=Decimal(500), unit="kg", moisture_fraction=Decimal("0.3"))
    count(litein, 100, at(1), "stere")
    log(litein, EntryKind.RECEIVED, 2, at(9), "lorry")
    log(litein, EntryKind.USED, 52, at(9), "t")
    count(litein, 10, at(1, month=11), "m3")

    row = october(litein)

    assert (row.opening_kg, row.received_kg, row.used_kg, row.closing_kg) == (50_000, 12_000, 52_000, 5_000)
    assert row.state == StockState.OFF  # 10,000 kg expected


def test_liters_of_diesel_go_by_their_density(litein: Any) -> None:
    diesel = {"energy_type": "diesel", "unit": "L"}
    for kind, amount, when in (
        (EntryKind.STOCK_COUNT, 1_000, at(1)),
        (EntryKind.USED, 400, at(9)),
        (EntryKind.STOCK_COUNT, 600, at(1, month=11)),
    ):
        log(litein, kind, amount, when, **diesel)

    row = october(litein)

    assert (row.opening_kg, row.state) == (840, StockState.OK)


def test_what_was_burned_before_the_first_count_or_after_the_last_is_of_another_month(litein: Any) -> None:
    count(litein, 10_000, at(2))
    for day in (1, 2):  # factory days: the first ends at the count, the second begins with it
        log(litein, EntryKind.USED, 1_000, at(day))
    log(litein, EntryKind.RECEIVED, 500, at(2, 5))
    log(litein, EntryKind.USED, 2_000, at(31))  # a day, half of it after the count
    count(litein, 8_000, at(31, 18))

    row = october(litein)

    assert (row.received_kg, row.used_kg, row.state) == (0, 2_000, StockState.OK)


@pytest.mark.parametrize(
    ("opening", "closing", "why"),
    [
        (None, at(1, month=11), Why.NO_OPENING_COUNT),
        (at(1), None, Why.NO_CLOSING_COUNT),
        (at(4, 1), at(1, month=11), Why.NO_OPENING_COUNT),
        (at(4, 0), at(1, month=11), None),
        (at(1), at(29, 0), None),
        (at(1), at(28, 23), Why.NO_CLOSING_COUNT),
        (datetime(2026, 9, 27, 21, tzinfo=UTC), at(1, month=11), None),
    ],
)
def test_a_count_belongs_to_a_month_within_three_days_of_its_start(
    litein: Any, opening: datetime | None, closing: datetime | None, why: Why | None
) -> None:
    for when in (opening, closing):
        if when:
            count(litein, 10, when)

    row = october(litein)

    assert (row.why, row.state == StockState.UNKNOWN) == (why, why is not None)


def test_of_several_counts_the_nearest_holds_and_deleted_ones_do_not(litein: Any) -> None:
    month_of_wood(litein)
    count(litein, 7, at(3))
    wrong = count(litein, 1, at(1, 0))

    energy_log.delete(None, wrong.pk, "another yard")

    assert (october(litein).opening_kg, october(litein).state) == (100_000, StockState.OK)


def test_a_unit_without_a_mass_leaves_the_balance_unknown(litein: Any) -> None:
    month_of_wood(litein)
    set_local_unit(litein, "firewood", "heap", amount=Decimal(3), unit="stere")
    log(litein, EntryKind.RECEIVED, 1, at(20), "heap")
    litein.local_units.all().delete()

    assert (october(litein).state, october(litein).why) == (StockState.UNKNOWN, Why.NO_KILOGRAMS)
    assert stock_confirmed_months([litein.pk], OCTOBER, OCTOBER)[litein.pk, OCTOBER] is None


# --- Confirmed ---------------------------------------------------------------------------------
def test_a_month_without_counts_or_without_fuel_is_unknown_never_wrong(litein: Any) -> None:
    log(litein, EntryKind.USED, 1_000, at(9))

    assert stock_confirmed_months([litein.pk], OCTOBER, NOVEMBER) == {
        (litein.pk, OCTOBER): None,
        (litein.pk, NOVEMBER): None,
    }


def test_diesel_of_a_genset_need_not_be_counted_but_coal_beside_the_wood_must(litein: Any) -> None:
    month_of_wood(litein)
    log(litein, EntryKind.USED, 500, at(9), "L", energy_type="diesel")  # 18 of 1,734 GJ
    with_diesel = stock_confirmed_months([litein.pk], OCTOBER, OCTOBER)
    log(litein, EntryKind.USED, 20, at(9), "t", energy_type="bituminous_coal")  # 516 GJ

    with_coal = stock_confirmed_months([litein.pk], OCTOBER, OCTOBER)

    assert (with_diesel[litein.pk, OCTOBER], with_coal[litein.pk, OCTOBER]) == (True, None)


def test_hiding_what_was_burned_makes_no_month_right(litein: Any) -> None:
    month_of_wood(litein)
    extra = log(litein, EntryKind.USED, 20_000, at(20))
    count(litein, 20_000, at(1, 7, month=11))
    energy_log.delete(None, extra.pk, "hidden")

    assert october(litein).closing_kg == 40_000
    for entry in litein.energy_entries.filter(kind=EntryKind.STOCK_COUNT, amount=40_000):
        energy_log.delete(None, entry.pk, "that was before the boiler ran")
    assert stock_confirmed_months([litein.pk], OCTOBER, OCTOBER) == {(litein.pk, OCTOBER): False}


def test_more_factories_take_no_more_queries(db: None) -> None:
    factories = [make_factory() for _ in range(5)]
    for factory in factories:
        month_of_wood(factory)
        set_local_unit(factory, "firewood", "lorry", amount=Decimal(12), unit="stere")
    with CaptureQueriesContext(connection) as one:
        stock_confirmed_months([factories[0].pk], OCTOBER, NOVEMBER)

    with CaptureQueriesContext(connection) as all_of_them:
        found = stock_confirmed_months([f.pk for f in factories], OCTOBER, NOVEMBER)

    assert len(all_of_them) == len(one) == 7  # six, and the factors of firewood in Kenya
    assert [found[f.pk, OCTOBER] for f in factories] == [True] * 5
    assert [found[f.pk, NOVEMBER] for f in factories] == [None] * 5


def test_nobody_asked_is_nothing_found(db: None) -> None:
    assert stock_confirmed_months([], OCTOBER, NOVEMBER) == {}
    assert balances([make_factory().pk], NOVEMBER, OCTOBER) == []
