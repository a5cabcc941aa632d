"""Commands to devices: sent while they are on line, again until answered, and by one worker only."""

from datetime import timedelta

import pytest
from django.utils import timezone

from devices.models import MCUDevice
from mqtt_ingest.commands import POLL_S, SENDINGS_COUNT, CommandSender, give_command, take_due, withdraw
from mqtt_ingest.models import DeviceCommand
from mqtt_ingest.store import store
from tests.make import make_device, make_factory
from tests.mqtt_ingest.build import arrival
from tests.mqtt_ingest.fakes import Clock, InMemoryReceiver

pytestmark = pytest.mark.django_db


def make_online(**fields: object) -> MCUDevice:
    return make_device(**{"reported_online": True} | fields)


def command_of(device: MCUDevice) -> DeviceCommand:
    return DeviceCommand.objects.get(device=device)


def test_a_command_goes_to_a_device_on_line_and_again_after_a_minute_until_it_is_answered() -> None:
    device = make_online(device_id="litein-1")
    give_command([device], "reboot", {})
    now, minute = timezone.now(), timedelta(minutes=1)

    first = take_due(now)
    assert take_due(now + minute - timedelta(seconds=1)) == []
    second = take_due(now + minute)
    command = command_of(device)
    store([arrival(device, {"v": 1, "id": command.command_id, "ok": True}, "acks")])
    after_the_answer = take_due(now + 2 * minute)

    assert (
        first
        == second
        == [("carbontrack/v1/litein-1/commands", f'{{"v":1,"id":"{command.command_id}","kind":"reboot"}}'.encode())]
    )
    assert after_the_answer == []
    command.refresh_from_db()
    assert (command.sent_count, command.is_carried_out, command.error) == (2, True, "")


def test_one_that_is_off_line_or_revoked_waits_and_gets_it_when_it_comes() -> None:
    asleep, never_heard = make_online(reported_online=False), make_online(reported_online=None)
    revoked = make_online(revoked_at=timezone.now())
    give_command([asleep, never_heard, revoked], "reboot", {})
    assert take_due(timezone.now()) == []

    store([arrival(asleep, {"v": 1, "online": True}, "status")])

    assert [topic for topic, _ in take_due(timezone.now())] == [f"carbontrack/v1/{asleep.device_id}/commands"]


def test_the_first_answer_of_the_device_itself_counts() -> None:
    device, other = make_online(), make_online()
    give_command([device], "reboot", {})
    ack = {"v": 1, "id": command_of(device).command_id, "ok": False, "error": "not now"}

    store([arrival(other, ack | {"ok": True}, "acks")])
    assert command_of(device).answered_at is None
    store([arrival(device, ack, "acks")])
    store([arrival(device, ack | {"ok": True, "error": None}, "acks")])

    command = command_of(device)
    assert (command.is_carried_out, command.error) == (False, "not now")


def test_a_newer_command_takes_the_place_of_one_that_waits() -> None:
    device = make_online()
    give_command([device], "set_interval", {"interval_s": 5})
    give_command([device], "reboot", {})

    assert give_command([device], "set_interval", {"interval_s": 10}) == 1

    sent = [payload for _, payload in take_due(timezone.now())]
    assert len(sent) == 2
    assert any(b'"interval_s":10' in payload for payload in sent)
    assert withdraw("set_interval", [device]) == 1
    assert len(take_due(timezone.now() + timedelta(hours=1))) == 1


def test_ingest_asks_every_two_seconds_and_sends_a_few_at_once() -> None:
    factory = make_factory()
    give_command([make_online(factory=factory) for _ in range(SENDINGS_COUNT + 1)], "reboot", {})
    receiver, clock = InMemoryReceiver(), Clock()
    sender = CommandSender(receiver, clock)

    counts = []
    for now_s in (0.0, POLL_S, POLL_S + 1, 2 * POLL_S):
        clock.now_s = now_s
        sender.send_due()
        counts.append(len(receiver.published))

    assert counts == [0, SENDINGS_COUNT, SENDINGS_COUNT, SENDINGS_COUNT + 1]


def test_without_the_broker_nothing_counts_as_sent() -> None:
    device = make_online()
    give_command([device], "reboot", {})
    receiver, clock = InMemoryReceiver(), Clock()
    sender = CommandSender(receiver, clock)
    receiver.is_connected, clock.now_s = False, 60.0

    sender.send_due()

    assert command_of(device).sent_count == 0
