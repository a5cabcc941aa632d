"""A halted roll-out, end to end: the first device takes the image, measures worse, and is told to go back.

The device is `mosquitto_sub` and `mosquitto_pub` at a real Mosquitto; ingest is a process of its own. So that nobody
waits for half an hour, the roll-out begins forty minutes ago by the clock of the job; the readings carry those times.
"""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import MCUDevice
from devices.services import Geometry, ProvisionedDevice, provision_device
from emissions.rollups import roll_up_touched, touch_changed_setups
from factories.days import local_hour_start
from mqtt_ingest.choices import RollOutState, UpdateProblem, UpdateState
from mqtt_ingest.models import DeviceCommand, IngestCounter, RollOut
from mqtt_ingest.roll_out import RollOutPlan, keep_roll_outs, start_roll_out
from tests import make
from tests.end_to_end.ingest_process import IngestProcess
from tests.firmware.site import wait_until
from tests.mosquitto import Mosquitto, Watcher, publish
from tests.mosquitto_fixtures import broker  # noqa: F401
from tests.mqtt_ingest.firmware import make_image, use_key

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


def test_a_first_device_that_measures_worse_halts_the_roll_out_and_goes_back(
    broker: Mosquitto,  # noqa: F811
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_key(settings)
    factory, user = make.make_factory(), make.make_user()
    now = timezone.now()
    began = now - BEGAN_AGO
    device, other = (
        provision_device(
            factory_name=factory.name,
            device_id=f"litein-{n}",
            geometry=Geometry(f"chimney {n}", diameter_m=0.9, profile=1.0),
            since=local_hour_start(began - timedelta(hours=2), factory.zone),
        )
        for n in (1, 2)
    )
    broker.reload()
    old, new = (make_image(factory.organisation, version) for version in ("1.0.0", "1.1.0"))
    with IngestProcess(broker):
        says_version(device, "1.0.0")
        seq = measures(device, began - timedelta(seconds=WATCH_S), began, 1)
        hears = Watcher(device, device.topics["commands"], is_device=True)
        monkeypatch.setattr(timezone, "now", lambda: began)
        roll_out = start_roll_out(new, RollOutPlan([row_of(device)], [row_of(other)], WATCH_S, "Trial."), user)
        monkeypatch.undo()

        update = json.loads(hears.next_message())
        hears.close()
        assert (update["kind"], update["sha256"]) == ("update_firmware", new.sha256)
        say(device, "acks", {"id": update["id"], "ok": True})
        says_version(device, "1.1.0")
        monkeypatch.setattr(timezone, "now", lambda: began + timedelta(seconds=30))
        keep_roll_outs()
        monkeypatch.undo()
        assert roll_out.updates.get(is_first=True).back_at == began + timedelta(seconds=30)

        measures(device, began, now, seq, CO2_FAULT)
        hears = Watcher(device, device.topics["commands"], is_device=True)
        keep_roll_outs()
        back = json.loads(hears.next_message())
        hears.close()
        roll_out.refresh_from_db()
        assert (roll_out.state, roll_out.problem) == (RollOutState.HALTED, UpdateProblem.FEWER_GOOD)
        assert (back["kind"], back["sha256"]) == ("update_firmware", old.sha256)

        say(device, "acks", {"id": back["id"], "ok": True})
        wait_until(lambda: DeviceCommand.objects.get(command_id=back["id"]).ended_at is not None)
        says_version(device, "1.0.0")
        keep_roll_outs()

    ended = RollOut.objects.get()
    assert (ended.state, ended.updates.get(is_first=True).state) == (RollOutState.ROLLED_BACK, UpdateState.BACK)
    assert ended.updates.get(is_first=False).state == UpdateState.WAITING  # it never got the image
    assert not DeviceCommand.objects.filter(device__device_id="litein-2").exists()
