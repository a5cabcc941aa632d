"""What a device keeps in RAM only is given to it again after a restart."""

from typing import Any

import pytest

from devices.models import MCUDevice
from mqtt_ingest.choices import CommandCause
from mqtt_ingest.commands import give_command, withdraw
from mqtt_ingest.models import DeviceCommand
from mqtt_ingest.restarts import GIVEN_A_DAY, give_again
from mqtt_ingest.store import store
from tests.make import make_device
from tests.mqtt_ingest.build import arrival

pytestmark = pytest.mark.django_db


def boots(device: MCUDevice, stream: int) -> None:
    store([arrival(device, {"v": 1, "online": True, "stream": stream}, "status")])


def answer(device: MCUDevice, *, ok: bool = True) -> None:
    command = DeviceCommand.objects.filter(device=device).latest("pk")
    words = None if ok else "no"
    store([arrival(device, {"v": 1, "id": command.command_id, "ok": ok, "error": words}, "acks")])


def give(device: MCUDevice, kind: str, arguments: dict[str, Any], *, ok: bool = True) -> None:
    give_command([device], kind, arguments)
    answer(device, ok=ok)


def test_interval_and_all_limits_are_given_again_once_a_boot() -> None:
    device = make_device()
    boots(device, 1)
    give(device, "set_interval", {"interval_s": 10})
    give(device, "set_limits", {"co2_high_ppm": 150_000, "flow_low_m3s": 0.2})
    give(device, "set_limits", {"co2_high_ppm": 160_000, "temperature_high_c": None})
    give(device, "reboot", {})
    assert give_again() == 0

    boots(device, 2)
    assert give_again() == 2
    assert give_again() == 0

    again = {one.kind: one for one in DeviceCommand.objects.filter(cause=CommandCause.RESTART)}
    assert again["set_interval"].arguments == {"interval_s": 10}
    assert again["set_limits"].arguments == {
        "co2_high_ppm": 160_000, "flow_low_m3s": 0.2, "temperature_high_c": None,
    }  # fmt: skip


def test_what_this_boot_has_refused_or_somebody_withdrew_is_not_given_again() -> None:
    device = make_device()
    boots(device, 1)
    give(device, "set_interval", {"interval_s": 10})
    boots(device, 2)

    assert give_again() == 1
    answer(device, ok=False)
    assert give_again() == 0
    boots(device, 3)
    assert give_again() == 1
    withdraw("set_interval", [device])

    assert give_again() == 0


def test_a_device_that_restarts_all_the_time_is_told_so_many_times_a_day() -> None:
    device = make_device()
    boots(device, 1)
    give(device, "set_interval", {"interval_s": 10})
    for stream in range(2, GIVEN_A_DAY + 5):
        boots(device, stream)
        if give_again():
            answer(device)

    assert DeviceCommand.objects.filter(cause=CommandCause.RESTART).count() == GIVEN_A_DAY
