"""A sample of refused messages is kept, small enough for any disk; all of them are counted."""

import pytest

from mqtt_ingest import rejected
from mqtt_ingest.models import RejectedMessage
from mqtt_ingest.queries import counters
from mqtt_ingest.store import store
from tests.make import make_device
from tests.mqtt_ingest.build import arrival
from tests.mqtt_ingest.fakes import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rejected, "sample", rejected.Sample(clock))
    return clock


def test_of_one_device_sixty_refused_messages_a_minute_are_kept(clock: Clock) -> None:
    device, other = make_device(), make_device()

    for _ in range(5):
        store([arrival(device, b"{") for _ in range(50)])
    store([arrival(other, b"{")])
    kept_at_once = RejectedMessage.objects.count()
    clock.now_s += 60
    store([arrival(device, b"{") for _ in range(100)])

    assert kept_at_once == 60 + 1
    assert RejectedMessage.objects.count() == 60 + 1 + 60
    assert counters().rejected == {"not_json": 351}


def test_of_all_devices_together_six_hundred_a_minute_are_kept(clock: Clock) -> None:
    devices = [make_device() for _ in range(15)]

    store([arrival(device, b"{") for device in devices for _ in range(50)])

    assert RejectedMessage.objects.count() == 600
    assert counters().rejected == {"not_json": 750}
