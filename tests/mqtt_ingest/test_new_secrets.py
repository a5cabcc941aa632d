"""The steps of a new password: what is told to whom, and what happens when a connection breaks in between."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices import broker
from devices.access import let_in, revoke_device, rotate_secret
from devices.broker import broker_state, write_mosquitto_files
from devices.choices import BrokerState
from devices.credentials import ended_logins, verify
from devices.models import DeviceSecret, MCUDevice
from lib.errors import ApiError
from lib.sealing import unseal
from mqtt_ingest.choices import CommandCause, CommandState
from mqtt_ingest.commands import Sender, give_command, take_due, withdraw
from mqtt_ingest.models import DeviceCommand
from mqtt_ingest.new_secrets import FRESH_FOR, RETURNS_WITHIN, ask_new_secret, settle_secrets
from mqtt_ingest.store import store
from tests.make import make_device_with_secret
from tests.mqtt_ingest.build import arrival
from tests.mqtt_ingest.outages import ingest_is_away, ingest_stores

pytestmark = pytest.mark.django_db


class Rotating:
    """A device that was given a new password, and what it answers."""

    def __init__(self) -> None:
        self.device, self.old = make_device_with_secret(device_id="litein-1", reported_online=True)
        self.say("status", {"online": True, "stream": 7})
        ask_new_secret(self.device, Sender())
        ((_topic, self.payload),) = take_due(timezone.now())
        self.new = unseal(DeviceSecret.objects.get(is_offered=True).sealed)

    def say(self, kind: str, message: dict[str, Any]) -> None:
        store([arrival(self.device, {"v": 1} | message, kind)])
        self.device.refresh_from_db()

    def acknowledge(self, *, ok: bool = True) -> None:
        self.say("acks", {"id": self.command.command_id, "ok": ok, "error": None if ok else "flash is full"})

    @property
    def command(self) -> DeviceCommand:
        return DeviceCommand.objects.latest("pk")

    @property
    def offered(self) -> DeviceSecret | None:
        return DeviceSecret.objects.filter(is_offered=True, revoked_at=None).first()

    def comes_in_with(self, password: str) -> bool:
        return let_in("litein-1", "litein-1", password)

    def may_stay_with(self, password: str) -> bool:
        return ended_logins({"litein-1": password}) == set()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that the plugin was told."""
    passwords: list[str] = []

    def put_login(device_pk: int, password: str) -> bool:
        passwords.append(password)
        DeviceSecret.objects.filter(device=device_pk, revoked_at=None).update(broker_at=timezone.now())
        MCUDevice.objects.filter(pk=device_pk).update(reported_online=False, last_will_at=timezone.now())
        return True

    monkeypatch.setattr(broker, "put_login", put_login)
    return passwords


def rotating_at_the_plugin(settings: Any) -> Rotating:
    """Registered as in the demo: no plugin needs to run for a test of the steps."""
    rotating = Rotating()
    settings.MQTT_ACCESS = "DYNSEC"
    return rotating


# --- The demo's broker, which asks us -----------------------------------------------------------
def test_a_broker_that_asks_lets_in_with_both_until_the_device_comes_back() -> None:
    rotating = Rotating()
    assert f'"secret":"{rotating.new}"'.encode() in rotating.payload
    assert rotating.comes_in_with(rotating.old)
    assert rotating.may_stay_with(rotating.old)

    rotating.acknowledge()
    settle_secrets()
    assert rotating.comes_in_with(rotating.old)  # both: a power cut may have come before its flash
    assert not rotating.may_stay_with(rotating.old)  # cut, it comes back with the new one
    assert rotating.comes_in_with(rotating.new)

    assert not rotating.comes_in_with(rotating.old)
    assert rotating.offered is None
    settle_secrets()
    assert rotating.comes_in_with(rotating.new)
    assert rotating.may_stay_with(rotating.new)


def test_what_the_device_refuses_or_never_answers_leaves_the_old_one() -> None:
    rotating = Rotating()
    rotating.acknowledge(ok=False)
    settle_secrets()

    assert rotating.comes_in_with(rotating.old)
    assert not rotating.comes_in_with(rotating.new)
    assert DeviceSecret.objects.get(is_offered=True).sealed == ""
    ask_new_secret(rotating.device, Sender())
    withdraw("set_secret", [rotating.device])
    settle_secrets()
    assert rotating.offered is None


def test_a_device_that_does_not_come_back_in_a_day_keeps_the_old_one() -> None:
    rotating = Rotating()
    rotating.acknowledge()
    settle_secrets()
    now = timezone.now()
    DeviceSecret.objects.filter(is_offered=True).update(stored_at=now - RETURNS_WITHIN - timedelta(seconds=1))

    for away in (None, now - timedelta(hours=1)):
        ingest_is_away(since=now - 2 * RETURNS_WITHIN) if away is None else ingest_stores(since=away)
        settle_secrets()
        assert rotating.offered is not None  # it may have come back unseen
    ingest_stores()
    settle_secrets()

    assert rotating.comes_in_with(rotating.old)
    assert rotating.may_stay_with(rotating.old)
    assert not rotating.comes_in_with(rotating.new)


# --- Mosquitto, which knows one password a login --------------------------------------------------
def test_the_plugin_is_told_after_the_answer_and_the_old_one_ends_after_the_return(
    settings: Any, told: list[str]
) -> None:
    rotating = rotating_at_the_plugin(settings)
    settle_secrets()
    assert told == []

    rotating.acknowledge()
    settle_secrets()
    settle_secrets()
    assert told == [rotating.new]
    assert broker_state(rotating.device) == BrokerState.ROTATING
    rotating.say("status", {"online": True, "stream": 7})
    settle_secrets()

    assert rotating.offered is None
    (left,) = DeviceSecret.objects.filter(revoked_at=None)
    assert verify(rotating.new, left.pbkdf2_sha512)


@pytest.mark.parametrize("what", ["last will", "restart", "broker away"])
def test_after_a_broken_connection_the_same_password_is_given_again(what: str, settings: Any, told: list[str]) -> None:
    rotating = rotating_at_the_plugin(settings)
    rotating.acknowledge()
    if what == "last will":
        rotating.say("status", {"online": False})
    elif what == "restart":
        rotating.say("status", {"online": True, "stream": 8})
    else:
        DeviceCommand.objects.update(ended_at=timezone.now() - FRESH_FOR)

    settle_secrets()
    assert told == []
    assert (rotating.command.state, rotating.command.cause) == (CommandState.QUEUED, CommandCause.RESTART)
    rotating.say("status", {"online": True, "stream": 8})
    ((_topic, payload),) = take_due(timezone.now())
    rotating.acknowledge()
    settle_secrets()

    assert rotating.new in payload.decode()
    assert told == [rotating.new]


def test_files_hold_the_new_one_once_the_device_has_it(settings: Any, tmp_path: Any) -> None:
    settings.MQTT_ACCESS = "FILES"
    settings.MQTT_BROKER_URL = "mqtts://carbontrack-ingest:secret@broker.test:8883"
    rotating = Rotating()

    def written() -> str:
        write_mosquitto_files(tmp_path / "passwords", tmp_path / "acl")
        lines = (tmp_path / "passwords").read_text().splitlines()
        (line,) = [line for line in lines if line.startswith("litein-1:")]
        return line.partition(":")[2]

    assert verify(rotating.old, written())
    rotating.acknowledge()
    settle_secrets()
    assert verify(rotating.new, written())
    assert rotating.offered is not None


# --- What is refused ------------------------------------------------------------------------------
def test_one_at_a_time_and_a_rotation_by_hand_ends_it() -> None:
    rotating = Rotating()
    with pytest.raises(ApiError) as error:
        ask_new_secret(rotating.device, Sender())
    assert error.value.code == "secret_on_its_way"

    by_hand = rotate_secret(rotating.device)
    settle_secrets()

    assert rotating.comes_in_with(by_hand)
    assert not rotating.comes_in_with(rotating.new)
    assert take_due(timezone.now() + timedelta(minutes=2)) == []  # without its secret it is withdrawn
    assert rotating.command.state == CommandState.WITHDRAWN


def test_no_command_without_a_secret_that_is_sealed() -> None:
    device, _old = make_device_with_secret(reported_online=True)
    give_command([device], "set_secret", {})

    assert take_due(timezone.now()) == []


def test_a_revoked_device_and_a_broker_that_people_keep_get_none(settings: Any) -> None:
    rotating = Rotating()
    revoke_device(rotating.device)
    assert DeviceSecret.objects.get(is_offered=True).sealed == ""
    with pytest.raises(ApiError) as error:
        ask_new_secret(rotating.device, Sender())
    assert error.value.code == "device_revoked"
    settings.MQTT_ACCESS = "EXTERNAL"
    with pytest.raises(ApiError) as error:
        ask_new_secret(rotating.device, Sender())
    assert error.value.code == "broker_by_hand"
