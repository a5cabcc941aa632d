"""The gauges of one ingest process: what waits, how old it is, how far behind the stored readings are."""

import math
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from devices.services import ProvisionedDevice
from emissions.models import Emission
from lib.broker_address import BrokerAddress
from mqtt_ingest.batch import Batch
from mqtt_ingest.metrics import make_registry
from mqtt_ingest.paho_receiver import PahoReceiver
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.rate_limit import TokenBuckets
from mqtt_ingest.receive import Received
from tests.make import make_device
from tests.mosquitto import Mosquitto, publish
from tests.mqtt_ingest.build import message, now_ms, reading, received
from tests.mqtt_ingest.fakes import InMemoryReceiver
from tests.mqtt_ingest.test_paho_receiver import wait_until


def value(registry: CollectorRegistry, name: str) -> float:
    found = registry.get_sample_value(f"carbontrack_ingest_{name}")
    assert found is not None
    return found


def pipeline_on(receiver: InMemoryReceiver | PahoReceiver) -> Pipeline:
    return Pipeline(receiver, TokenBuckets(200, 5000), batch=Batch(age_limit_s=0))


def test_queue_depth_capacity_and_age_are_gauges() -> None:
    receiver = InMemoryReceiver()
    registry = make_registry(receiver, pipeline_on(receiver))
    assert value(registry, "oldest_waiting_seconds") == 0
    assert value(registry, "oldest_unacknowledged_seconds") == 0

    receiver.arrive(Received("t", b"", now_ms() - 60_000), Received("t", b"", now_ms()))

    assert value(registry, "queue_depth") == 2
    assert value(registry, "queue_capacity") == 1_000
    assert 60 <= value(registry, "oldest_waiting_seconds") < 600
    assert value(registry, "connected") == 1


def test_lag_is_unknown_until_something_is_committed() -> None:
    receiver = InMemoryReceiver()
    registry = make_registry(receiver, pipeline_on(receiver))

    assert math.isnan(value(registry, "lag_seconds"))
    assert math.isnan(value(registry, "batch_oldest_seconds"))


@pytest.mark.django_db
def test_lag_is_the_age_of_the_newest_reading_committed_and_a_backlog_shows_as_the_oldest() -> None:
    device, receiver = make_device(), InMemoryReceiver()
    pipeline = pipeline_on(receiver)
    registry = make_registry(receiver, pipeline)
    payload = message(reading(1, now_ms() - 7_200_000), reading(2, now_ms() - 30_000))
    receiver.arrive(received(device.device_id, payload))

    pipeline.stop()
    pipeline.run()

    assert 30 <= value(registry, "lag_seconds") < 600
    assert 7_200 <= value(registry, "batch_oldest_seconds") < 7_800


@pytest.mark.needs("mosquitto")
@pytest.mark.django_db
def test_what_is_taken_and_not_stored_yet_is_unacknowledged(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice]
) -> None:
    device = provision("litein-1")
    receiver = PahoReceiver(BrokerAddress.from_url(broker.url, str(broker.certificates.ca_file)))
    pipeline = pipeline_on(receiver)
    registry = make_registry(receiver, pipeline)
    receiver.start()
    try:
        wait_until(lambda: receiver.is_connected)
        publish(device, message(reading(1)))
        wait_until(lambda: len(receiver.queue) == 1)
        assert value(registry, "unacknowledged_messages") == 1

        pipeline.stop()
        pipeline.run()

        assert Emission.objects.count() == 1
        assert value(registry, "unacknowledged_messages") == 0
        assert value(registry, "oldest_unacknowledged_seconds") == 0
        assert value(registry, "queue_depth") == 0
    finally:
        receiver.close()
