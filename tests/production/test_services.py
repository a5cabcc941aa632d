"""Production: units, products of a sector, factory days, second looks, double taps, corrections, undo, bulk."""

import threading
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.choices import ProductionUnit
from lib.errors import ApiError
from logbook.choices import Act, Origin
from production.models import ProductionEntry
from production.services import ProductionInput, ProductionRow, add_production_bulk, in_kg, production_log
from tests.make import make_factory, make_production, make_user

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WHEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What time it is, for services to ask and tests to move."""
    found = SimpleNamespace(now=NOW)
    monkeypatch.setattr(timezone, "now", lambda: found.now)
    return found


@pytest.fixture
def litein(db: None) -> Any:
    return make_factory(name="Litein Tea Factory")


@pytest.fixture
def manager(litein: Any) -> Any:
    return make_user(password=None)


def problem_of(caught: Any) -> tuple[str, str, str]:
    field, problems = next(iter(caught.value.fields.items()))
    return field, problems[0]["code"], problems[0]["message"]


def codes(entry: ProductionEntry) -> list[str]:
    return [notice["code"] for notice in entry.warnings]


# --- What was made -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "unit", "kg"),
    [
        ("11500", "kg", "11500"),
        ("11.5", "t", "11500"),
        ("11.5", "Tonnes", "11500"),
        ("11500", " KGs ", "11500"),
        ("0.000001", "t", "0.001"),
        ("0", "kg", "0"),
    ],
)
def test_amounts_are_kept_in_kilograms_and_told_as_they_were(litein: Any, amount: str, unit: str, kg: str) -> None:
    entry = make_production(litein, amount=Decimal(amount), unit=unit)

    assert entry.amount_kg == Decimal(kg)
    assert entry.amount == Decimal(amount)


@given(grams=st.integers(min_value=0, max_value=10**13 - 1))
@settings(max_examples=50)
def test_tonnes_and_kilograms_of_the_same_mass_are_the_same(grams: int) -> None:
    kg = Decimal(grams) / 1000

    assert in_kg(kg, ProductionUnit.KG) == kg
    assert in_kg(kg / 1000, ProductionUnit.T) == kg


@pytest.mark.parametrize(
    ("sector", "product", "stored"),
    [
        ("tea", "Made tea", "made_tea"),
        ("tea", "GREEN_LEAF", "green_leaf"),
        ("coal_mine", "Coal", "coal"),
        ("other", "coal", "coal"),
        ("tea", "coal", None),
        ("coal_mine", "made_tea", None),
        ("tea", "plutonium", None),
    ],
)
def test_a_site_makes_what_its_sector_makes(db: None, sector: str, product: str, stored: str | None) -> None:
    factory = make_factory(sector=sector)
    if stored:
        assert make_production(factory, product=product).product == stored
        return
    with pytest.raises(ApiError) as caught:
        make_production(factory, product=product)

    field, code, message = problem_of(caught)
    assert (field, code) == ("product", "unknown_product")
    assert ("made_tea, green_leaf" if sector == "tea" else "use coal") in message
    assert ProductionEntry.objects.count() == 0


def test_production_without_a_period_fills_the_factory_day_that_holds_it(litein: Any) -> None:
    # 02:00 in Nairobi: the factory day began at 06:00 the day before.
    entry = make_production(litein, timestamp=datetime(2026, 11, 19, 23, tzinfo=UTC))

    assert entry.period_start == datetime(2026, 11, 19, 3, tzinfo=UTC)
    assert entry.period_end - entry.period_start == DAY


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"timestamp": None}, "timestamp", "required"),
        ({"period_start": WHEN}, "period_end", "required"),
        ({"period_start": WHEN, "period_end": WHEN}, "period_end", "period_backward"),
        ({"period_start": WHEN - timedelta(days=401), "period_end": WHEN}, "period_end", "period_too_long"),
        ({"timestamp": NOW + timedelta(hours=2)}, "timestamp", "in_future"),
        ({"amount": Decimal(-1)}, "amount", "out_of_range"),
        ({"amount": Decimal("NaN")}, "amount", "out_of_range"),
        ({"amount": Decimal(10) ** 10}, "amount", "out_of_range"),
        ({"amount": Decimal(10) ** 7, "unit": "t"}, "amount", "out_of_range"),
        ({"unit": "stere"}, "unit", "unknown_unit"),
    ],
)
def test_what_cannot_be_is_refused_by_name(litein: Any, fields: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        make_production(litein, **fields)

    assert problem_of(caught)[:2] == (field, code)
    assert ProductionEntry.objects.count() == 0


# --- Second looks ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("leaf_kg", "said"), [("50000", []), ("44231", []), ("57500", []), ("44000", ["0.261"]), ("60000", ["0.192"])]
)
def test_out_turn_outside_a_fifth_to_a_quarter_is_said_and_stored(litein: Any, leaf_kg: str, said: list[str]) -> None:
    make_production(litein, product="green_leaf", amount=Decimal(leaf_kg))

    made = make_production(litein)  # 11,500 kg

    assert [n["params"]["ratio"] for n in made.warnings if n["code"] == "out_turn_outside_band"] == said


def test_out_turn_is_said_too_when_the_leaf_comes_second_and_never_over_zero(litein: Any) -> None:
    make_production(litein)
    make_production(litein, amount=Decimal(0), timestamp=WHEN - DAY)

    late = make_production(litein, product="green_leaf", amount=Decimal(20_000))
    idle = make_production(litein, product="green_leaf", amount=Decimal(0), timestamp=WHEN - DAY)

    assert codes(late) == ["out_turn_outside_band"]
    assert codes(idle) == []


def test_a_number_far_above_the_last_four_weeks_is_stored_and_said(litein: Any) -> None:
    for day in range(1, 7):
        make_production(litein, timestamp=WHEN - DAY * day, amount=Decimal(10_000))

    usual = make_production(litein, amount=Decimal(30_000))
    odd = make_production(litein, timestamp=WHEN + DAY, amount=Decimal(95), unit="t")

    assert codes(usual) == []
    assert odd.warnings == [{"code": "above_usual", "params": {"amount": "95000", "unit": "kg", "limit": "90000"}}]


def test_a_second_entry_of_the_same_product_and_time_names_the_first(litein: Any, manager: Any) -> None:
    gone = make_production(litein, user=manager)
    production_log.delete(manager, gone.pk, "typo")
    first = make_production(litein, amount=Decimal("11.2"), unit="t")

    second = make_production(litein)
    other = make_production(litein, product="green_leaf", amount=Decimal(100_000))

    assert second.warnings == [{"code": "overlaps", "params": {"amount": "11.2", "unit": "t", "entry": first.pk}}]
    assert "overlaps" not in codes(other)


# --- Double taps -------------------------------------------------------------------------------
def test_the_same_tap_again_answers_the_same_row(litein: Any, manager: Any) -> None:
    key = uuid.uuid4()
    data = ProductionInput(product="made_tea", amount=Decimal("11500"), timestamp=WHEN)
    first = production_log.record(manager, litein, data, client_id=key)

    again = production_log.record(manager, litein, data, client_id=key)

    assert (again.entry, first.is_replay, again.is_replay) == (first.entry, False, True)
    assert ProductionEntry.objects.count() == 1


def test_the_same_key_with_another_body_is_a_conflict(litein: Any, manager: Any) -> None:
    key = uuid.uuid4()
    make_production(litein, user=manager, client_id=key)

    with pytest.raises(ApiError) as caught:
        make_production(litein, user=manager, client_id=key, amount=Decimal(25))

    assert (caught.value.status_code, caught.value.code) == (409, "key_conflict")


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_the_same_moment_are_one_row() -> None:
    factory, user, key = make_factory(), make_user(password=None), uuid.uuid4()
    data = ProductionInput(product="made_tea", amount=Decimal(11_500), timestamp=WHEN)
    together = threading.Barrier(8)
    found: list[Any] = []

    def tap() -> None:
        together.wait(timeout=20)
        try:
            found.append(production_log.record(user, factory, data, client_id=key).entry.pk)
        except Exception as error:
            found.append(error)
        finally:
            connections.close_all()

    taps = [threading.Thread(target=tap) for _ in range(8)]
    for thread in taps:
        thread.start()
    for thread in taps:
        thread.join(timeout=30)

    assert len(found) == 8
    assert set(found) == {ProductionEntry.objects.get().pk}


# --- Correct, delete, undo ---------------------------------------------------------------------
def test_a_correction_needs_a_reason_and_the_history_keeps_what_it_was(litein: Any, manager: Any) -> None:
    entry = make_production(litein, user=manager)

    production_log.correct(manager, entry.pk, {"amount": Decimal(11), "unit": "t"}, "scale read again")

    entry.refresh_from_db()
    assert (entry.amount_kg, entry.unit, entry.last_act, entry.changed_by) == (11_000, "t", Act.CORRECTED, manager)
    history = list(entry.events.order_by("pgh_id").values_list("pgh_label", "amount_kg", "change_reason"))
    assert history == [("insert", 11_500, ""), ("update", 11_000, "scale read again")]
    for act in (
        production_log.delete,
        lambda user, pk, reason: production_log.correct(user, pk, {"note": "x"}, reason),
    ):
        with pytest.raises(ApiError) as caught:
            act(manager, entry.pk, "  ")
        assert problem_of(caught)[0] == "reason"


def test_a_corrected_time_moves_the_entry_to_that_factory_day(litein: Any, manager: Any) -> None:
    entry = make_production(litein, user=manager)

    moved = production_log.correct(manager, entry.pk, {"timestamp": WHEN - DAY}, "wrong day")

    assert moved.period_start == datetime(2026, 11, 19, 3, tzinfo=UTC)


def test_deleted_stays_as_a_row_and_undo_brings_it_back(litein: Any, manager: Any) -> None:
    entry = make_production(litein, user=manager)
    deleted = production_log.delete(manager, entry.pk, "logged twice")
    assert (deleted.deleted_at, deleted.last_act) == (NOW, Act.DELETED)
    with pytest.raises(ApiError) as caught:
        production_log.delete(manager, entry.pk, "again")
    assert (caught.value.status_code, caught.value.code) == (409, "entry_deleted")

    undone = production_log.undo(manager, entry.pk)

    assert (undone.deleted_at, undone.amount_kg, undone.last_act) == (None, 11_500, Act.UNDONE)


def test_undo_takes_a_new_entry_away_and_twice_is_once(litein: Any, manager: Any) -> None:
    entry = make_production(litein, user=manager)

    production_log.undo(manager, entry.pk)
    again = production_log.undo(manager, entry.pk)

    assert (again.deleted_at, again.last_act) == (NOW, Act.UNDONE)


def test_undo_is_for_ten_minutes_and_for_who_did_it(litein: Any, manager: Any, clock: SimpleNamespace) -> None:
    entry = make_production(litein, user=manager)

    with pytest.raises(ApiError) as by_other:
        production_log.undo(make_user(password=None), entry.pk)
    clock.now = NOW + timedelta(minutes=10, seconds=1)
    with pytest.raises(ApiError) as too_late:
        production_log.undo(manager, entry.pk)

    assert by_other.value.code == too_late.value.code == "undo_expired"
    assert not ProductionEntry.objects.filter(deleted_at__isnull=False).exists()


# --- Many at once ------------------------------------------------------------------------------
def rows_of(factory: Any, count: int) -> list[ProductionRow]:
    start = datetime(2025, 1, 1, 3, tzinfo=UTC)
    return [
        ProductionRow(factory.pk, "made_tea", Decimal(10_000 + i), start + DAY * i, start + DAY * (i + 1))
        for i in range(count)
    ]


def test_a_history_comes_in_at_once_with_its_audit_rows(litein: Any, manager: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        count = add_production_bulk(manager, rows_of(litein, 400))

    entry = ProductionEntry.objects.order_by("period_start").last()
    assert entry is not None
    assert (count, ProductionEntry.objects.count(), entry.amount_kg) == (400, 400, 10_399)
    assert (entry.origin, entry.recorded_by, entry.events.count()) == (Origin.IMPORT, manager, 1)
    assert len(queries) < 6


def test_a_history_that_comes_twice_is_refused_whole(litein: Any) -> None:
    add_production_bulk(None, rows_of(litein, 3))

    with pytest.raises(IntegrityError, match="production_imported_once"), transaction.atomic():
        add_production_bulk(None, rows_of(litein, 4))

    assert ProductionEntry.objects.count() == 3


# --- The database ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount_kg": -1}, "production_not_negative"),
        ({"product": "gold"}, "production_known_product"),
        ({"unit": "lb"}, "production_known_unit"),
        ({"origin": "guess"}, "production_known_origin"),
        ({"last_act": "burnt"}, "production_known_act"),
        ({"last_act": "corrected"}, "production_change_has_a_reason"),
        ({"last_act": "deleted", "change_reason": "x"}, "production_deleted_has_a_time"),
    ],
)
def test_the_database_refuses_what_no_service_would_write(litein: Any, fields: dict[str, Any], constraint: str) -> None:
    entry = make_production(litein)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ProductionEntry.objects.filter(pk=entry.pk).update(**fields)
