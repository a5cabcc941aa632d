"""The store on a real PostgreSQL: once is once, in whatever order, from whatever thread."""

import json
import random
import re
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.db import DataError, OperationalError, connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emissions.models import STREAM_OFFSET, DeviceStream, Emission, TouchedMinute
from lib.sql import load
from mqtt_ingest import store as store_module
from mqtt_ingest.choices import Reason
from mqtt_ingest.messages import FLOAT4_LIMIT, Reading
from mqtt_ingest.models import IngestCounter, RejectedMessage
from mqtt_ingest.queries import counters
from mqtt_ingest.staging import SMALLEST_FLOAT4
from mqtt_ingest.store import store
from tests.make import make_device
from tests.measuring import at_once
from tests.mqtt_ingest.build import STREAM, adds_up, arrival, message, now_ms, reading

pytestmark = pytest.mark.django_db


def stream_text(device: object, stream: int = STREAM) -> str:
    return DeviceStream.objects.get(device=device, stream=stream - STREAM_OFFSET).received


def test_a_reading_is_stored_with_all_its_values() -> None:
    device = make_device()
    t_ms = now_ms() - 1234
    values = {
        "dp_pa": 12.25,
        "cell_temperature_c": 31.5,
        "cell_pressure_pa": 79510.5,
        "humidity_pct": 41.5,
        "o2_pct": 9.75,
        "ch4_ppm": 12.0,
        "flags": 136,
    }

    stored = store([arrival(device, message(reading(9, t_ms, **values), interval_s=2.5))])

    row = Emission.objects.get(device=device)
    assert (stored.tally.stored, stored.tally.duplicate) == (1, 0)
    assert row.timestamp == datetime.fromtimestamp(t_ms / 1000, UTC)
    assert (row.stream + STREAM_OFFSET, row.seq, row.interval_s) == (STREAM, 9, 2.5)
    assert {name: getattr(row, name) for name in values} == values
    # float4 holds seven digits
    assert (row.co2_ppm, row.temperature_c) == (93250.0, 181.5)
    assert row.velocity_ms == pytest.approx(3.21, rel=1e-7)
    assert (row.span_s, row.n, row.seq_from) == (None, None, None)
    assert timezone.now() - row.received_at < timedelta(seconds=30)


def test_a_null_value_is_stored_as_null() -> None:
    device = make_device()

    store([arrival(device, message(reading(1, co2_ppm=None, flags=1)))])

    assert Emission.objects.get().co2_ppm is None


def test_a_mean_covers_the_readings_it_was_made_of() -> None:
    device = make_device()
    t_ms = now_ms() // 60_000 * 60_000 - 60_000 + 1_000
    mean = reading(22, t_ms, span_s=60, n=12, seq_from=11)

    store([arrival(device, message(mean))])
    again = store([arrival(device, message(reading(15, t_ms - 35_000)))])

    assert stream_text(device) == "{[11,23)}"
    assert again.tally.duplicate == 1
    first, second = TouchedMinute.objects.order_by("period_start")
    assert second.period_start - first.period_start == timedelta(minutes=1)


def test_redelivered_five_times_in_any_order_is_stored_once() -> None:
    device = make_device()
    messages = [message(*(reading(seq) for seq in range(first, first + 5))) for first in range(1, 100, 5)]
    deliveries = messages * 5
    random.Random(4).shuffle(deliveries)

    for batch in _chunks(deliveries, 7):
        store([arrival(device, payload) for payload in batch])

    assert Emission.objects.count() == 100
    assert stream_text(device) == "{[1,101)}"
    found = counters()
    assert (found.received, found.stored, found.duplicate) == (500, 100, 400)


def _chunks(items: list[bytes], size: int) -> list[list[bytes]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def test_gaps_in_a_stream_stay_visible() -> None:
    device = make_device()

    store([arrival(device, message(reading(1), reading(2), reading(5)))])
    store([arrival(device, message(reading(9)))])

    assert stream_text(device) == "{[1,3),[5,6),[9,10)}"


def test_the_same_seq_of_another_boot_or_device_is_another_reading() -> None:
    one, two = make_device(), make_device()

    stored = store(
        [
            arrival(one, message(reading(1), stream=0)),
            arrival(one, message(reading(1), stream=2**32 - 1)),
            arrival(two, message(reading(1), stream=0)),
        ]
    )

    assert stored.tally.stored == 3


def test_the_largest_seq_does_not_overflow() -> None:
    device = make_device()

    store([arrival(device, message(reading(2**31 - 1)))])

    assert stream_text(device) == "{[2147483647,2147483648)}"


def test_two_seqs_at_one_time_are_both_stored() -> None:
    device = make_device()
    t_ms = now_ms()

    assert store([arrival(device, message(reading(1, t_ms), reading(2, t_ms)))]).tally.stored == 2


def test_a_lost_stream_record_does_not_store_twice() -> None:
    device = make_device()
    payload = message(reading(1, now_ms()))
    store([arrival(device, payload)])
    DeviceStream.objects.all().delete()

    stored = store([arrival(device, payload)])

    assert (stored.tally.stored, stored.tally.duplicate) == (0, 1)
    assert stream_text(device) == "{[1,2)}"


def test_what_a_lost_stream_record_forgot_is_put_right_beside_new_readings() -> None:
    device = make_device()
    t_ms = now_ms()
    store([arrival(device, message(reading(1, t_ms), reading(2, t_ms)))])
    DeviceStream.objects.all().delete()

    stored = store([arrival(device, message(reading(2, t_ms), reading(3, t_ms), reading(4, t_ms)))])

    assert (stored.tally.stored, stored.tally.duplicate) == (2, 1)
    assert stream_text(device) == "{[2,5)}"
    assert Emission.objects.count() == 4
    assert adds_up()


def test_columns_are_copied_in_the_order_of_a_readings_fields() -> None:
    names = re.findall(r"\w+", load("mqtt_ingest", "copy_staging").partition("(")[2].partition(")")[0])

    fields = ["t_ms" if name == "t" else name for name in Reading.__struct_fields__]
    assert names == ["position", "device_id", "stream", "interval_s", *fields]


@given(
    values=st.lists(
        st.one_of(st.none(), st.floats(-FLOAT4_LIMIT, FLOAT4_LIMIT, allow_nan=False)), min_size=7, max_size=7
    )
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_number_is_stored_as_the_nearest_float4(values: list[Any]) -> None:
    names = ("pressure_pa", "dp_pa", "cell_temperature_c", "cell_pressure_pa", "humidity_pct", "o2_pct", "ch4_ppm")
    device = make_device()

    given_values: dict[str, Any] = dict(zip(names, values, strict=True))
    store([arrival(device, message(reading(1, **given_values)))])

    row = Emission.objects.get(device=device)
    assert [float4(getattr(row, name)) for name in names] == [float4(value) for value in values]


def float4(value: float | None) -> float | None:
    if value is None:
        return None
    return 0.0 if abs(value) < SMALLEST_FLOAT4 else float(struct.unpack("f", struct.pack("f", value))[0])


def test_touched_minutes_are_those_of_new_readings_only() -> None:
    device = make_device()
    minute_ms = now_ms() // 60_000 * 60_000 - 600_000
    payload = message(reading(1, minute_ms), reading(2, minute_ms + 59_999), reading(3, minute_ms + 60_000))
    store([arrival(device, payload)])
    assert TouchedMinute.objects.count() == 2

    store([arrival(device, payload)])

    assert TouchedMinute.objects.count() == 2


def test_a_month_without_partition_gets_one_and_blocks_nobody() -> None:
    device = make_device()
    old_ms = now_ms() - 360 * 86_400_000

    stored = store([arrival(device, message(reading(1, old_ms), reading(2, now_ms())))])

    assert stored.tally.stored == 2


def test_a_tiny_number_becomes_zero() -> None:
    device = make_device()

    store([arrival(device, message(reading(1, co2_ppm=1e-50, temperature_c=-5e-324, velocity_ms=1e-5)))])

    row = Emission.objects.get()
    assert (row.co2_ppm, row.temperature_c) == (0.0, 0.0)
    assert row.velocity_ms == pytest.approx(1e-5, rel=1e-6)  # float4


def test_refused_readings_are_kept_with_reason_and_counted() -> None:
    device = make_device()
    payload = message(reading(1), reading(2, now_ms() + 600_000), reading(3, velocity_ms="fast"))

    stored = store([arrival(device, payload)])

    assert stored.tally.rejected == {Reason.FUTURE_TIME: 1, Reason.BAD_SCHEMA: 1}
    late, wrong = RejectedMessage.objects.order_by("reading_index")
    assert (late.reason, late.seq, late.stream, late.topic_device_id) == ("future_time", 2, STREAM, device.device_id)
    assert bytes(wrong.payload) == payload
    assert 'velocity_ms="fast"' in wrong.detail
    assert counters().rejected == {"future_time": 1, "bad_schema": 1}
    assert adds_up()


def test_of_a_large_refused_payload_four_kibibytes_are_kept() -> None:
    device = make_device()

    store([arrival(device, b"x" * 70_000)])

    kept = RejectedMessage.objects.get()
    assert (len(bytes(kept.payload)), kept.payload_bytes) == (4096, 70_000)
    assert "70000 bytes" in kept.detail


def test_a_flood_of_refused_readings_is_counted_in_full_and_kept_in_part() -> None:
    device = make_device()
    payload = message(*(reading(seq, co2_ppm="x") for seq in range(1, 301)))

    store([arrival(device, payload)])

    assert counters().rejected == {"bad_schema": 300}
    assert RejectedMessage.objects.count() == 5


def test_a_refusal_that_cannot_be_written_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    device = make_device()

    def fail(*args: object) -> None:
        raise DataError("no room")

    monkeypatch.setattr(store_module, "keep_rejected", fail)

    with pytest.raises(DataError, match="no room"):
        store([arrival(device, b"{")])


@pytest.mark.django_db(transaction=True)
def test_two_threads_racing_with_the_same_batch_store_it_once() -> None:
    devices = [make_device() for _ in range(5)]
    payloads = [message(*(reading(seq) for seq in range(first, first + 10))) for first in range(1, 200, 10)]

    def work(seed: int) -> None:
        order = [(device, payload) for device in devices for payload in payloads]
        random.Random(seed).shuffle(order)
        for at in range(0, len(order), 20):
            store([arrival(device, payload) for device, payload in order[at : at + 20]])

    at_once(3, work)

    found = counters()
    assert Emission.objects.count() == 5 * 200
    assert (found.received, found.stored, found.duplicate) == (3000, 1000, 2000)
    assert {stream_text(device) for device in devices} == {"{[1,201)}"}


@pytest.mark.django_db(transaction=True)
def test_a_connection_killed_in_the_middle_leaves_nothing_and_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = make_device()
    batch = [arrival(device, message(reading(1), reading(2)))]
    count = store_module.count

    def kill_ourselves(cursor: object, tally: object) -> None:
        with psycopg2.connect(**_parameters()) as other, other.cursor() as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        count(cursor, tally)  # type: ignore[arg-type]

    monkeypatch.setattr(store_module, "count", kill_ourselves)
    with pytest.raises(OperationalError):
        store(batch)
    monkeypatch.undo()
    connection.close()
    assert (Emission.objects.count(), DeviceStream.objects.count(), IngestCounter.objects.count()) == (0, 0, 0)

    assert store(batch).tally.stored == 2
    assert adds_up()


def _parameters() -> dict[str, object]:
    parameters = connection.get_connection_params()
    return {key: parameters[key] for key in ("dbname", "user", "password", "host", "port") if key in parameters}


@pytest.mark.django_db(transaction=True)
def test_live_pages_hear_of_new_recent_readings_when_they_are_committed() -> None:
    device = make_device()
    listener = psycopg2.connect(**_parameters())
    listener.autocommit = True
    listener.cursor().execute("LISTEN carbontrack_readings")
    young_ms = now_ms()
    payload = message(reading(1, young_ms - 3_600_000), *(reading(s, young_ms) for s in range(2, 402)))

    store([arrival(device, payload)])
    store([arrival(device, payload)])

    listener.poll()
    texts = [notification.payload for notification in listener.notifies]
    listener.close()
    told = [tuple(key) for text in texts for key in json.loads(text)]
    assert len(texts) > 1
    assert all(len(text.encode()) < 8000 for text in texts)
    assert told == [(device.pk, young_ms, STREAM - STREAM_OFFSET, seq) for seq in range(2, 402)]
