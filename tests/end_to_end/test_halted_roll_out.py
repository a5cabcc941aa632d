"""A roll-out, end to end: the first device takes the image, measures worse, and is told to go back. An outage of ingest
halts nothing.

The device is `mosquitto_sub` and `mosquitto_pub` at a real Mosquitto; ingest is a process of its own. So that nobody
waits for half an hour, the roll-out begins forty minutes ago by the clock of the job; the readings carry those times.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import MCUDevice
from devices.queries import is_online
from devices.registration import Geometry, provision_device
from devices.services import ProvisionedDevice
from emissions.rollups import roll_up_touched, touch_changed_setups
from factories.days import local_hour_start
from mqtt_ingest.choices import RollOutState, UpdateProblem, UpdateState
from mqtt_ingest.liveness import SETTLED_AFTER, last_outage
from mqtt_ingest.models import DeviceCommand, IngestCounter, RollOut
from mqtt_ingest.roll_out import RollOutPlan, keep_roll_outs, start_roll_out
from tests import make
from tests.end_to_end.ingest_process import IngestProcess
from tests.mosquitto import Mosquitto, Watcher, publish
from tests.mosquitto_fixtures import broker  # noqa: F401
from tests.mqtt_ingest.firmware import make_image, use_key
from tests.mqtt_ingest.outages import ingest_is_away, ingest_stores
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub", "mosquitto_sub")]

BEGAN_AGO, WATCH_S = timedelta(minutes=40), 1_200
CO2_FAULT = 1


def say(device: ProvisionedDevice, kind: str, message: dict[str, Any]) -> None:
    assert publish(device, json.dumps({"v": 1} | message).encode(), topic=device.topics[kind]).returncode == 0


def says_version(device: ProvisionedDevice, version: str) -> None:
    say(device, "status", {"online": True, "stream": 7, "firmware": version, "outbox": 0})
    wait_until(lambda: row_of(device).firmware == version)


def row_of(device: ProvisionedDevice) -> MCUDevice:
    return MCUDevice.objects.get(device_id=device.device_id)


def measures(device: ProvisionedDevice, begin: datetime, end: datetime, first_seq: int, flags: int = 0) -> int:
    """A reading each 10 s; the next number."""
    seconds = range(0, int((end - begin).total_seconds()), 10)
    values = {"temperature_c": 181.5, "velocity_ms": 3.2, "flags": flags}
    readings = [
        {
            "seq": first_seq + n,
            "t": int((begin.timestamp() + s) * 1000),
            "co2_ppm": None if flags else 90_000.0 + 7.0 * (n % 60),
            **values,
        }
        for n, s in enumerate(seconds)
    ]
    say(device, "readings", {"stream": 7, "interval_s": 10, "readings": readings})
    wait_until(lambda: stored_count() == first_seq - 1 + len(readings))
    touch_changed_setups()
    roll_up_touched()
    return first_seq + len(readings)


def stored_count() -> int:
    return sum(IngestCounter.objects.filter(outcome="stored").values_list("count", flat=True))


class Begun:
    """A roll-out whose first device has come back with the new version, half a minute after it began."""

    def __init__(self, broker: Mosquitto, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
        use_key(settings)
        settings.SECRET_KEY = "of-the-tests"  # as ingest has it
        ingest_stores()
        factory, user = make.make_factory(), make.make_user()
        self.now = timezone.now()
        self.began = began = self.now - BEGAN_AGO
        self.device, self.other = (
            provision_device(
                factory_name=factory.name,
                device_id=f"litein-{n}",
                geometry=Geometry(f"chimney {n}", diameter_m=0.9, profile=1.0),
                since=local_hour_start(began - timedelta(hours=2), factory.zone),
            )
            for n in (1, 2)
        )
        broker.reload()
        self.old, self.new = (make_image(factory.organisation, version) for version in ("1.0.0", "1.1.0"))
        self.broker, self.monkeypatch, self.user = broker, monkeypatch, user

    def start(self) -> None:
        """With ingest running."""
        device, began = self.device, self.began
        says_version(device, "1.0.0")
        self.seq = measures(device, began - timedelta(seconds=WATCH_S), began, 1)
        hears = Watcher(device, device.topics["commands"], is_device=True)
        plan = RollOutPlan([row_of(device)], [row_of(self.other)], WATCH_S, "Trial.")
        with self.clock_at(began):
            self.roll_out = start_roll_out(self.new, plan, self.user)
        self.update = json.loads(hears.next_message())
        hears.close()
        say(device, "acks", {"id": self.update["id"], "ok": True})
        says_version(device, "1.1.0")
        with self.clock_at(began + timedelta(seconds=30)):
            keep_roll_outs()
        assert self.roll_out.updates.get(is_first=True).back_at == began + timedelta(seconds=30)

    @contextmanager
    def clock_at(self, moment: datetime) -> Iterator[None]:
        with self.monkeypatch.context() as patch:
            patch.setattr(timezone, "now", lambda: moment)
            yield

    def state(self) -> tuple[str, str]:
        self.roll_out.refresh_from_db()
        return self.roll_out.state, self.roll_out.problem


@pytest.fixture
def begun(broker: Mosquitto, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Begun:  # noqa: F811
    return Begun(broker, settings, monkeypatch)


def test_a_first_device_that_measures_worse_halts_the_roll_out_and_goes_back(begun: Begun, client: Client) -> None:
    device, other = begun.device, begun.other
    with IngestProcess(begun.broker):
        begun.start()
        update = begun.update
        assert (update["kind"], update["sha256"]) == ("update_firmware", begun.new.sha256)
        path, _, token = update["url"].removeprefix("https://carbontrack.test").partition("?token=")
        assert client.get(path, {"token": token}).content == bytes(begun.new.content)
        assert token not in str([*DeviceCommand.objects.values(), *DeviceCommand.objects.get().events.values()])

        measures(device, begun.began, begun.now, begun.seq, CO2_FAULT)
        hears = Watcher(device, device.topics["commands"], is_device=True)
        keep_roll_outs()
        back = json.loads(hears.next_message())
        hears.close()
        assert begun.state() == (RollOutState.HALTED, UpdateProblem.FEWER_GOOD)
        assert (back["kind"], back["sha256"]) == ("update_firmware", begun.old.sha256)

        say(device, "acks", {"id": back["id"], "ok": True})
        wait_until(lambda: DeviceCommand.objects.get(command_id=back["id"]).ended_at is not None)
        says_version(device, "1.0.0")
        keep_roll_outs()

    ended = RollOut.objects.get()
    assert (ended.state, ended.updates.get(is_first=True).state) == (RollOutState.ROLLED_BACK, UpdateState.BACK)
    assert ended.updates.get(is_first=False).state == UpdateState.WAITING  # it never got the image
    assert not DeviceCommand.objects.filter(device__device_id=other.device_id).exists()


def test_an_outage_of_ingest_halts_nothing(begun: Begun) -> None:
    watched = (RollOutState.FIRST, "")
    with IngestProcess(begun.broker) as ingest:
        begun.start()
        ingest.kill()
    killed_at = timezone.now()

    # Ten minutes later the worker finds a device that nobody has heard of.
    with begun.clock_at(killed_at + timedelta(minutes=10)):
        assert not is_online(row_of(begun.device), timezone.now())
        keep_roll_outs()
    assert begun.state() == watched

    ingest_is_away(since=killed_at - timedelta(minutes=10))  # so long ago it was, by the clock that runs
    with IngestProcess(begun.broker):
        wait_until(lambda: last_outage()[1] > killed_at)  # it has noted that it is back
        keep_roll_outs()
        assert begun.state() == watched
        says_version(begun.device, "1.1.0")
    # A quarter of an hour later the device is there, and its watch begins anew.
    ingest_stores(since=timezone.now() - SETTLED_AFTER, left_at=killed_at - timedelta(minutes=10))
    assert keep_roll_outs() == 1
    assert begun.state() == watched

    MCUDevice.objects.update(last_heartbeat=killed_at - timedelta(minutes=10))
    keep_roll_outs()
    assert begun.state() == (RollOutState.HALTED, UpdateProblem.SILENT)  # by its own fault
