"""What ingest notes about its own outages, and what is known where the note is lost."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from mqtt_ingest.batch import Batch
from mqtt_ingest.liveness import SETTLED_AFTER, last_outage, note_storing, settled_at
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.rate_limit import TokenBuckets
from tests.make import make_device
from tests.mqtt_ingest.build import message, reading, received
from tests.mqtt_ingest.fakes import InMemoryReceiver
from tests.mqtt_ingest.outages import ingest_is_away

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def run_ingest(*topics_of: str) -> Pipeline:
    """A process that starts, stores a reading of each of these devices, and notes that it can store."""
    receiver = InMemoryReceiver()
    receiver.arrive(*(received(name, message(reading(1)), packet_id=n) for n, name in enumerate(topics_of, start=1)))
    pipeline = Pipeline(receiver, TokenBuckets(200, 5000), batch=Batch(age_limit_s=0))
    pipeline.stop()
    pipeline.run()
    return pipeline


def test_until_ingest_has_noted_anything_everybody_waits() -> None:
    assert settled_at() is None


def test_nobody_waits_after_the_first_start_of_all() -> None:
    now = timezone.now()
    silent = make_device(last_heartbeat=now - HOUR, reported_online=False)
    make_device(last_heartbeat=now - HOUR, reported_online=True, revoked_at=now)

    run_ingest(silent.device_id, make_device().device_id)

    settled = settled_at()
    assert settled is not None
    assert settled < now - timedelta(days=366)
    assert last_outage()[1] < now - timedelta(days=366)


def test_a_crash_of_the_database_that_empties_the_cache_is_an_outage() -> None:
    now = timezone.now()
    device = make_device(last_heartbeat=now - HOUR, reported_online=True)

    run_ingest(device.device_id)  # which moves the heartbeat before the first note

    assert settled_at() is None
    left_at, back_at = last_outage()
    assert left_at == now - HOUR
    assert back_at > now


def test_a_cache_that_is_lost_beside_a_running_ingest_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    note = note_storing()
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=50))
    note = note_storing(note)
    assert settled_at() is not None

    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: now + HOUR)
    note_storing(note)
    assert settled_at() is None
    for minutes in range(1, int(SETTLED_AFTER.total_seconds() / 60) + 1):
        monkeypatch.setattr(timezone, "now", lambda minutes=minutes: now + HOUR + timedelta(minutes=minutes))
        note_storing()
    assert settled_at() == now + HOUR + SETTLED_AFTER


def test_one_of_two_workers_is_enough() -> None:
    """The broker gives the share of one that is away to the other."""
    ingest_is_away(since=timezone.now() - timedelta(seconds=50))
    note_storing()

    assert settled_at() is not None
