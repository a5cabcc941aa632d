"""The device cache: believed for a while, then asked again; bounded; not wrong after a failed query."""

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from devices.models import MCUDevice
from mqtt_ingest import identify as module
from mqtt_ingest.choices import Reason
from mqtt_ingest.identify import FOUND_FOR_S, NOT_FOUND_FOR_S, DeviceDirectory, identify
from mqtt_ingest.parse import parse
from mqtt_ingest.queries import counters
from mqtt_ingest.receive import Received
from mqtt_ingest.store import store
from tests.make import make_device
from tests.mqtt_ingest.build import adds_up, message, reading, received
from tests.mqtt_ingest.fakes import Clock

pytestmark = pytest.mark.django_db


def parsed_pair(device_id: str, payload: bytes | None = None) -> tuple[Received, object]:
    one = received(device_id, payload or message(reading(1), reading(2)))
    return one, parse(one.topic, one.payload, one.received_ms)


def test_all_devices_of_a_call_are_found_in_one_query_and_then_in_none(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    devices = [make_device() for _ in range(5)]
    directory = DeviceDirectory(Clock(1000.0))
    names = [device.device_id for device in devices]

    with django_assert_num_queries(1):
        found = directory.find([*names, "nobody"])
        directory.find(names)

    assert {name: ref and ref.pk for name, ref in found.items()} == {
        **{device.device_id: device.pk for device in devices},
        "nobody": None,
    }


def test_a_device_registered_a_second_ago_is_known() -> None:
    clock = Clock(1000.0)
    directory = DeviceDirectory(clock)
    assert directory.find(["new-one"]) == {"new-one": None}
    device = make_device(device_id="new-one")

    clock.now_s += NOT_FOUND_FOR_S

    found = directory.find(["new-one"])["new-one"]
    assert found is not None
    assert found.pk == device.pk


def test_a_revoked_device_is_refused_after_a_few_seconds() -> None:
    clock = Clock(1000.0)
    directory = DeviceDirectory(clock)
    device = make_device()
    directory.find([device.device_id])
    device.revoked_at = timezone.now()
    device.save()

    clock.now_s += FOUND_FOR_S
    (arrival,) = identify(directory, [parsed_pair(device.device_id)])

    assert [r.reason for r in arrival.parsed.rejections] == [Reason.REVOKED, Reason.REVOKED]
    assert [(r.seq, r.stream) for r in arrival.parsed.rejections] == [(1, 2871049911), (2, 2871049911)]
    assert arrival.parsed.readings == ()


@pytest.mark.parametrize(
    ("payload", "refused_count"),
    [(b'{"v":1,"online":false}', 0), (b'{"v":1,"online":false,"stream":7}', 1), (b'{"v":1,"online":true}', 1)],
)
def test_that_a_revoked_device_is_off_line_is_no_refusal(payload: bytes, refused_count: int) -> None:
    """The server says so when it revokes the device, and the broker keeps the message for all who subscribe."""
    device = make_device(revoked_at=timezone.now())
    one = received(device.device_id, payload, "status")

    (arrival,) = identify(DeviceDirectory(), [(one, parse(one.topic, one.payload, one.received_ms))])

    assert len(arrival.parsed.rejections) == refused_count
    store([arrival])
    assert MCUDevice.objects.get().status == {}
    assert counters().rejected == ({Reason.REVOKED: 1} if refused_count else {})
    assert adds_up()


def test_everything_of_an_unknown_device_is_refused_once() -> None:
    pairs = [parsed_pair("nobody"), parsed_pair("nobody", b"{"), parsed_pair("no/body")]

    arrivals = identify(DeviceDirectory(), pairs)

    reasons = [[str(r.reason) for r in arrival.parsed.rejections] for arrival in arrivals]
    assert reasons == [["unknown_device", "unknown_device"], ["not_json"], ["unknown_device"]]


def test_a_query_that_fails_leaves_nobody_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    device = make_device()
    directory = DeviceDirectory(Clock(1000.0))

    class Gone:
        @staticmethod
        def filter(**lookup: object) -> None:
            raise OperationalError("gone")

    monkeypatch.setattr(module.MCUDevice, "objects", Gone)
    with pytest.raises(OperationalError):
        directory.find([device.device_id])
    monkeypatch.undo()

    assert directory.find([device.device_id])[device.device_id] is not None


def test_made_up_ids_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CAPACITY_COUNT", 10)
    directory = DeviceDirectory(Clock(1000.0))
    device = make_device()

    for number in range(50):
        found = directory.find([device.device_id, f"made-up-{number}"])
        assert found[device.device_id] is not None

    assert len(directory._entries) <= 10
