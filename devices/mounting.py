"""Puts a device on a chimney, moves it, swaps it for another, and retires it: on whole hours of the site's clock.

None of these acts asks about the past: who calls them from a page or the API does, by `corrections.confirmed`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import dateformat, timezone
from django.utils.translation import gettext as _

from devices.access import revoke_device
from devices.choices import PressureCompensation
from devices.models import Assignment, MCUDevice
from devices.sensors import usual_basis
from devices.services import keep_geometry_holds
from factories.corrections import lock_site
from factories.days import local_hour_start
from factories.models import Chimney, Factory

ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounting:
    """Where a device goes and how its sensor reports. What is None stays as it was on the device's last chimney.

    `since`: a whole hour of the site. Without it a change counts from the next whole hour, a device that was nowhere
    from its first reading. `replaces`: the chimney's device of record makes room at that hour.
    """

    chimney: Chimney
    since: datetime | None = None
    replaces: bool = False
    is_of_record: bool = True
    sensor: str | None = None
    range_ppm: float | None = None
    co2_basis: str | None = None
    pressure_compensation: str | None = None


def chimney_of(factory: Factory, pk: int) -> Chimney:
    """Raises ValidationError for a chimney that the site does not have."""
    chimney = factory.chimneys.filter(pk=pk).first()
    if chimney is None:
        words = _("chimney=%(id)s is no chimney of %(factory)s.")
        error = ValidationError(words, code="unknown_chimney", params={"id": pk, "factory": factory.name})
        raise ValidationError({"chimney": error})
    return chimney


def next_hour(factory: Factory) -> datetime:
    return local_hour_start(timezone.now(), factory.zone) + ONE_HOUR


@transaction.atomic
def mount(device: MCUDevice, mounting: Mounting) -> Assignment:
    """Assign the device to a chimney; the device's own assignment, and with `replaces` the chimney's, end then.

    Raises ValidationError, by field: a device that is revoked, an hour that is not whole or not after the begin of
    what it ends, another factory's chimney, a sensor that does not fit, a chimney that has a device of record.
    """
    lock_site(device.factory)  # two swaps of one chimney take turns
    device.refresh_from_db()
    if device.revoked_at is not None:
        raise ValidationError(_("This device is revoked; register it under a new id."), code="device_revoked")
    last = device.assignments.order_by("-valid_from", "-pk").first()
    ended = [one for one in (_open_of(device), _replaced(device, mounting)) if one is not None]
    since = mounting.since or (next_hour(device.factory) if ended else None)
    assignment = Assignment(
        device=device,
        chimney=mounting.chimney,
        factory=device.factory,
        valid_from=since,
        is_of_record=mounting.is_of_record,
        **_sensor_fields(mounting, last),
    )
    try:
        for old in ended:
            assert since is not None
            end(old, since)
        assignment.full_clean()
    except ValidationError as error:
        raise _by_fields_of_mounting(error) from error
    assignment.save()
    keep_geometry_holds()
    if device.installed_on is None:
        device.installed_on = (since or timezone.now()).astimezone(device.factory.zone).date()
        device.save(update_fields=["installed_on"])
    return assignment


def _by_fields_of_mounting(error: ValidationError) -> ValidationError:
    """So a form shows it beside the field that was filled in."""
    return ValidationError({"since" if name == "valid_from" else name: e for name, e in error.error_dict.items()})


def _open_of(device: MCUDevice) -> Assignment | None:
    return device.assignments.filter(valid_to=None).first()


def _replaced(device: MCUDevice, mounting: Mounting) -> Assignment | None:
    if not (mounting.replaces and mounting.is_of_record):
        return None
    return mounting.chimney.assignments.filter(valid_to=None, is_of_record=True).exclude(device=device).first()


def _sensor_fields(mounting: Mounting, last: Assignment | None) -> dict[str, Any]:
    names = ("sensor", "range_ppm", "co2_basis", "pressure_compensation")
    stated = {name: value for name in names if (value := getattr(mounting, name)) is not None}
    sensor = mounting.sensor or ""
    before: dict[str, Any] = {name: getattr(last, name) for name in names} if last else {}
    before.setdefault("pressure_compensation", PressureCompensation.NONE)
    if last is None or (sensor and sensor != last.sensor):
        before |= {"sensor": sensor, "range_ppm": None, "co2_basis": usual_basis(sensor)}
    return before | stated


def end(assignment: Assignment, at: datetime) -> None:
    """End an assignment at a whole hour. One that still waits for its first reading then never counts.

    Raises ValidationError for an hour at or before its begin.
    """
    began = assignment.valid_from
    if began is not None and at <= began:
        shown = dateformat.format(began.astimezone(assignment.factory.zone), "j M Y H:i")
        words = _("%(device)s has been on %(chimney)s only since %(time)s: choose a later hour.")
        params = {"device": assignment.device.device_id, "chimney": assignment.chimney.name, "time": shown}
        raise ValidationError({"valid_from": ValidationError(words, code="before_begin", params=params)})
    assignment.valid_to = at
    assignment.save(update_fields=["valid_to"])


@transaction.atomic
def retire(device: MCUDevice, day: date | None = None) -> None:
    """Its login ends at once and its assignment with the running hour; it stays in every history. Idempotent.

    Raises ValidationError for a day in the future, or before it was installed.
    """
    lock_site(device.factory)  # nobody mounts it meanwhile
    today = timezone.now().astimezone(device.factory.zone).date()
    day = day or device.retired_on or today
    if day > today:
        words = _("A device retires today or before: its login ends at once.")
        raise ValidationError({"retired_on": ValidationError(words, code="future")})
    revoke_device(device)
    current = _open_of(device)
    if current is not None:
        at = next_hour(device.factory)
        if current.valid_from is not None and current.valid_from >= at:
            at = current.valid_from + ONE_HOUR  # it was to begin later: it has no hour to lose
        end(current, at)
    device.retired_on = day
    device.full_clean(exclude=["factory"])
    device.save(update_fields=["retired_on"])
