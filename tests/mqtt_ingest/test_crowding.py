"""The record of a stream stays small whatever a device leaves out, and a sound reading is not what it costs."""

import json

import pytest
from django.db import connection

from emissions.models import STREAM_OFFSET, DeviceStream, Emission
from mqtt_ingest import crowding
from mqtt_ingest.announce import Announcer
from mqtt_ingest.choices import Reason
from mqtt_ingest.models import RejectedMessage
from mqtt_ingest.queries import counters
from mqtt_ingest.store import store
from tests.make import make_device
from tests.mqtt_ingest.build import STREAM, arrival, message, now_ms, reading
from tests.mqtt_ingest.fakes import InMemoryReceiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def _limit_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five ranges, counted from the first on."""
    monkeypatch.setattr(crowding, "RANGES_LIMIT_COUNT", 5)
    monkeypatch.setattr(crowding, "SIZE_WORTH_COUNTING_BYTES", 0)


def ranges_of(device: object) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unnest(received)::text FROM emissions_devicestream WHERE device_id = %s ORDER BY 1",
            [device.pk],  # type: ignore[attr-defined]
        )
        return [text for (text,) in cursor.fetchall()]


def every_second(first: int, count: int) -> list[bytes]:
    """Messages of up to 200 readings, each two above the one before it."""
    seqs = list(range(first, first + 2 * count, 2))
    return [message(*(reading(seq) for seq in seqs[at : at + 200])) for at in range(0, len(seqs), 200)]


def test_every_second_reading_is_refused_beyond_5000_ranges() -> None:
    device = make_device()

    for payload in every_second(1, 5_200):
        store([arrival(device, payload)])

    assert len(ranges_of(device)) == 5_000
    found = counters()
    assert (found.received, found.stored, found.rejected) == (5_200, 5_000, {"rate_limited": 200})
    assert not RejectedMessage.objects.exists()


def test_one_large_batch_does_not_pass_the_limit_either() -> None:
    device = make_device()

    stored = store([arrival(device, payload) for payload in every_second(1, 5_100)])

    assert (stored.tally.stored, stored.tally.rejected) == (5_000, {Reason.RATE_LIMITED: 100})
    assert len(ranges_of(device)) == 5_000


@pytest.mark.usefixtures("_limit_of_five")
def test_a_reading_that_fills_a_gap_or_continues_is_taken_and_a_distant_one_is_refused() -> None:
    device = make_device()
    for payload in every_second(10, 5):  # 10, 12, 14, 16, 18
        store([arrival(device, payload)])

    stored = store([arrival(device, message(*(reading(s, now_ms()) for s in (1, 11, 19, 20, 30, 31))))])

    assert ranges_of(device) == ["[10,13)", "[14,15)", "[16,17)", "[18,21)"]
    assert (stored.tally.stored, stored.tally.rejected) == (3, {Reason.RATE_LIMITED: 3})
    (ended,) = stored.arrivals
    assert [r.seq for r in ended.parsed.readings] == [11, 19, 20]
    assert {(r.seq, r.stream) for r in ended.parsed.rejections} == {(1, STREAM), (30, STREAM), (31, STREAM)}
    assert "limit" in ended.parsed.rejections[0].detail


@pytest.mark.usefixtures("_limit_of_five")
def test_with_room_for_some_the_lowest_are_taken() -> None:
    device = make_device()
    store([arrival(device, message(*(reading(s, now_ms()) for s in (100, 200, 300))))])

    store([arrival(device, message(*(reading(s, now_ms()) for s in (90, 50, 70, 60))))])

    assert ranges_of(device) == ["[100,101)", "[200,201)", "[300,301)", "[50,51)", "[60,61)"]


@pytest.mark.usefixtures("_limit_of_five")
def test_a_refused_reading_that_is_in_a_batch_twice_is_refused_twice_and_never_answered_as_stored() -> None:
    device, receiver = make_device(), InMemoryReceiver()
    store([arrival(device, payload) for payload in every_second(10, 5)])
    again = message(reading(99), reading(12))

    stored = store([arrival(device, again), arrival(device, again)])
    Announcer(receiver).announce(stored.arrivals)

    tally = stored.tally
    assert (tally.stored, tally.duplicate, tally.rejected) == (0, 2, {Reason.RATE_LIMITED: 2})
    ((_, payload),) = receiver.published
    answer = json.loads(payload)
    assert (answer["ranges"], answer["refused"]) == ([[12, 12]], [[99, 99, "rate_limited"]])


@pytest.mark.usefixtures("_limit_of_five")
def test_a_mean_that_touches_nothing_is_refused_whole() -> None:
    device = make_device()
    store([arrival(device, payload) for payload in every_second(10, 5)])
    apart = reading(60, now_ms(), span_s=60, n=12, seq_from=49)
    touching = reading(30, now_ms(), span_s=60, n=12, seq_from=19)

    stored = store([arrival(device, message(apart, touching))])

    assert stored.tally.stored == 1
    ((rejection),) = stored.arrivals[0].parsed.rejections
    assert (rejection.seq_from, rejection.seq) == (49, 60)


@pytest.mark.usefixtures("_limit_of_five")
def test_another_stream_or_device_does_not_pay_for_it() -> None:
    device, other = make_device(), make_device()
    store([arrival(device, payload) for payload in every_second(10, 5)])

    stored = store(
        [
            arrival(device, message(reading(50, now_ms()))),
            arrival(device, message(reading(50, now_ms()), stream=8)),
            arrival(other, message(reading(50, now_ms()))),
        ]
    )

    assert (stored.tally.stored, stored.tally.rejected) == (2, {Reason.RATE_LIMITED: 1})
    assert not Emission.objects.filter(device=device, stream=STREAM - STREAM_OFFSET, seq=50).exists()


def test_small_records_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    device = make_device()
    seen: list[str] = []
    load = crowding.sql.load
    monkeypatch.setattr(crowding.sql, "load", lambda app, name: seen.append(name) or load(app, name))

    for payload in every_second(1, 100):
        store([arrival(device, payload)])

    assert "insert_new_readings" in seen
    assert "delete_crowding" not in seen


def test_a_record_is_worth_counting_long_before_it_is_full() -> None:
    device = make_device()
    ranges = crowding.RANGES_LIMIT_COUNT - crowding.STREAM_WORTH_COUNTING_COUNT
    # The steps that compress best: bounds that differ in one byte each.
    for step in (2, 2**8, 2**16, 2**20):
        DeviceStream.objects.all().delete()
        store([arrival(device, message(reading(1, now_ms())))])
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE emissions_devicestream SET received = (SELECT range_agg(int8range(i * %s, i * %s + 1))"
                " FROM generate_series(1::bigint, %s) AS i) RETURNING pg_column_size(received)",
                [step, step, ranges],
            )
            cursor.execute("SELECT pg_column_size(received) FROM emissions_devicestream")
            (size_bytes,) = cursor.fetchone()

        assert size_bytes >= crowding.SIZE_WORTH_COUNTING_BYTES
