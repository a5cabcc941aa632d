"""Late and out of order: through the real store and the real roll-up, up to 366 days late, and what it may touch."""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance import site_days
from compliance.models import SiteDay
from devices.models import MCUDevice
from emissions import partitions, rollups
from emissions.models import Emission, EmissionDay, EmissionHour, EmissionMinute
from emissions.partitions import existing_partitions, partition_name
from mqtt_ingest.choices import Reason
from mqtt_ingest.parts import Parts
from mqtt_ingest.retry import until_it_can_be_stored
from mqtt_ingest.store import store, store_parts
from tests import make
from tests.emissions.test_rollup_reach import figures, settle
from tests.measuring import at_once
from tests.mqtt_ingest.build import arrival, message, now_ms, reading

pytestmark = pytest.mark.django_db
MODELS = (EmissionMinute, EmissionHour, EmissionDay)
DAY_MS, HOUR_MS, MINUTE_MS = 86_400_000, 3_600_000, 60_000
MOST_LATE_MS = 366 * DAY_MS - MINUTE_MS  # a minute for the test itself

Row = dict[str, Any]
Key = tuple[str, datetime]


def lively(rng: random.Random, seq: int, t_ms: int) -> Row:
    values = {"co2_ppm": rng.uniform(60_000, 120_000), "temperature_c": rng.uniform(150, 230)}
    return reading(seq, t_ms, **values)


# --- Any order, any lateness, any number of times ------------------------------------------------
@st.composite
def bursts(draw: st.DrawFn) -> list[Row]:
    """Readings in runs, from now to 366 days back: live, means of a minute, faults; runs may overlap in time."""
    rng, now = random.Random(draw(st.integers(0, 2**32))), now_ms()
    found: list[Row] = []
    for _run in range(draw(st.integers(1, 4))):
        late_ms = draw(st.sampled_from([0, HOUR_MS, DAY_MS, 31 * DAY_MS, MOST_LATE_MS - 2 * HOUR_MS]))
        at = now - late_ms - draw(st.integers(0, HOUR_MS))
        kind = draw(st.sampled_from(["live", "live", "mean", "fault"]))
        for number in range(draw(st.integers(1, 30))):
            one = lively(rng, len(found) + 1, at - number * (MINUTE_MS if kind == "mean" else 5_000))
            if kind == "mean":
                one |= {"span_s": 60.0, "n": 1, "seq_from": one["seq"]}
            if kind == "fault":
                one |= {"co2_ppm": None, "flags": 1}
            found.append(one)
    return found


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=bursts(), rng=st.randoms(use_true_random=False))
def test_arrival_leaves_no_mark_on_any_roll_up(rows: list[Row], rng: random.Random) -> None:
    calm, wild = make.make_assignment().device, make.make_assignment().device
    in_order = sorted(rows, key=lambda row: row["seq"])

    store([arrival(calm, message(*in_order))])
    settle()
    deliveries = rows + rng.sample(rows, len(rows) // 3)  # a third of them twice
    rng.shuffle(deliveries)
    while deliveries:
        size = rng.randint(1, 12)
        store([arrival(wild, message(*deliveries[:size]))])
        del deliveries[:size]
        if rng.random() < 0.4:
            rollups.roll_up_touched()
    settle()

    assert Emission.objects.filter(device=wild).count() == len(rows)
    assert figures(wild) == figures(calm)


# --- Exactly what it touches ---------------------------------------------------------------------
def places(device: MCUDevice) -> dict[Key, tuple[str, str]]:
    """The place of each row in its table and the transaction that wrote it: a rewritten row has another place."""
    found: dict[Key, tuple[str, str]] = {}
    with connection.cursor() as cursor:
        for model in MODELS:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT period_start, ctid::text, xmin::text FROM {table} WHERE device_id = %s", [device.pk]
            )
            found |= {(model.__name__, start): (ctid, xmin) for start, ctid, xmin in cursor.fetchall()}
    return found


def values(device: MCUDevice) -> dict[Key, tuple[object, ...]]:
    return {
        (model.__name__, row.period_start): tuple(getattr(row, f.attname) for f in model._meta.concrete_fields)
        for model in MODELS
        for row in model.objects.filter(device=device)
    }


def changed(before: Mapping[Key, object], after: Mapping[Key, object]) -> set[Key]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def day_of_fire(device: MCUDevice, start: datetime, hours: int, *, left_out: Sequence[int] = ()) -> list[Row]:
    """5 s readings of some hours, stored and rolled up but for those left out, which are returned."""
    rng, begin_ms = random.Random(1), round(start.timestamp() * 1000)
    first_seq = 10_000 * Emission.objects.filter(device=device).count() + 1  # of no call before
    rows = [lively(rng, first_seq + number, begin_ms + 5_000 * number) for number in range(hours * 720)]
    kept = [row for number, row in enumerate(rows) if number not in left_out]
    messages = [message(*kept[first : first + 250]) for first in range(0, len(kept), 250)]
    assert store([arrival(device, payload) for payload in messages]).tally.stored == len(kept)
    settle()
    return [rows[number] for number in left_out]


def test_a_late_reading_changes_its_minute_the_one_before_their_hour_and_day_and_nothing_else() -> None:
    """On whole minutes: the segment that ends at the late reading belongs to the minute before."""
    assignment = make.make_assignment()
    device, other = assignment.device, make.make_assignment().device
    # In the morning of the site, so that the hours are of one day whenever this runs.
    start = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(days=40)
    late_at = 720 + 360  # half past the second hour
    (late,) = day_of_fire(device, start, 4, left_out=[late_at])
    day_of_fire(device, start + timedelta(days=2), 1)
    day_of_fire(other, start, 1)
    at = start + timedelta(hours=1, minutes=30)
    was, lay, lay_of_other = values(device), places(device), places(other)

    store([arrival(device, message(late))])
    settle()

    day_start = EmissionDay.objects.filter(device=device).order_by("period_start")[0].period_start
    assert changed(was, values(device)) == {
        ("EmissionMinute", at - timedelta(minutes=1)),
        ("EmissionMinute", at),
        ("EmissionHour", start + timedelta(hours=1)),
        ("EmissionDay", day_start),
    }
    made_again = changed(lay, places(device))
    flags_reach = {  # 128 readings on, whose flags are looked at again
        ("EmissionMinute", at + timedelta(minutes=minute)) for minute in range(-1, 12)
    }
    assert {key for key in made_again if key[0] == "EmissionMinute"} <= flags_reach
    assert {key for key in made_again if key[0] != "EmissionMinute"} <= {
        ("EmissionHour", start + timedelta(hours=1)),
        ("EmissionHour", start + timedelta(hours=2)),  # idleness is proved over the minutes before an hour
        ("EmissionDay", day_start),
    }
    assert places(other) == lay_of_other


def test_of_the_site_days_only_the_one_touched_is_made_again() -> None:
    device = make.make_assignment().device
    start = datetime.combine(
        timezone.localdate() - timedelta(days=10), time(device.factory.day_starts_at), device.factory.zone
    )
    (late,) = day_of_fire(device, start, 24, left_out=[300])  # whole: the sum of a day that lacks an hour is null
    for days in (1, 2):
        day_of_fire(device, start + timedelta(days=days), 1)

    def site_day_places() -> dict[Key, object]:
        site_days.refresh()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT starts_at, ctid::text FROM compliance_siteday WHERE factory_id = %s", [device.factory_id]
            )
            return {("SiteDay", starts_at): ctid for starts_at, ctid in cursor.fetchall()}

    lay, (first, *_rest) = site_day_places(), SiteDay.objects.filter(factory=device.factory).order_by("day")
    kg_before = first.stack_co2_kg

    store([arrival(device, message(late))])
    settle()

    assert changed(lay, site_day_places()) == {("SiteDay", first.starts_at)}
    first.refresh_from_db()
    assert kg_before is not None
    assert first.stack_co2_kg != kg_before
    assert len(lay) == 3


def test_a_reading_of_a_year_ago_opens_its_own_day_and_no_other() -> None:
    device = make.make_assignment().device
    recent = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    day_of_fire(device, recent, 1)
    lay, a_year_ago = places(device), now_ms() - MOST_LATE_MS

    tally = store([arrival(device, message(reading(9_001, a_year_ago), reading(9_002, a_year_ago + 5_000)))]).tally
    settle()

    added = changed(lay, places(device))
    assert tally.stored == 2
    assert {model for model, _start in added} == {"EmissionMinute", "EmissionHour", "EmissionDay"}
    assert all(abs(start.timestamp() * 1000 - a_year_ago) < 2 * DAY_MS for _model, start in added)
    assert sum(day.measured_ug for day in EmissionDay.objects.filter(device=device)) > 0


# --- Outside every partition ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("t_ms", "reason"),
    [
        (lambda: now_ms() - 366 * DAY_MS - MINUTE_MS, Reason.TOO_OLD),
        (lambda: now_ms() - 40 * 366 * DAY_MS, Reason.TOO_OLD),
        (lambda: 0, Reason.TOO_OLD),
        (lambda: now_ms() + 3 * MINUTE_MS, Reason.FUTURE_TIME),
        (lambda: now_ms() + 100 * 366 * DAY_MS, Reason.FUTURE_TIME),
    ],
)
def test_what_no_partition_is_made_for_is_refused_alone(t_ms: Callable[[], int], reason: Reason) -> None:
    device, other = make.make_device(), make.make_device()
    names = existing_partitions()
    payload = message(reading(1), reading(2, t_ms()), reading(3))

    found = store([arrival(device, payload), arrival(other, message(reading(1)))])

    assert (found.tally.stored, dict(found.tally.rejected)) == (3, {reason: 1})
    assert sorted(Emission.objects.filter(device=device).values_list("seq", flat=True)) == [1, 3]
    assert Emission.objects.filter(device=other).count() == 1
    assert existing_partitions() == names


# --- Partitions that are not there ---------------------------------------------------------------
def months_back(*counts: int) -> list[datetime]:
    first = datetime.now(UTC).replace(day=1, hour=12, minute=0, second=0, microsecond=0)
    found = []
    for count in counts:
        at = first
        for _month in range(count):
            at = (at - timedelta(days=2)).replace(day=1)
        found.append(at + timedelta(days=9))
    return found


def drop_months(*moments: datetime) -> None:
    with connection.cursor() as cursor:
        for moment in moments:
            cursor.execute(f"DROP TABLE {partition_name((moment.year, moment.month))}")


def late_batch(device: MCUDevice, moments: Sequence[datetime], first_seq: int) -> Parts:
    rows = [
        reading(first_seq + number, round(moment.timestamp() * 1000) + number) for number, moment in enumerate(moments)
    ]
    return Parts([arrival(device, message(*rows, reading(first_seq + len(rows))))])


@pytest.mark.django_db(transaction=True)
def test_a_month_dropped_under_the_worker_is_made_again_and_nothing_is_lost() -> None:
    """It believes that the partition is there: the first attempt fails as when the database is away, the next works."""
    device, moments = make.make_device(), months_back(9)
    partitions.ensure_partitions(moments[0], datetime.now(UTC))
    drop_months(*moments)
    parts = late_batch(device, moments, 1)

    with pytest.raises(OperationalError):
        store_parts(parts)
    stored = until_it_can_be_stored(lambda: store_parts(parts), threading.Event())

    assert stored.tally.stored == 2
    assert Emission.objects.filter(device=device).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_miss_the_same_months_at_once_make_them_and_store_everything() -> None:
    months = months_back(8, 7, 6)
    devices = [make.make_device() for _ in range(2)]
    partitions.ensure_partitions()
    drop_months(*months)
    partitions.forget_known_partitions()

    def work(number: int) -> None:
        order = months if number else months[::-1]
        for round_ in range(3):
            parts = late_batch(devices[number], order, 10 * round_ + 1)
            until_it_can_be_stored(partial(store_parts, parts), threading.Event())

    at_once(2, work)

    assert [Emission.objects.filter(device=device).count() for device in devices] == [12, 12]
