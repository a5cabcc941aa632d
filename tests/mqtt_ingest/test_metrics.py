"""The gauges of one ingest process."""

from mqtt_ingest.metrics import make_registry
from mqtt_ingest.receive import Received
from tests.mqtt_ingest.build import now_ms
from tests.mqtt_ingest.fakes import InMemoryReceiver


def test_queue_depth_capacity_and_age_are_gauges() -> None:
    receiver = InMemoryReceiver()
    registry = make_registry(receiver)
    assert registry.get_sample_value("carbontrack_ingest_oldest_waiting_seconds") == 0

    receiver.arrive(Received("t", b"", now_ms() - 60_000), Received("t", b"", now_ms()))

    assert registry.get_sample_value("carbontrack_ingest_queue_depth") == 2
    assert registry.get_sample_value("carbontrack_ingest_queue_capacity") == 1_000
    age_s = registry.get_sample_value("carbontrack_ingest_oldest_waiting_seconds")
    assert age_s is not None
    assert 60 <= age_s < 90
    assert registry.get_sample_value("carbontrack_ingest_connected") == 1
