"""The limits of a device's own alarms, from the rules of its site: it watches them by itself, also without a network.

High limits only: low ones of a rule hold while the fire burns, which a device does not know. A device that once got
limits from the rules follows them until a person sets others.
"""

import logging
from collections.abc import Collection
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from alerts.choices import AlertKind
from alerts.models import AlertRule
from alerts.rules import rules_by_kind
from devices.models import Assignment, MCUDevice
from devices.queries import in_force_at
from lib.errors import ApiError
from mqtt_ingest.asking import check_takes_commands
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.commands import Sender, give_command
from mqtt_ingest.models import DeviceCommand
from science.stack import flow_rate_m3s

logger = logging.getLogger(__name__)

ARGUMENTS = {
    AlertKind.CO2_HIGH: "co2_high_ppm",
    AlertKind.TEMPERATURE_HIGH: "temperature_high_c",
    AlertKind.FLOW_HIGH: "flow_high_m3s",
}


def limits_of(devices: Collection[MCUDevice]) -> dict[int, dict[str, float | None]]:
    """The limits of each device by the rules of its site; null where no rule of its kind is in use. Two queries.

    A rule of flow is a velocity; the device takes the flow of the chimney in which it sits. Absent without a chimney.
    """
    mounted = in_force_at(timezone.now()).filter(device__in=devices).select_related("chimney", "factory")
    rules = rules_by_kind(ARGUMENTS)
    return {
        one.device_id: {name: _limit(rules[kind].of(one.factory), kind, one) for kind, name in ARGUMENTS.items()}
        for one in mounted
    }


def _limit(rule: AlertRule | None, kind: AlertKind, assignment: Assignment) -> float | None:
    if rule is None or not rule.is_enabled or rule.limit is None:
        return None
    if kind != AlertKind.FLOW_HIGH:
        return rule.limit
    chimney = assignment.chimney
    if chimney.area_m2 is None or chimney.velocity_profile_factor is None:
        return None
    flow_m3s = flow_rate_m3s(
        velocity_ms=rule.limit, area_m2=chimney.area_m2, velocity_profile_factor=chimney.velocity_profile_factor
    )
    return round(flow_m3s, 3)


def give_limits(device: MCUDevice, user: Any, reason: str = "") -> DeviceCommand:
    """The limits of the rules by command; from then on the device follows them.

    Raises ApiError 409: `no_chimney`, `foreign_sensor`.
    """
    check_takes_commands(device)
    limits = limits_of([device]).get(device.pk)
    if limits is None:
        words = _("%(device)s sits in no chimney, so no rule is about it: assign it first.") % {"device": device}
        raise ApiError(409, "no_chimney", words, params={"device": device.device_id})
    (command,) = give_command([device], CommandKind.SET_LIMITS, limits, Sender(user, reason, CommandCause.RULES))
    return command


def follow_rules() -> int:
    """Give new limits to devices that follow the rules, where these have changed; how many."""
    newest = (
        DeviceCommand.objects.filter(kind=CommandKind.SET_LIMITS, device__revoked_at=None, device__profile=None)
        .exclude(cause=CommandCause.RESTART)
        .order_by("device_id", "-pk")
        .distinct("device_id")
        .select_related("device")
    )
    ended_without = (CommandState.FAILED, CommandState.WITHDRAWN)
    following = [one for one in newest if one.cause == CommandCause.RULES and one.state not in ended_without]
    limits = limits_of([one.device for one in following])
    count = 0
    for one in following:
        if limits.get(one.device_id, {}).items() <= one.arguments.items():
            continue
        try:
            give_limits(one.device, None)
            count += 1
        except ApiError as error:  # a rule beyond what a device takes; the other devices get theirs
            logger.warning("%s does not get the limits of its rules: %s", one.device, error)
    return count
