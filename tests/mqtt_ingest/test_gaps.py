"""Readings that are missing here are asked for by themselves: once, bounded, and not what the device does not have."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.models import MCUDevice
from mqtt_ingest import gaps
from mqtt_ingest.choices import CommandCause, CommandState
from mqtt_ingest.commands import take_due
from mqtt_ingest.gaps import ask_for_gaps, without
from mqtt_ingest.models import DeviceCommand
from mqtt_ingest.store import store
from tests.make import make_assignment, make_device
from tests.mqtt_ingest.build import STREAM, arrival, message, reading
from tests.mqtt_ingest.outages import ingest_is_away, ingest_stores

pytestmark = pytest.mark.django_db


def heard_from(device: MCUDevice, *seqs: int, stream: int = STREAM, **status: Any) -> None:
    """Readings with these numbers, and a status with nothing in the outbox."""
    said = {"v": 1, "online": True, "stream": stream, "outbox": 0} | status
    store([
        arrival(device, message(*(reading(seq) for seq in seqs), stream=stream)), arrival(device, said, "status"),
    ])  # fmt: skip


def answer(command: DeviceCommand, *, ok: bool) -> None:
    words = None if ok else "0 of 3 readings are kept"
    store([arrival(command.device, {"v": 1, "id": command.command_id, "ok": ok, "error": words}, "acks")])


@pytest.fixture
def device() -> MCUDevice:
    device = make_device(device_id="litein-1")
    make_assignment(device=device)
    ingest_stores()
    return device


def wanted() -> list[tuple[int, int, int]]:
    """Stream, first and last number of all that was asked for, oldest first."""
    rows = DeviceCommand.objects.filter(kind="resend").order_by("pk").values_list("arguments", flat=True)
    return [(row["stream"], row["from"], row["to"]) for row in rows]


def test_a_range_less_parts() -> None:
    assert without((1, 10), []) == [(1, 10)]
    assert without((1, 10), [(3, 4), (9, 12)]) == [(1, 2), (5, 8)]
    assert without((1, 10), [(1, 10)]) == without((4, 5), [(1, 4), (5, 5)]) == []


def test_holes_are_asked_for_one_after_the_other_and_not_again(device: MCUDevice) -> None:
    heard_from(device, 1, 2, 6, 7, 9)  # 3 to 5 and 8 are missing

    assert ask_for_gaps() == 1
    assert ask_for_gaps() == 0  # one waits
    ((topic, payload),) = take_due(timezone.now())
    first = DeviceCommand.objects.get()
    answer(first, ok=False)
    assert ask_for_gaps() == 1
    answer(DeviceCommand.objects.latest("pk"), ok=False)

    assert wanted() == [(STREAM, 3, 5), (STREAM, 8, 8)]
    assert topic == "carbontrack/v1/litein-1/commands"
    assert json.loads(payload) | {"id": ""} == {
        "v": 1, "id": "", "kind": "resend", "stream": STREAM, "from": 3, "to": 5,
    }  # fmt: skip
    assert (first.cause, first.given_by) == (CommandCause.GAP, None)
    assert ask_for_gaps() == 0  # the device does not have them


def test_what_the_device_has_sent_and_is_missing_still_is_asked_for_three_times(device: MCUDevice) -> None:
    heard_from(device, 1, 3)
    for _time in range(gaps.ASKED_TIMES):
        assert ask_for_gaps() == 1
        answer(DeviceCommand.objects.latest("pk"), ok=True)
        assert ask_for_gaps() == 0  # on its way
        DeviceCommand.objects.update(ended_at=timezone.now() - gaps.ASKED_AGAIN_AFTER - timedelta(seconds=1))

    assert ask_for_gaps() == 0
    assert wanted() == [(STREAM, 2, 2)] * 3


def test_numbers_that_came_meanwhile_are_not_asked_for(device: MCUDevice) -> None:
    heard_from(device, 1, 3)
    heard_from(device, 2)

    assert ask_for_gaps() == 0


@pytest.mark.parametrize("status", [{"outbox": 500}, {"outbox": None}, {"online": False}])
def test_a_device_that_is_still_sending_or_gone_is_not_asked(device: MCUDevice, status: dict[str, Any]) -> None:
    heard_from(device, 1, 3, **{name: value for name, value in status.items() if value is not None})
    if status.get("outbox", 0) is None:
        MCUDevice.objects.update(status={"stream": STREAM})

    assert ask_for_gaps() == 0


def test_only_boots_that_it_may_still_hold_are_asked_for(device: MCUDevice) -> None:
    heard_from(device, 1, 3, stream=11)
    heard_from(device, 1, 3, stream=12)
    heard_from(device, 1, stream=13, previous={"stream": 12, "seq": 9})

    ask_for_gaps()
    answer(DeviceCommand.objects.get(), ok=False)
    ask_for_gaps()

    assert wanted() == [(12, 2, 2), (12, 4, 9)]  # the end of the boot before too; of stream 11 nothing


def test_a_device_is_asked_so_many_times_a_day(device: MCUDevice) -> None:
    heard_from(device, *range(1, 2 * gaps.ASKED_A_DAY + 9, 2))  # every second number is missing

    for _time in range(gaps.ASKED_A_DAY + 2):
        if ask_for_gaps():
            answer(DeviceCommand.objects.latest("pk"), ok=False)

    assert len(wanted()) == gaps.ASKED_A_DAY
    assert not DeviceCommand.objects.exclude(state=CommandState.FAILED).exists()


# --- An outage of ours ----------------------------------------------------------------------------
def test_after_an_outage_of_ours_devices_send_first_what_they_kept(device: MCUDevice) -> None:
    heard_from(device, 1, 3)
    now = timezone.now()

    ingest_is_away(since=now - timedelta(hours=1))
    assert ask_for_gaps() == 0
    ingest_stores(since=now - timedelta(minutes=14), left_at=now - timedelta(hours=1))
    assert ask_for_gaps() == 0
    ingest_stores(since=now - timedelta(minutes=16), left_at=now - timedelta(hours=1))

    assert ask_for_gaps() == 1


def test_what_was_sent_while_we_were_away_is_no_try(device: MCUDevice) -> None:
    heard_from(device, 1, 3)
    for _time in range(gaps.ASKED_TIMES):
        ask_for_gaps()
        answer(DeviceCommand.objects.latest("pk"), ok=True)
        DeviceCommand.objects.update(ended_at=timezone.now() - timedelta(hours=3))
    assert ask_for_gaps() == 0

    now = timezone.now()
    ingest_stores(since=now - timedelta(hours=1), left_at=now - timedelta(hours=2, minutes=1))

    assert ask_for_gaps() == 1


def test_our_outage_is_read_once_for_all_that_was_asked(device: MCUDevice) -> None:
    heard_from(device, 1, 3, 5, 7, 9)
    for _hole in range(4):
        ask_for_gaps()
        answer(DeviceCommand.objects.latest("pk"), ok=True)

    with CaptureQueriesContext(connection) as queries:
        assert ask_for_gaps() == 0

    assert len([one for one in queries.captured_queries if "shared_cache" in one["sql"]]) == 2
