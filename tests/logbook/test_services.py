"""Through either door: periods, second looks, double taps, corrections, deletions, undo, constraints."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from lib.errors import ApiError
from logbook.choices import Act
from tests.logbook.doors import NOW, WHEN, Door, both_doors, codes, problem_of
from tests.make import make_factory, make_user
from tests.measuring import at_once

DAY = timedelta(days=1)
pytestmark = [both_doors, pytest.mark.usefixtures("clock")]


# --- Amounts and periods -----------------------------------------------------------------------
def test_an_entry_without_a_period_fills_the_factory_day_that_holds_it(door: Door, litein: Any) -> None:
    # 02:00 in Nairobi: the factory day began at 06:00 the day before.
    entry = door.make(litein, timestamp=datetime(2026, 11, 19, 23, tzinfo=UTC))

    assert entry.period_start == datetime(2026, 11, 19, 3, tzinfo=UTC)
    assert entry.period_end - entry.period_start == DAY


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"timestamp": None}, "timestamp", "required"),
        ({"period_start": WHEN}, "period_end", "required"),
        ({"period_end": WHEN}, "period_start", "required"),
        ({"period_start": WHEN, "period_end": WHEN}, "period_end", "period_backward"),
        ({"period_start": WHEN - timedelta(days=401), "period_end": WHEN}, "period_end", "period_too_long"),
        ({"timestamp": NOW + timedelta(hours=2)}, "timestamp", "in_future"),
        ({"timestamp": datetime(1899, 1, 1, tzinfo=UTC)}, "timestamp", "invalid_time"),
        ({"amount": Decimal(-1)}, "amount", "out_of_range"),
        ({"amount": Decimal("NaN")}, "amount", "out_of_range"),
        ({"amount": Decimal(10) ** 12}, "amount", "out_of_range"),
    ],
)
def test_impossible_values_are_refused_by_field(
    door: Door, litein: Any, fields: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(ApiError) as caught:
        door.make(litein, **fields)

    assert problem_of(caught)[:2] == (field, code)
    assert door.model.objects.count() == 0


# --- Second looks ------------------------------------------------------------------------------
def test_a_number_far_above_the_last_four_weeks_is_stored_and_said(door: Door, litein: Any) -> None:
    for day in range(1, 7):
        door.make(litein, timestamp=WHEN - DAY * day, amount=Decimal(20))

    usual = door.make(litein, timestamp=WHEN, amount=Decimal(60))
    odd = door.make(litein, timestamp=WHEN + DAY, amount=Decimal(240))

    assert "above_usual" not in codes(usual)
    # Of seven days the highest one is left out, so the usual maximum is 20 and the limit 3 x 20.
    params = {"amount": "240", "unit": door.unit, "limit": "60", "suggestion": f"24 {door.unit}"}
    assert odd.warnings[-1] == {"code": "above_usual", "params": params}


def test_a_second_entry_of_the_same_and_its_time_names_the_first(door: Door, litein: Any, user: Any) -> None:
    gone = door.make(litein, user=user)
    door.log.delete(user, gone.pk, "typo")
    first = door.make(litein, amount=Decimal(22))

    second = door.make(litein)
    other = door.make(litein, **door.other)

    assert second.warnings[-1] == {"code": "overlaps", "params": {"amount": "22", "unit": door.unit, "entry": first.pk}}
    assert "overlaps" not in codes(other)


# --- Double taps -------------------------------------------------------------------------------
def test_the_same_tap_again_answers_the_same_row(door: Door, litein: Any, user: Any) -> None:
    key = uuid.uuid4()
    taps = [
        door.log.record(
            user,
            litein,
            door.input_class(**door.of, amount=Decimal(amount), unit=door.unit, timestamp=WHEN),
            client_id=key,
        )
        for amount in ("24.0", "24.00")
    ]

    assert taps[0].entry == taps[1].entry
    assert [tap.is_replay for tap in taps] == [False, True]
    assert door.model.objects.count() == 1


def test_the_same_key_with_another_body_is_a_conflict(door: Door, litein: Any, user: Any) -> None:
    key = uuid.uuid4()
    door.make(litein, user=user, client_id=key)

    with pytest.raises(ApiError) as caught:
        door.make(litein, user=user, client_id=key, amount=Decimal(25))

    assert (caught.value.status_code, caught.value.code) == (409, "key_conflict")


def test_keys_of_two_people_have_nothing_to_do_with_each_other(door: Door, litein: Any, user: Any) -> None:
    key = uuid.uuid4()
    door.make(litein, user=user, client_id=key)
    door.make(litein, user=make_user(password=None), client_id=key, amount=Decimal(25))

    assert door.model.objects.count() == 2


def test_a_tap_that_comes_again_after_undo_brings_nothing_back(door: Door, litein: Any, user: Any) -> None:
    key = uuid.uuid4()
    entry = door.make(litein, user=user, client_id=key)
    door.log.undo(user, entry.pk)

    again = door.make(litein, user=user, client_id=key)

    assert (again.pk, again.deleted_at) == (entry.pk, NOW)


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_the_same_moment_are_one_row(door: Door) -> None:
    factory, user, key = make_factory(), make_user(password=None), uuid.uuid4()
    data = door.input_class(**door.of, amount=Decimal(24), unit=door.unit, timestamp=WHEN)

    found = at_once(8, lambda _n: door.log.record(user, factory, data, client_id=key).entry.pk)

    assert set(found) == {door.model.objects.get().pk}


# --- Correct, delete, undo ---------------------------------------------------------------------
def test_the_history_keeps_what_a_corrected_entry_was(door: Door, litein: Any, user: Any) -> None:
    entry = door.make(litein, user=user, amount=Decimal(24))

    corrected = door.log.correct(user, entry.pk, {"amount": Decimal(22)}, "counted  again")

    assert (corrected.amount, corrected.last_act, corrected.changed_by) == (22, Act.CORRECTED, user)
    history = list(door.log.history(entry).values_list("pgh_label", "last_act", "change_reason"))
    assert history == [("insert", "recorded", ""), ("update", "corrected", "counted again")]


def test_a_corrected_time_moves_the_entry_to_that_factory_day(door: Door, litein: Any, user: Any) -> None:
    entry = door.make(litein, user=user)

    moved = door.log.correct(user, entry.pk, {"timestamp": WHEN - DAY}, "wrong day")

    assert moved.period_start == datetime(2026, 11, 19, 3, tzinfo=UTC)


def test_a_note_warns_of_nothing_again(door: Door, litein: Any, user: Any) -> None:
    entry = door.make(litein, user=user)
    door.make(litein, amount=Decimal(1))

    changed = door.log.correct(user, entry.pk, {"note": "wet"}, "added a note")

    assert (changed.note, changed.warnings) == ("wet", entry.warnings)


def test_deleted_stays_as_a_row_with_its_reason(door: Door, litein: Any, user: Any) -> None:
    entry = door.make(litein, user=user)

    door.log.delete(user, entry.pk, "logged twice")

    entry.refresh_from_db()
    assert (entry.deleted_at, entry.last_act, entry.change_reason) == (NOW, Act.DELETED, "logged twice")
    for act in (door.log.delete, lambda u, pk, r: door.log.correct(u, pk, {"note": "x"}, r)):
        with pytest.raises(ApiError) as caught:
            act(user, entry.pk, "again")
        assert (caught.value.status_code, caught.value.code) == (409, "entry_deleted")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_no_change_without_a_reason_of_some_length(door: Door, litein: Any, user: Any, reason: str) -> None:
    entry = door.make(litein, user=user)

    for act in (door.log.delete, lambda u, pk, r: door.log.correct(u, pk, {"note": "x"}, r)):
        with pytest.raises(ApiError) as caught:
            act(user, entry.pk, reason)
        assert problem_of(caught)[0] == "reason"


def test_undo_takes_a_new_entry_away_and_twice_is_once(door: Door, litein: Any, user: Any) -> None:
    entry = door.make(litein, user=user)

    door.log.undo(user, entry.pk)
    again = door.log.undo(user, entry.pk)

    assert (again.deleted_at, again.last_act) == (NOW, Act.UNDONE)


def test_undo_brings_back_what_was_corrected_or_deleted(door: Door, litein: Any, user: Any) -> None:
    entry = door.make(litein, user=user)
    door.log.correct(user, entry.pk, {"amount": Decimal(2)}, "typo")
    corrected = door.log.undo(user, entry.pk)
    door.log.delete(user, entry.pk, "oops")
    deleted = door.log.undo(user, entry.pk)

    assert (corrected.amount, deleted.amount, deleted.deleted_at) == (entry.amount, entry.amount, None)
    assert entry.events.count() == 5


def test_undo_is_for_ten_minutes_and_for_the_same_person(
    door: Door, litein: Any, user: Any, clock: SimpleNamespace
) -> None:
    entry = door.make(litein, user=user)

    with pytest.raises(ApiError) as by_other:
        door.log.undo(make_user(password=None), entry.pk)
    clock.now = NOW + timedelta(minutes=10, seconds=1)
    with pytest.raises(ApiError) as too_late:
        door.log.undo(user, entry.pk)

    assert by_other.value.code == too_late.value.code == "undo_expired"
    assert not door.model.objects.filter(deleted_at__isnull=False).exists()


# --- The database ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"origin": "guess"}, "known_origin"),
        ({"last_act": "burnt"}, "known_act"),
        ({"period_end": datetime(2000, 1, 1, tzinfo=UTC)}, "period_forward"),
        ({"last_act": "corrected"}, "change_has_a_reason"),
        ({"last_act": "deleted", "change_reason": "x"}, "deleted_has_a_time"),
    ],
)
def test_the_database_refuses_what_no_service_would_write(
    door: Door, litein: Any, fields: dict[str, Any], constraint: str
) -> None:
    entry = door.make(litein)

    with pytest.raises(IntegrityError, match=f"{door.name}_{constraint}"), transaction.atomic():
        door.model.objects.filter(pk=entry.pk).update(**fields)
