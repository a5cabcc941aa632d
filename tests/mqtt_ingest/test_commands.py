"""Commands to devices: sent while they are on line, again until answered, and by one worker only."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.models import MCUDevice
from lib.errors import ApiError
from mqtt_ingest import commands
from mqtt_ingest.choices import CommandCause, CommandState
from mqtt_ingest.commands import (
    KEPT_FOR,
    POLL_S,
    SEND_AGAIN_AFTER,
    SENDINGS_COUNT,
    CommandSender,
    Sender,
    drop_old_commands,
    end_commands,
    give_command,
    take_due,
    withdraw,
)
from mqtt_ingest.liveness import SETTLED_AFTER
from mqtt_ingest.models import DeviceCommand, DeviceUpdate, FirmwareImage, RollOut
from mqtt_ingest.store import store
from tests.make import make_device, make_factory, make_user
from tests.mqtt_ingest.build import arrival
from tests.mqtt_ingest.fakes import Clock, InMemoryReceiver
from tests.mqtt_ingest.outages import ingest_is_away, ingest_stores

pytestmark = pytest.mark.django_db
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


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
    assert (command.sent_count, command.state, command.error) == (2, CommandState.ACKNOWLEDGED, "")


def test_one_that_is_off_line_or_revoked_waits_and_gets_it_when_it_comes() -> None:
    asleep, never_heard = make_online(reported_online=False), make_online(reported_online=None)
    revoked = make_online(revoked_at=timezone.now())
    give_command([asleep, never_heard], "reboot", {})
    with pytest.raises(ApiError) as refused:
        give_command([revoked], "reboot", {})
    assert (refused.value.status_code, refused.value.code) == (409, "device_revoked")
    assert take_due(timezone.now()) == []

    store([arrival(asleep, {"v": 1, "online": True}, "status")])

    assert [topic for topic, _ in take_due(timezone.now())] == [f"carbontrack/v1/{asleep.device_id}/commands"]


def test_the_first_answer_of_the_device_itself_counts() -> None:
    device, other = make_online(), make_online()
    give_command([device], "reboot", {})
    take_due(timezone.now())
    ack = {"v": 1, "id": command_of(device).command_id, "ok": False, "error": "not now"}

    store([arrival(other, ack | {"ok": True}, "acks")])
    assert command_of(device).state == CommandState.SENT
    store([arrival(device, ack, "acks")])
    store([arrival(device, ack | {"ok": True, "error": None}, "acks")])

    command = command_of(device)
    assert (command.state, command.error) == (CommandState.FAILED, "not now")


def test_a_newer_command_takes_the_place_of_one_that_waits() -> None:
    device = make_online()
    give_command([device], "set_interval", {"interval_s": 5})
    give_command([device], "reboot", {})

    assert len(give_command([device], "set_interval", {"interval_s": 10})) == 1

    sent = [payload for _, payload in take_due(timezone.now())]
    assert len(sent) == 2
    assert any(b'"interval_s":10' in payload for payload in sent)
    assert withdraw("set_interval", [device]) == 1
    assert len(take_due(timezone.now() + timedelta(minutes=59))) == 1


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


# --- The life of a command -----------------------------------------------------------------------
def answer(command: DeviceCommand, *, ok: bool = True, error: str | None = None) -> None:
    command.refresh_from_db()
    store([arrival(command.device, {"v": 1, "id": command.command_id, "ok": ok, "error": error}, "acks")])
    command.refresh_from_db()


def states_of(command: DeviceCommand) -> list[str]:
    """Of the history, in its order."""
    return list(command.events.order_by("pgh_id").values_list("state", flat=True))


def test_the_history_has_each_state_and_who_gave_it_and_why() -> None:
    user = make_user()
    device = make_online()
    (command,) = give_command([device], "zero", {"reference": "nitrogen"}, Sender(user, " New cylinder. "))
    now = timezone.now()

    take_due(now)
    take_due(now + SEND_AGAIN_AFTER)
    answer(command, ok=False, error="no gas")

    assert (command.given_by, command.reason, command.cause) == (user, "New cylinder.", CommandCause.PERSON)
    assert states_of(command) == ["queued", "sent", "failed"]  # sending it again is not history
    assert command.sent_count == 2


def test_a_command_expires_and_a_late_answer_still_counts() -> None:
    device = make_online()
    (command,) = give_command([device], "zero", {"reference": "fresh_air"})
    assert command.expires_at - command.created_at == pytest.approx(KEPT_FOR["zero"], abs=timedelta(seconds=5))
    take_due(timezone.now())
    DeviceCommand.objects.update(expires_at=timezone.now() - timedelta(seconds=1), last_sent_at=None)

    assert take_due(timezone.now()) == []
    assert end_commands() == 1
    command.refresh_from_db()
    assert (command.state, end_commands()) == (CommandState.EXPIRED, 0)
    answer(command)

    assert states_of(command) == ["queued", "sent", "expired", "acknowledged"]


def test_a_device_that_is_revoked_gets_nothing_more() -> None:
    device = make_online()
    (command,) = give_command([device], "reboot", {})
    MCUDevice.objects.update(revoked_at=timezone.now())

    assert take_due(timezone.now()) == []
    assert end_commands() == 1

    command.refresh_from_db()
    assert (command.state, command.sent_count) == (CommandState.WITHDRAWN, 0)


def test_limits_of_a_command_that_waits_stay_unless_the_new_one_names_them() -> None:
    device = make_online()
    give_command([device], "set_limits", {"co2_high_ppm": 160_000, "temperature_high_c": 250})

    (command,) = give_command([device], "set_limits", {"temperature_high_c": None, "flow_low_m3s": 0.2})

    assert command.arguments == {"co2_high_ppm": 160_000, "temperature_high_c": None, "flow_low_m3s": 0.2}


def test_an_interval_is_expected_from_its_acknowledgement_on() -> None:
    device = make_online(interval_s=5.0)
    (first,) = give_command([device], "set_interval", {"interval_s": 60})
    take_due(timezone.now())
    device.refresh_from_db()
    assert device.interval_s == 5.0  # not before
    (second,) = give_command([device], "set_interval", {"interval_s": 30})  # the first may still be carried out

    answer(second, ok=False, error="too long")
    device.refresh_from_db()
    assert device.interval_s == 5.0  # not when the device refuses
    answer(first)
    device.refresh_from_db()
    assert device.interval_s == 60.0
    assert list(device.events.order_by("pgh_id").values_list("interval_s", flat=True)) == [5.0, 60.0]


def test_a_late_answer_to_an_older_interval_changes_nothing() -> None:
    device = make_online()
    (older,) = give_command([device], "set_interval", {"interval_s": 60})
    (newer,) = give_command([device], "set_interval", {"interval_s": 10})

    answer(newer)
    answer(older)

    device.refresh_from_db()
    assert (device.interval_s, older.state) == (10.0, CommandState.ACKNOWLEDGED)


def test_two_thousand_waiting_commands_are_sent_in_small_portions() -> None:
    factory = make_factory()
    fields = {"factory": factory, "reported_online": True}
    devices = MCUDevice.objects.bulk_create(MCUDevice(device_id=f"d-{n:04}", **fields) for n in range(2_000))
    give_command(devices, "reboot", {})
    now = timezone.now()
    taken, portions, statements = set(), set(), set()

    for _round in range(100):
        with CaptureQueriesContext(connection) as asked:
            portion = take_due(now)
        taken |= {topic for topic, _payload in portion}
        portions.add(len(portion))
        statements.add(len(asked))

    assert len(taken) == 2_000  # each once
    assert portions == {20}  # in 2 s: 200 s for all
    assert max(statements) <= 6


# --- An outage of ours ----------------------------------------------------------------------------
def test_an_outage_of_ours_takes_no_time_of_a_command_but_of_what_belongs_to_its_moment() -> None:
    device, now = make_online(), timezone.now()
    (zero,) = give_command([device], "zero", {"reference": "nitrogen"})
    (update,) = give_command([device], "set_interval", {"interval_s": 10})
    DeviceCommand.objects.update(expires_at=now - timedelta(seconds=1))

    ingest_is_away(since=now - timedelta(hours=2))
    assert end_commands() == 1
    zero.refresh_from_db()
    assert zero.state == CommandState.EXPIRED  # the cylinder of nitrogen is gone
    ingest_stores(since=now)
    assert end_commands() == 0
    assert [one[0] for one in take_due(now)] == [f"carbontrack/v1/{device.device_id}/commands"]

    DeviceCommand.objects.filter(pk=update.pk).update(expires_at=now)
    ingest_stores(since=now - SETTLED_AFTER)
    assert end_commands() == 1


# --- How long they are kept -----------------------------------------------------------------------
def ended(device: MCUDevice, kind: str = "reboot", *, days_ago: float, **fields: Any) -> DeviceCommand:
    at = timezone.now() - timedelta(days=days_ago)
    fields = {"state": CommandState.ACKNOWLEDGED, "arguments": {}, "expires_at": at, "ended_at": at} | fields
    return DeviceCommand.objects.create(device=device, command_id=uuid.uuid4(), kind=kind, **fields)


def left(device: MCUDevice) -> set[int]:
    return set(DeviceCommand.objects.filter(device=device).values_list("pk", flat=True))


def test_a_year_after_its_end_only_the_newest_of_its_sort_is_left_and_the_history() -> None:
    device = make_online()
    old = ended(device, days_ago=900)
    newest_of_its_sort = [
        ended(device, days_ago=800, state=CommandState.FAILED),
        ended(device, days_ago=700),
        ended(device, "set_interval", days_ago=600, arguments={"interval_s": 10}),  # given again after a restart
    ]
    (waits,) = give_command([device], "set_ca", {"ca": CERTIFICATE})
    DeviceCommand.objects.filter(pk=waits.pk).update(created_at=timezone.now() - timedelta(days=900))

    assert drop_old_commands() == 1
    assert drop_old_commands() == 0

    assert left(device) == {waits.pk, *(one.pk for one in newest_of_its_sort)}
    assert list(old.events.values_list("pgh_label", "state")) == [("insert", "acknowledged")]


def test_of_a_device_the_newest_thousand_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMANDS_PER_DEVICE_COUNT", 3)
    many, few = make_online(), make_online()
    rows = [ended(many, days_ago=1) for _ in range(5)]
    kept = {ended(few, days_ago=1).pk for _ in range(3)}

    assert drop_old_commands() == 2

    assert left(many) == {one.pk for one in rows[2:]}
    assert left(few) == kept


def test_what_a_running_roll_out_needs_is_left() -> None:
    device, user = make_online(), make_user()
    image = FirmwareImage.objects.create(
        organisation=device.factory.organisation,
        version="1",
        sha256="0" * 64,
        size_bytes=1,
        content=b"1",
        added_by=user,
    )
    roll_out = RollOut.objects.create(image=image, organisation=image.organisation, watch_s=600, started_by=user)
    command, _newer = (ended(device, "update_firmware", days_ago=400) for _ in range(2))
    update = DeviceUpdate.objects.create(roll_out=roll_out, device=device, is_first=True, command=command)

    assert drop_old_commands() == 0
    RollOut.objects.update(state="done", ended_at=timezone.now())
    assert drop_old_commands() == 1

    update.refresh_from_db()
    assert update.command is None


def test_what_the_server_repeats_by_itself_is_not_history() -> None:
    device = make_online()
    arguments = {"stream": 1, "from": 1, "to": 2}

    given = [
        give_command([device], "resend", arguments, Sender(cause=cause))[0]
        for cause in (CommandCause.GAP, CommandCause.RESTART, CommandCause.PERSON)
    ]

    assert [states_of(one) for one in given] == [[], [], ["queued"]]
