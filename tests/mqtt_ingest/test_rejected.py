"""Refused messages in groups: counted in full, kept in part, and the flood of one device costs no other anything."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mqtt_ingest import jobs, rejected
from mqtt_ingest.identify import Arrival
from mqtt_ingest.models import RejectedGroup, RejectedMessage
from mqtt_ingest.parse import parse
from mqtt_ingest.queries import counters
from mqtt_ingest.store import store
from tests import make
from tests.make import make_device
from tests.mqtt_ingest.build import arrival, message, now_ms, reading, received
from tests.mqtt_ingest.fakes import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rejected, "sample", rejected.Sample(clock))
    return clock


def unknown(device_id: str) -> Arrival:
    one = received(device_id, b"{")
    return Arrival(one, parse(one.topic, one.payload, one.received_ms), None)


def test_refusals_of_one_cause_are_one_group_with_its_count_and_times() -> None:
    device = make_device()
    first_ms, later_ms = now_ms() - 60_000, now_ms()

    for at_ms in (later_ms, first_ms):
        late = reading(2, at_ms + 600_000 + at_ms % 7)
        store([arrival(device, message(reading(1), late), received_ms=at_ms), arrival(device, b"{", received_ms=at_ms)])

    future = RejectedGroup.objects.get(reason="future_time")
    assert (future.count, RejectedGroup.objects.get(reason="not_json").count) == (2, 2)
    assert future.shape == "t=* is * s ahead of the server's clock, the limit is * s"
    assert future.last_at - future.first_at == timedelta(milliseconds=later_ms - first_ms)
    assert future.messages.count() == 2


def test_a_flood_is_counted_in_full_in_few_groups_and_rows() -> None:
    loud, quiet = make_device(), make_device()
    fields = ["co2_ppm", "temperature_c", "velocity_ms", "pressure_pa", "dp_pa", "o2_pct", "ch4_ppm", "humidity_pct"]
    bad = [reading(n + 1, **{field: value}) for n, field in enumerate(fields) for value in ("x", [], {}, True)]

    for _ in range(40):
        store([arrival(loud, message(*bad))])
    store([arrival(quiet, b"{")])

    of_loud = RejectedGroup.objects.filter(topic_device_id=loud.device_id)
    assert of_loud.count() <= rejected.SHAPES_PER_DEVICE_COUNT + 1
    assert sum(of_loud.values_list("count", flat=True)) == 40 * len(bad)
    assert 0 < RejectedMessage.objects.filter(topic_device_id=loud.device_id).count() <= 60
    assert RejectedMessage.objects.filter(topic_device_id=quiet.device_id).count() == 1


def test_invented_ids_share_one_bucket_and_leave_room_for_devices() -> None:
    device = make_device()

    store([unknown(f"invented-{n}") for n in range(2_000)])
    store([arrival(device, b"{")])

    assert RejectedGroup.objects.exclude(topic_device_id=device.device_id).count() == 60
    assert RejectedMessage.objects.filter(topic_device_id=device.device_id).count() == 1
    assert counters().rejected == {"not_json": 2_001}


def test_messages_are_kept_whole_up_to_eight_kibibytes() -> None:
    device = make_device()

    store([arrival(device, b"{" * 8192), arrival(device, b"{" * 8193)])

    whole, cut = RejectedMessage.objects.order_by("payload_bytes")
    assert (whole.is_whole, len(bytes(whole.payload))) == (True, 8192)
    assert (cut.is_whole, len(bytes(cut.payload)), cut.payload_bytes) == (False, 4096, 8193)


def test_what_is_deleted_is_that_of_the_loud_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "REJECTED_PER_DEVICE_COUNT", 8)
    monkeypatch.setattr(jobs, "REJECTED_COUNT", 6)
    make_device(device_id="loud-1")
    make_device(device_id="quiet-1")
    for n in range(10):
        make.make_rejected("loud-1", received_at=timezone.now() - timedelta(minutes=n))
    for n in range(2):
        make.make_rejected("quiet-1", received_at=timezone.now() - timedelta(days=9 + n))
    for n in range(9):
        make.make_rejected(f"invented-{n}", received_at=timezone.now() - timedelta(hours=n))

    jobs.drop_old_messages()

    left = list(RejectedMessage.objects.order_by("topic_device_id", "-received_at"))
    ids = [row.topic_device_id for row in left]
    assert (ids.count("loud-1"), ids.count("quiet-1"), len(ids)) == (2, 2, 6)
    assert ids.count("invented-0") == ids.count("invented-1") == 1


def test_groups_of_ids_that_nobody_registered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "GROUPS_OF_NOBODY_COUNT", 3)
    make_device(device_id="kiln-1")
    make.make_rejected("kiln-1", received_at=timezone.now() - timedelta(days=3))
    for n in range(6):
        make.make_rejected(f"invented-{n}", received_at=timezone.now() - timedelta(hours=n))

    jobs.drop_old_messages()

    left = set(RejectedGroup.objects.values_list("topic_device_id", flat=True))
    assert left == {"kiln-1", "invented-0", "invented-1", "invented-2"}
