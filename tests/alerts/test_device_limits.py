"""A device's own limits from the rules of its site: which, in which unit, and followed when a rule changes."""

from typing import Any

import pytest
from django.utils import timezone

from alerts.choices import Severity
from alerts.device_limits import follow_rules, give_limits, limits_of
from alerts.models import AlertRule
from devices.models import MCUDevice
from lib.errors import ApiError
from mqtt_ingest.choices import CommandCause
from mqtt_ingest.commands import give_command, take_due
from mqtt_ingest.models import DeviceCommand
from mqtt_ingest.store import store
from tests.cast import AsUser, Cast
from tests.make import make_assignment, make_chimney, make_device, make_user
from tests.mqtt_ingest.build import arrival

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(cast: Cast) -> MCUDevice:
    device = make_device(factory=cast.litein, device_id="litein-1", reported_online=True)
    chimney = make_chimney(factory=cast.litein, width_m=0.5, height_m=0.8, velocity_profile_factor=0.9)
    make_assignment(device=device, chimney=chimney)
    AlertRule.objects.all().delete()
    return device


def rule(cast: Cast, kind: str, limit: float | None, **fields: Any) -> AlertRule:
    fields = {"severity": Severity.WARNING, "duration_s": 300} | fields
    return AlertRule.objects.create(organisation=cast.organisation, kind=kind, limit=limit, **fields)


def test_the_sites_own_rule_wins_and_velocity_becomes_flow(device: MCUDevice, cast: Cast) -> None:
    rule(cast, "co2_high", 170_000)
    rule(cast, "co2_high", 160_000, factory=cast.litein)
    rule(cast, "flow_high", 15)
    rule(cast, "temperature_high", 350, is_enabled=False)
    rule(cast, "flow_low", 0.5)  # holds while the fire burns, which the device does not know

    # 15 m/s x 0.5 m x 0.8 m x 0.9 = 5.4 m3/s
    assert limits_of([device])[device.pk] == {"co2_high_ppm": 160_000, "temperature_high_c": None, "flow_high_m3s": 5.4}


def test_a_device_follows_the_rules_until_a_person_sets_others(device: MCUDevice, cast: Cast) -> None:
    of_co2 = rule(cast, "co2_high", 170_000)
    assert follow_rules() == 0  # nobody has asked for it
    give_limits(device, make_user())
    assert follow_rules() == 0

    of_co2.limit = 150_000
    of_co2.save()
    assert follow_rules() == 1
    assert follow_rules() == 0
    newest = DeviceCommand.objects.latest("pk")
    assert (newest.cause, newest.given_by, newest.arguments["co2_high_ppm"]) == (CommandCause.RULES, None, 150_000)

    give_command([device], "set_limits", {"co2_high_ppm": 120_000})
    of_co2.delete()
    assert follow_rules() == 0


def test_many_devices_are_looked_at_in_as_many_queries_as_one(
    device: MCUDevice, cast: Cast, django_assert_num_queries: Any
) -> None:
    rule(cast, "co2_high", 170_000)
    give_limits(device, None)
    for _number in range(3):
        other = make_device(factory=cast.litein)
        make_assignment(device=other, chimney=make_chimney(factory=cast.litein))
        give_limits(other, None)

    with django_assert_num_queries(3):  # their commands, their places, the rules
        assert follow_rules() == 0


def test_what_the_device_refused_is_not_given_again(device: MCUDevice, cast: Cast) -> None:
    of_co2 = rule(cast, "co2_high", 170_000)
    command = give_limits(device, make_user())
    take_due(timezone.now())
    store([arrival(device, {"v": 1, "id": command.command_id, "ok": False, "error": "no"}, "acks")])
    of_co2.limit = 150_000
    of_co2.save()

    assert follow_rules() == 0


def test_over_the_api(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    rule(cast, "co2_high", 170_000)
    url = "/api/mcu-devices/litein-1/limits-from-rules/"

    given = as_user(cast.installer).post(url)
    assert given.status_code == 201, given.content
    assert (given.json()["kind"], given.json()["cause"]) == ("set_limits", "rules")
    assert given.json()["arguments"]["co2_high_ppm"] == 170_000
    assert as_user(cast.auditor).post(url).status_code == 403

    device.assignments.all().delete()
    with pytest.raises(ApiError) as error:
        give_limits(device, None)
    assert error.value.code == "no_chimney"
