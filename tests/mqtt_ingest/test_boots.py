"""Two boots alive at once are two devices with one login; reboots, late readings and clocks put right are not."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.choices import HoldKind, HoldResolution
from devices.models import AssignmentHold, MCUDevice
from devices.services import resolve_hold
from mqtt_ingest import device_state
from mqtt_ingest.boots import CAPACITY_COUNT, STREAMS_KEPT_COUNT, BootWatch
from mqtt_ingest.identify import Arrival, DeviceRef
from mqtt_ingest.store import store
from tests.make import make_assignment, make_user
from tests.mqtt_ingest.build import BEGAN_MS, arrival, arrival_of, message, reading, received

T_MS = BEGAN_MS - 7_200_000
Sent = tuple[int, int, int, int]  # stream, time of the first reading [s], how many, flags


def arrive(*sent: Sent, device: DeviceRef | None = None) -> list[Arrival]:
    return [
        arrival_of(received("litein-1", message(*readings_of(one), stream=one[0])), device or DeviceRef(1, False))
        for one in sent
    ]


def readings_of(sent: Sent) -> list[dict[str, Any]]:
    _stream, first_s, count, flags = sent
    return [reading(first_s // 5 + n + 1, T_MS + (first_s + 5 * n) * 1000, flags=flags) for n in range(count)]


def test_two_boards_that_take_turns_are_noticed_with_the_time_of_the_later_one() -> None:
    turns = [(stream, 60 * n, 12, 0) for n in range(4) for stream in (7, 8)]
    watch = BootWatch()

    found = [watch.two_alive(arrive((stream, at_s + (stream == 8), 12, 0))) for stream, at_s, *_ in turns]

    # 7 leads, 8 takes the lead, 7 returns (1), 8 (1), 7 (2): found
    assert found[:4] == [{}] * 4
    assert found[4:] == [{1: T_MS + 1000}] * 4


def test_turns_in_one_batch_are_noticed_too() -> None:
    turns: list[Sent] = [(stream, 60 * n + (stream == 8), 12, 0) for n in range(3) for stream in (7, 8)]

    assert BootWatch().two_alive(arrive(*turns)) == {1: T_MS + 1000}


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32), st.integers(0, 170), st.booleans(), st.integers(1, 12))
def test_no_series_of_reboots_with_backlog_is_taken_for_two_devices(
    seed: int, skew_s: int, marks_replayed: bool, boots: int
) -> None:
    """Boots one after the other; each with an outage of its network, a clock that may be wrong by up to 170 s, and an
    outbox that comes late, in pieces, in any order, after the next boot has begun to send."""
    rng, watch, at_s = random.Random(seed), BootWatch(), 0
    waiting: list[Sent] = []
    found: dict[int, int] = {}
    for stream in range(1, boots + 1):
        wrong_s = rng.randint(-skew_s, skew_s)
        for _ in range(rng.randint(1, 20)):
            batch = [(stream, at_s + wrong_s, rng.randint(1, 12), 0)]
            at_s += 60
            if rng.random() < 0.4:
                waiting += batch
                continue
            while waiting and rng.random() < 0.5:
                late = waiting.pop(0)  # an outbox is emptied oldest first, between live messages
                batch.append((*late[:3], 128 if marks_replayed and late[0] != stream else 0))
            found |= watch.two_alive(arrive(*batch))
        at_s += rng.randint(5, 600)

    assert not found


def test_replayed_readings_and_those_without_seq_do_not_take_the_lead() -> None:
    watch = BootWatch()
    turns: list[Sent] = [(stream, 60 * n, 12, 128) for n in range(4) for stream in (7, 8)]

    assert not watch.two_alive(arrive(*turns))


def test_memory_is_bounded() -> None:
    watch = BootWatch()

    watch.two_alive(arrive(*((stream, stream * 60, 1, 0) for stream in range(100))))
    for pk in range(2, CAPACITY_COUNT + 10):
        watch._note(pk, 1, 0, 1)

    assert len(watch._devices) <= CAPACITY_COUNT
    watch = BootWatch()
    watch.two_alive(arrive(*((stream, stream * 60, 1, 0) for stream in range(100))))
    assert len(watch._devices[1].boots) <= STREAMS_KEPT_COUNT


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> MCUDevice:
    monkeypatch.setattr(device_state, "watch", BootWatch())
    return make_assignment().device


def take_turns(device: MCUDevice, rounds: int, since_s: int = 0) -> None:
    for n in range(rounds):
        for stream in (7, 8):
            sent: Sent = (stream, since_s + 60 * n + (stream == 8), 12, 0)
            store([arrival(device, message(*readings_of(sent), stream=stream))])


@pytest.mark.django_db
def test_a_hold_opens_once_and_begins_with_the_second_device(device: MCUDevice) -> None:
    take_turns(device, 6)

    hold = AssignmentHold.objects.get()
    assert (hold.kind, hold.assignment.device) == (HoldKind.TWO_DEVICES, device)
    assert round(hold.starts_at.timestamp() * 1000) == T_MS + 1000


@pytest.mark.django_db
def test_after_it_is_resolved_a_new_hold_begins_there(device: MCUDevice) -> None:
    take_turns(device, 3)
    resolved = resolve_hold(AssignmentHold.objects.get(), HoldResolution.REGISTRY_RIGHT, make_user())

    take_turns(device, 1, since_s=600)

    again = AssignmentHold.objects.get(resolution="")
    assert again.starts_at == resolved.resolved_at


@pytest.mark.django_db
def test_a_reboot_opens_none(device: MCUDevice) -> None:
    for stream in range(1, 8):
        store([arrival(device, message(*readings_of((stream, 60 * stream, 12, 0)), stream=stream))])

    assert not AssignmentHold.objects.exists()
