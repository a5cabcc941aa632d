"""A batch that must be halved is finished part by part, and what is committed stays so through an outage."""

import threading

import pytest
from django.db import OperationalError

from emissions import partitions
from emissions.models import Emission
from lib import sql
from mqtt_ingest import retry
from mqtt_ingest import store as store_module
from mqtt_ingest.batch import Batch
from mqtt_ingest.choices import Reason
from mqtt_ingest.models import RejectedMessage
from mqtt_ingest.parts import Parts, split
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.queries import counters
from mqtt_ingest.rate_limit import TokenBuckets
from mqtt_ingest.retry import until_it_can_be_stored
from mqtt_ingest.store import store, store_parts
from tests.make import make_device
from tests.mqtt_ingest.build import adds_up, arrival, message, now_ms, reading, received
from tests.mqtt_ingest.fakes import InMemoryReceiver

pytestmark = pytest.mark.django_db

POISON = 13
_load = sql.load


@pytest.fixture
def _poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message that the parser lets through is poison today; this is what one would look like to PostgreSQL."""
    poisoned = {
        "insert_new_readings": ("%(stored_at)s, seq_from", f"%(stored_at)s, 1 / (seq - {POISON}) * 0 + seq_from"),
        "insert_device_messages": ("payload::jsonb", "replace(payload, 'poison', chr(1))::jsonb"),
    }

    def load(app: str, name: str) -> str:
        return _load(app, name).replace(*poisoned[name]) if name in poisoned else _load(app, name)

    monkeypatch.setattr(store_module.sql, "load", load)


@pytest.mark.usefixtures("_poison")
def test_a_poison_reading_is_found_and_refused_alone() -> None:
    device = make_device()
    arrivals = [arrival(device, message(*(reading(s) for s in range(f, f + 5)))) for f in range(1, 50, 5)]

    stored = store(arrivals)

    assert (stored.tally.stored, stored.tally.rejected) == (49, {Reason.BAD_SCHEMA: 1})
    assert sorted(Emission.objects.values_list("seq", flat=True)) == [s for s in range(1, 51) if s != POISON]
    refused = RejectedMessage.objects.get()
    assert (refused.seq, refused.reason) == (POISON, "bad_schema")
    assert "division by zero" in refused.detail
    assert counters().messages == {"readings": 10}
    assert adds_up()


@pytest.mark.usefixtures("_poison")
def test_a_status_that_the_database_cannot_take_is_refused_alone() -> None:
    device = make_device()
    status = {"v": 1, "online": True, "firmware": "poison"}

    stored = store([arrival(device, status, "status"), arrival(device, message(reading(1)))])

    assert stored.tally.stored == 1
    assert counters().rejected == {"bad_schema": 1}


@pytest.mark.usefixtures("_poison")
@pytest.mark.parametrize("failing_call", range(1, 12))
def test_an_outage_between_two_parts_counts_nothing_twice(failing_call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    device, receiver = make_device(), InMemoryReceiver()
    bad = reading(99, co2_ppm="x")
    receiver.arrive(
        *(
            received(device.device_id, message(*(reading(s) for s in range(f, f + 4)), bad), packet_id=f)
            for f in range(1, 17, 4)
        )
    )
    together, calls = store_module._store_together, []

    def fail_once(arrivals: list[object]) -> object:
        calls.append(len(arrivals))
        if len(calls) == failing_call:
            raise OperationalError("server closed the connection")
        return together(arrivals)  # type: ignore[arg-type]

    monkeypatch.setattr(store_module, "_store_together", fail_once)
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(retry.connection, "close", lambda: None)  # this test's transaction is on it
    pipeline = Pipeline(receiver, TokenBuckets(200, 5000), batch=Batch(age_limit_s=0))
    # Stopped as the queue runs empty, but not before: told to stop, it would wait for no database.
    monkeypatch.setattr(receiver, "acknowledge", lambda messages: (acknowledged.extend(messages), pipeline.stop()))
    acknowledged: list[object] = []

    pipeline.run()

    found = counters()
    assert (found.received, found.stored, found.duplicate) == (20, 15, 0)
    assert found.rejected == {"bad_schema": 5}
    assert found.messages == {"readings": 4}
    assert (pipeline.total.received, pipeline.total.stored) == (20, 15)
    assert len(acknowledged) == 4
    assert len(calls) > failing_call


def test_a_month_whose_partition_is_gone_is_an_outage_and_not_the_readings_fault() -> None:
    device = make_device()
    t_ms = now_ms() - 200 * 86_400_000
    store([arrival(device, message(reading(1, t_ms)))])
    month = partitions._month(Emission.objects.get().timestamp)
    _drop_partition(month)
    parts = Parts([arrival(device, message(reading(2, t_ms), reading(3, now_ms())))])
    partitions._known.add(month)

    with pytest.raises(OperationalError, match="no partition"):
        store_parts(parts)
    stored = until_it_can_be_stored(lambda: store_parts(parts), threading.Event())

    assert (stored.tally.stored, stored.tally.rejected) == (2, {})
    assert counters().received == 3
    partitions.forget_known_partitions()  # this test's transaction takes the table back


def _drop_partition(month: tuple[int, int]) -> None:
    with store_module.connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {partitions.partition_name(month)}")


def test_halving_keeps_every_reading_and_counts_each_message_once() -> None:
    device = make_device()
    whole = arrival(device, message(reading(1), reading(2, now_ms() + 600_000), reading(3)))

    halves = split([whole])

    assert halves is not None
    parts = [part for half in halves for part in half]
    assert [r.seq for part in parts for r in part.parsed.readings] == [1, 3]
    assert sum(len(part.parsed.rejections) for part in parts) == 1
    assert [part.counts_as_message for part in parts] == [True, False]
