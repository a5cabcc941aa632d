"""The line from receive to announce, without a broker: what is acknowledged, answered, counted."""

import json
import threading
from typing import Any

import pytest
from django.db import OperationalError

from emissions.models import Emission
from lib import disk
from mqtt_ingest import retry
from mqtt_ingest.batch import Batch
from mqtt_ingest.parts import Parts, Stored
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.queries import counters, is_alive, last_sign_of_life
from mqtt_ingest.rate_limit import TokenBuckets
from mqtt_ingest.store import store_parts
from tests.make import make_device
from tests.mqtt_ingest.build import message, reading, received
from tests.mqtt_ingest.fakes import InMemoryReceiver

pytestmark = pytest.mark.django_db


def run_over(receiver: InMemoryReceiver, **options: object) -> Pipeline:
    """Run the pipeline on what has arrived, then stop it as SIGTERM would."""
    pipeline = Pipeline(receiver, TokenBuckets(200, 5000), batch=Batch(age_limit_s=0), **options)  # type: ignore[arg-type]
    pipeline.stop()
    pipeline.run()
    return pipeline


def test_every_message_is_acknowledged_once_whatever_became_of_it() -> None:
    device, receiver = make_device(), InMemoryReceiver()
    payloads = [message(reading(1)), message(reading(1)), b"{", message(reading(2, co2_ppm="x"))]
    arrived = [received(device.device_id, payload, packet_id=n) for n, payload in enumerate(payloads, start=1)]
    arrived.append(received("nobody", message(reading(1)), packet_id=9))
    receiver.arrive(*arrived)

    pipeline = run_over(receiver)

    assert receiver.acknowledged == arrived
    found = counters()
    assert (found.received, found.stored, found.duplicate) == (5, 1, 1)
    assert found.rejected == {"not_json": 1, "bad_schema": 1, "unknown_device": 1}
    assert (pipeline.total.received, pipeline.total.stored) == (5, 1)


def test_stopped_it_stores_and_answers_what_it_has() -> None:
    device, receiver = make_device(), InMemoryReceiver()
    receiver.arrive(*(received(device.device_id, message(reading(seq))) for seq in (1, 2, 3)))

    run_over(receiver)

    assert not receiver.is_reading
    assert Emission.objects.count() == 3
    assert json.loads(receiver.published[-1][1])["ranges"] == [[1, 3]]


def test_nothing_is_acknowledged_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(retry.connection, "close", lambda: None)  # this test's transaction is on it
    device, receiver = make_device(), InMemoryReceiver()
    receiver.arrive(received(device.device_id, message(reading(1)), packet_id=1))
    acknowledged_meanwhile: list[int] = []
    pipeline: list[Pipeline] = []

    def fail_twice(parts: Parts) -> Stored:
        acknowledged_meanwhile.append(len(receiver.acknowledged) + len(receiver.published))
        if len(acknowledged_meanwhile) < 3:
            raise OperationalError("gone")
        pipeline[0].stop()
        return store_parts(parts)

    pipeline.append(Pipeline(receiver, TokenBuckets(200, 5000), batch=Batch(age_limit_s=0), store_batch=fail_twice))
    pipeline[0].run()

    assert acknowledged_meanwhile == [0, 0, 0]
    assert (len(receiver.acknowledged), len(receiver.published)) == (1, 1)


def test_stopped_without_a_database_it_leaves_the_messages_to_the_broker() -> None:
    device, receiver = make_device(), InMemoryReceiver()
    receiver.arrive(received(device.device_id, message(reading(1)), packet_id=1))

    def gone(parts: Parts) -> Stored:
        raise OperationalError("gone")

    retry.connection.ensure_connection()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retry.connection, "close", lambda: None)
        run_over(receiver, store_batch=gone)

    assert receiver.acknowledged == []
    assert receiver.published == []


def test_what_comes_too_fast_is_counted_and_neither_answered_nor_kept() -> None:
    device, receiver = make_device(), InMemoryReceiver()
    receiver.arrive(*(received(device.device_id, message(reading(seq))) for seq in range(1, 6)))
    pipeline = Pipeline(receiver, TokenBuckets(rate_per_s=0.001, burst=3), batch=Batch(age_limit_s=0))
    pipeline.stop()

    pipeline.run()

    assert counters().rejected == {"rate_limited": 2}
    answer = json.loads(receiver.published[-1][1])
    assert (answer["ranges"], answer["refused"]) == ([[1, 3]], [])


def test_below_the_floor_of_the_disk_nothing_is_stored_or_acknowledged_and_it_resumes_by_itself(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(retry.connection, "close", lambda: None)  # this test's transaction is on it
    settings.DISK_FLOOR_MB = 100
    # Above the floor; below it; above it but not by a tenth, twice; above by a tenth. Each low one is read twice.
    free_mb = iter([101, 99, 99, 101, 101, 109, 109, 111])
    monkeypatch.setattr(disk, "free_bytes", lambda: next(free_mb) * 1_000_000)
    device, receiver = make_device(), InMemoryReceiver()
    pipeline = Pipeline(receiver, TokenBuckets(200, 5000), batch=Batch(age_limit_s=0))
    stored_after: list[tuple[int, int, str]] = []

    def note(error: Exception) -> None:
        sign = last_sign_of_life()
        stored_after.append((Emission.objects.count(), len(receiver.acknowledged), sign.problem if sign else ""))
        assert not is_alive()

    patiently = pipeline._liveness.beat
    monkeypatch.setattr(pipeline._liveness, "beat", lambda why="": (patiently(why), why and note(Exception(why))))
    receiver.arrive(received(device.device_id, message(reading(1)), packet_id=1))
    pipeline._step()
    pipeline._step()
    receiver.arrive(received(device.device_id, message(reading(2)), packet_id=2))
    pipeline._step()
    pipeline._step()

    assert [found[:2] for found in stored_after] == [(1, 1)] * 3
    assert stored_after[0][2].startswith("99 MB are free on the data's disk")
    assert (Emission.objects.count(), len(receiver.acknowledged)) == (2, 2)
    found = counters()
    assert (found.received, found.stored, found.duplicate) == (2, 2, 0)


def test_a_running_pipeline_is_alive_and_a_disconnected_one_is_not() -> None:
    receiver = InMemoryReceiver()
    assert not is_alive()

    run_over(receiver)
    pipeline = Pipeline(receiver, TokenBuckets(200, 5000))
    pipeline._liveness.beat()
    assert is_alive()
    receiver.is_connected = False
    pipeline._liveness.beat()

    assert not is_alive()


def test_stop_may_be_called_from_another_thread() -> None:
    receiver = InMemoryReceiver()
    pipeline = Pipeline(receiver, TokenBuckets(200, 5000))
    threading.Timer(0.05, pipeline.stop).start()

    pipeline.run()

    assert not receiver.is_reading
