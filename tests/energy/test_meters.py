"""Meter readings: what was used between two of them is one entry, whatever is inserted, corrected, deleted, undone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.services import energy_log, set_local_unit
from factories.choices import SourceKind
from factories.models import EmissionSource
from lib.errors import ApiError
from logbook.choices import Act, Origin
from tests.cast import AsUser, Cast
from tests.logbook.doors import problem_of
from tests.make import make_bill, make_energy_entry, make_factory, make_user
from tests.measuring import at_once

pytestmark = pytest.mark.usefixtures("clock")

START = datetime(2025, 6, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def read(factory: Any, day: float, kwh: object, **fields: Any) -> EnergyEntry:
    fields = {"energy_type": "electricity", "unit": "kWh"} | fields
    return make_energy_entry(
        factory, kind=EntryKind.METER_READING, amount=Decimal(str(kwh)), timestamp=START + DAY * day, **fields
    )


def used(factory: Any) -> list[tuple[float, float, Decimal]]:
    """First day, last day and amount of each derived entry that counts."""
    rows = EnergyEntry.objects.filter(factory=factory, origin=Origin.METER, deleted_at=None)
    return [
        ((row.period_start - START) / DAY, (row.period_end - START) / DAY, row.amount)
        for row in rows.order_by("period_start")
    ]


# --- Two readings ------------------------------------------------------------------------------
def test_what_was_used_between_two_readings_is_one_valued_entry(litein: Any, user: Any) -> None:
    first = read(litein, 0, 48_210, user=user)
    last = read(litein, 30, 51_210, user=user)

    derived = EnergyEntry.objects.get(origin=Origin.METER)
    assert (derived.kind, derived.amount, derived.unit) == (EntryKind.USED, 3_000, "kWh")
    assert (derived.period_start, derived.period_end) == (first.timestamp, last.timestamp)
    assert (derived.meter_from, derived.meter_to, derived.recorded_by) == (first, last, user)
    # 3,000 kWh by Kenya's grid of 2025: 95.4 g a kWh.
    assert (derived.scope, derived.co2e_kg, derived.factor.value) == (2, Decimal("286.200000"), Decimal("0.0954"))
    assert (first.co2e_kg, last.co2e_kg) == (None, None)


def test_a_first_reading_alone_says_nothing_of_use(litein: Any) -> None:
    read(litein, 0, 48_210)

    assert used(litein) == []


def test_a_counter_that_stood_still_is_a_use_of_zero(litein: Any) -> None:
    read(litein, 0, 100)
    read(litein, 1, 100)

    assert used(litein) == [(0, 1, 0)]


def test_a_current_transformer_counts_through_a_local_unit(litein: Any) -> None:
    set_local_unit(litein, "electricity", "units x40", amount=Decimal(40), unit="kWh")
    read(litein, 0, 1_000, unit="units x40")
    read(litein, 1, 1_012.5, unit="Units  x40")

    derived = EnergyEntry.objects.get(origin=Origin.METER)
    assert (derived.amount, derived.factor_amount) == (Decimal("12.5"), 500)


def test_readings_in_two_units_of_energy_go_together_and_others_do_not(litein: Any) -> None:
    read(litein, 0, 48_210)
    read(litein, 1, "51.21", unit="MWh")
    with pytest.raises(ApiError) as caught:
        read(litein, 2, 99, unit="kg")

    assert used(litein) == [(0, 1, 3)]
    assert problem_of(caught)[:2] == ("unit", "unit_of_another_kind")


@pytest.mark.parametrize("other", ["energy_type", "source", "factory"])
def test_meters_of_another_type_source_or_factory_are_another_series(litein: Any, other: str) -> None:
    genset = EmissionSource.objects.create(factory=litein, name="Genset", kind=SourceKind.GENSET)
    place = {"source": {"source_id": genset.pk}, "energy_type": {"energy_type": "natural_gas", "unit": "Nm3"}}
    read(litein, 0, 100)
    read(make_factory() if other == "factory" else litein, 1, 50, **place.get(other, {}))
    read(litein, 2, 130)

    assert used(litein) == [(0, 2, 30)]


# --- A series that changes ---------------------------------------------------------------------
def test_a_reading_between_two_others_splits_what_was_used(litein: Any) -> None:
    read(litein, 0, 100)
    last = read(litein, 10, 200)
    whole = EnergyEntry.objects.get(origin=Origin.METER)

    read(litein, 4, 130)

    assert used(litein) == [(0, 4, 30), (4, 10, 70)]
    whole.refresh_from_db()
    assert (whole.meter_to, whole.last_act, whole.amount) == (last, Act.CORRECTED, 70)
    assert list(whole.events.order_by("pgh_id").values_list("amount", flat=True)) == [100, 70]


def test_uses_of_one_meter_never_overlap_and_a_bill_beside_them_does(litein: Any) -> None:
    read(litein, 0, 100)
    read(litein, 10, 200)
    read(litein, 4, 130)
    warnings = [row.warnings for row in EnergyEntry.objects.filter(origin=Origin.METER)]

    make_bill(litein, 24, START, START + DAY * 30)
    read(litein, 20, 250)

    last = EnergyEntry.objects.filter(origin=Origin.METER).order_by("period_start").last()
    assert warnings == [[], []]
    assert last is not None
    assert [notice["code"] for notice in last.warnings] == ["overlaps"]


def test_a_corrected_reading_changes_the_use_before_and_after_it(litein: Any, user: Any) -> None:
    read(litein, 0, 100)
    middle = read(litein, 4, 130)
    read(litein, 10, 200)

    energy_log.correct(user, middle.pk, {"amount": Decimal(150)}, "read again")
    by_amount = used(litein)
    energy_log.correct(user, middle.pk, {"timestamp": START + DAY * 5}, "it was the next morning")

    assert by_amount == [(0, 4, 50), (4, 10, 50)]
    assert used(litein) == [(0, 5, 50), (5, 10, 50)]


def test_a_note_on_a_reading_leaves_what_was_used_alone(litein: Any, user: Any) -> None:
    read(litein, 0, 100)
    last = read(litein, 4, 130)

    energy_log.correct(user, last.pk, {"note": "by torch"}, "added a note")

    assert EnergyEntry.objects.get(origin=Origin.METER).events.count() == 1


def test_a_deleted_reading_joins_its_neighbours_and_undo_parts_them_again(litein: Any, user: Any) -> None:
    read(litein, 0, 100)
    middle = read(litein, 4, 130)
    read(litein, 10, 200)

    energy_log.delete(user, middle.pk, "another meter's")
    joined = used(litein)
    energy_log.undo(user, middle.pk)

    assert joined == [(0, 10, 100)]
    assert used(litein) == [(0, 4, 30), (4, 10, 70)]
    assert EnergyEntry.objects.filter(origin=Origin.METER).count() == 2  # the same two rows, not new ones


def test_a_reading_that_was_a_bill_leaves_the_series(litein: Any, user: Any) -> None:
    read(litein, 0, 100)
    last = read(litein, 4, 130)

    energy_log.correct(user, last.pk, {"kind": EntryKind.RECEIVED}, "was on the bill")

    assert used(litein) == []


def test_readings_may_swap_places_in_one_correction(litein: Any, user: Any) -> None:
    for day, kwh in ((0, 0), (1, 10), (2, 20), (4, 40), (5, 50)):
        read(litein, day, kwh)
    second = EnergyEntry.objects.get(amount=10, kind=EntryKind.METER_READING)

    energy_log.correct(user, second.pk, {"timestamp": START + DAY * 4.5, "amount": Decimal(45)}, "wrong date")

    assert used(litein) == [(0, 2, 20), (2, 4, 20), (4, 4.5, 5), (4.5, 5, 5)]


MOVES = st.lists(
    st.tuples(st.sampled_from(["read", "correct", "delete", "undo"]), st.integers(0, 5), st.integers(0, 40)),
    max_size=14,
)


@given(moves=MOVES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # rolled back each time
def test_whatever_is_done_each_pair_of_neighbours_has_one_use(litein: Any, user: Any, moves: Any) -> None:
    with transaction.atomic():
        ids: list[int] = []
        refused: set[str] = set()
        for act, which, hours in moves:
            moment = {"timestamp": START + timedelta(hours=hours), "amount": Decimal(hours * 3)}
            try:
                with transaction.atomic():
                    if act == "read" or not ids:
                        ids.append(read(litein, hours / 24, hours * 3, user=user).pk)
                    elif act == "correct":
                        energy_log.correct(user, ids[which % len(ids)], moment, "moved")
                    elif act == "delete":
                        energy_log.delete(user, ids[which % len(ids)], "gone")
                    else:
                        energy_log.undo(user, ids[which % len(ids)])
            except ApiError as error:
                refused.add(error.code if error.status_code == 409 else next(iter(error.fields)))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what the end of the transaction would check
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

        assert refused <= {"entry_deleted", "timestamp"}  # two at one moment
        alive = EnergyEntry.objects.filter(kind=EntryKind.METER_READING, deleted_at=None)
        ordered = list(alive.order_by("timestamp").values_list("timestamp", "amount"))
        pairs = [((a - START) / DAY, (b - START) / DAY, y - x) for (a, x), (b, y) in pairwise(ordered)]
        assert used(litein) == pairs
        transaction.set_rollback(True)


# --- What is not guessed -----------------------------------------------------------------------
def test_a_counter_that_went_back_names_both_values_and_what_to_do(litein: Any) -> None:
    first = read(litein, 0, 48_210)
    with pytest.raises(ApiError) as caught:
        read(litein, 1, 120)

    field, code, message = problem_of(caught)
    assert (field, code) == ("amount", "counter_went_back")
    for part in ("120 kWh", "48210 kWh", f"entry {first.pk})", "meter_restarted=true", "2025-06-02T08:00+03:00"):
        assert part in message
    assert EnergyEntry.objects.count() == 1


def test_a_new_meter_starts_a_series_of_its_own(litein: Any, user: Any) -> None:
    read(litein, 0, 48_210)
    read(litein, 10, 48_300)
    fresh = read(litein, 10.01, 7, meter_restarted=True)
    read(litein, 20, 107)

    assert used(litein) == [(0, 10, 90), (10.01, 20, 100)]
    with pytest.raises(ApiError) as caught:
        energy_log.delete(user, fresh.pk, "not needed")
    assert problem_of(caught)[1] == "counter_went_back"
    assert used(litein) == [(0, 10, 90), (10.01, 20, 100)]


def test_a_reading_can_be_said_to_be_the_first_of_a_new_meter_later(litein: Any, user: Any) -> None:
    read(litein, 0, 100)
    last = read(litein, 10, 500)

    energy_log.correct(user, last.pk, {"meter_restarted": True}, "it was the new meter")
    restarted = used(litein)
    energy_log.undo(user, last.pk)

    assert (restarted, used(litein)) == ([], [(0, 10, 400)])


@pytest.mark.parametrize(
    ("day", "kwh", "fields", "field", "code"),
    [
        (4, 150, {}, "timestamp", "reading_twice"),
        (4, 150, {"meter_restarted": True}, "timestamp", "reading_twice"),
        (405, 150, {}, "timestamp", "readings_too_far_apart"),
        (2, 131, {}, "amount", "counter_went_back"),
    ],
)
def test_readings_that_do_not_fit_are_refused_by_name(
    litein: Any, day: float, kwh: int, fields: dict[str, Any], field: str, code: str
) -> None:
    read(litein, 0, 100)
    read(litein, 4, 130)

    with pytest.raises(ApiError) as caught:
        read(litein, day, kwh, **fields)

    assert problem_of(caught)[:2] == (field, code)
    assert used(litein) == [(0, 4, 30)]


def test_only_a_reading_can_restart_a_meter(litein: Any) -> None:
    with pytest.raises(ApiError) as caught:
        make_energy_entry(litein, meter_restarted=True)

    assert problem_of(caught)[:2] == ("meter_restarted", "of_a_reading")


# --- By hand -----------------------------------------------------------------------------------
def test_nobody_changes_a_derived_entry_by_hand(litein: Any, user: Any) -> None:
    read(litein, 0, 100, user=user)
    read(litein, 4, 130, user=user)
    derived = EnergyEntry.objects.get(origin=Origin.METER)

    for act in (
        lambda: energy_log.correct(user, derived.pk, {"amount": Decimal(1)}, "wish"),
        lambda: energy_log.delete(user, derived.pk, "wish"),
        lambda: energy_log.undo(user, derived.pk),
    ):
        with pytest.raises(ApiError) as caught:
            act()
        assert (caught.value.status_code, caught.value.code) == (409, "derived_entry")
        assert f"{derived.meter_from_id} and {derived.meter_to_id}" in caught.value.message


def test_the_api_links_a_reading_and_what_was_used(cast: Cast, as_user: AsUser) -> None:
    manager, url = as_user(cast.litein_manager), "/api/energy-entries/"
    body = {"factory": cast.litein.pk, "kind": "meter_reading", "energy_type": "electricity", "unit": "kWh"}
    first, last = (
        manager.post(url, body | {"timestamp": when, "amount": kwh}, content_type="application/json").json()
        for when, kwh in (("2026-11-01T08:00:00+03:00", "48210"), ("2026-11-20T08:00:00+03:00", "51210"))
    )

    row = manager.get(f"{url}{last['id']}/").json()
    derived = manager.get(f"{url}{row['consumption']}/").json()

    assert (first["consumption"], row["meter_restarted"], row["co2e_kg"]) == (None, False, None)
    assert (derived["meter_from"], derived["meter_to"]) == (first["id"], last["id"])
    assert (derived["origin"], derived["amount"], derived["kind"]) == ("meter", "3000", "used")
    refused = manager.patch(
        f"{url}{derived['id']}/", {"amount": "1", "reason": "wish"}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "derived_entry")


# --- The database ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"meter_from": None}, "entry_of_a_meter_names_two_readings"),
        ({"origin": Origin.ENTRY}, "entry_of_a_meter_names_two_readings"),
        ({"meter_restarted": True}, "entry_restart_is_of_a_reading"),
    ],
)
def test_the_database_refuses_half_a_pair(litein: Any, fields: dict[str, Any], constraint: str) -> None:
    read(litein, 0, 100)
    read(litein, 4, 130)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        EnergyEntry.objects.filter(origin=Origin.METER).update(**fields)


@pytest.mark.django_db(transaction=True)
def test_readings_that_come_at_the_same_moment_still_make_a_chain() -> None:
    factory, user = make_factory(), make_user(password=None)

    def tap(day: int) -> None:
        entry = read(factory, day, day * 10, user=user)
        energy_log.correct(user, entry.pk, {"amount": Decimal(day * 10 + 1)}, "one more")

    at_once(6, tap)

    assert used(factory) == [(day, day + 1, 10) for day in range(5)]


# --- A register that passes its end ------------------------------------------------------------
def test_a_register_counts_through_its_end_when_its_digits_are_given(litein: Any) -> None:
    read(litein, 0, 99_100)
    read(litein, 28, 99_870)
    with pytest.raises(ApiError) as caught:
        read(litein, 59, 120)
    likely = caught.value.fields["amount"][0]["params"]["register_digits"]

    last = read(litein, 59, 120, register_digits=likely)
    read(litein, 90, 900)

    # 99,870 - 99,100; 100,000 - 99,870 + 120; 900 - 120
    assert (likely, used(litein)) == (5, [(0, 28, 770), (28, 59, 250), (59, 90, 780)])
    with pytest.raises(ApiError):  # 1,000,000 - 99,870 + 120 is more than half of a register
        energy_log.correct(None, last.pk, {"register_digits": 6}, "six digits")


@pytest.mark.parametrize(("amount", "digits"), [(99_000, 5), (120, 4)])
def test_digits_do_not_explain_a_wrong_reading(litein: Any, amount: int, digits: int) -> None:
    read(litein, 0, 99_100)

    with pytest.raises(ApiError) as caught:
        read(litein, 28, amount, register_digits=digits)

    assert problem_of(caught)[1] == "counter_went_back"


def test_digits_belong_to_a_reading(litein: Any) -> None:
    with pytest.raises(ApiError) as caught:
        make_energy_entry(litein, register_digits=5)

    assert problem_of(caught)[:2] == ("register_digits", "of_a_reading")
