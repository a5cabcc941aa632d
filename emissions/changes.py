"""Acts on a device that can reach figures of the past: put it on a chimney, close a hold.

Each is asked about first (`factories.corrections`). A change of up to three days of readings is rolled up within the
act, so what is shown is what follows; a longer one is left to the worker, and shown as computed again.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from devices.choices import HoldResolution
from devices.models import Assignment, AssignmentHold, MCUDevice
from devices.mounting import Mounting, mount
from devices.services import first_moment, resolve_hold
from emissions.models import TouchedMinute
from emissions.rollups import note_applied, roll_up_touched, touch_changed_setups, touch_period
from factories.corrections import NOBODY, Confirmation, confirmed

MOST_MINUTES = 3 * 24 * 60


def assign(device: MCUDevice, mounting: Mounting, *, confirm: Confirmation = NOBODY) -> Assignment:
    """Raises ValidationError by field as `mount`; ConfirmationNeeded, and then nothing is stored."""

    def act() -> Assignment:
        on_chimney = mounting.chimney.assignments.filter(valid_to=None).values_list("device_id", flat=True)
        touched = {device.pk, *on_chimney}
        touch_changed_setups(touched)
        made = mount(device, mounting)
        _roll_up(touched, made.valid_from or timezone.now(), None)
        return made

    return confirmed(device.factory, act, ["assign", device.pk, repr(mounting)], confirm=confirm)


def close_hold(
    hold: AssignmentHold, resolution: HoldResolution, user: Any, *, confirm: Confirmation = NOBODY
) -> AssignmentHold:
    """Raises ValidationError for a hold that is closed already, or that is resolved otherwise; ConfirmationNeeded."""

    def act() -> AssignmentHold:
        row = AssignmentHold.objects.select_related("assignment__factory", "assignment__device").get(pk=hold.pk)
        if row.resolution:
            raise ValidationError(_("Somebody has decided this already."), code="hold_closed")
        start, device = first_moment(row), row.assignment.device_id
        touch_changed_setups([device])
        closed = resolve_hold(row, resolution, user)
        is_split = resolution == HoldResolution.DEVICE_RIGHT  # from its hour on all readings are computed otherwise
        _roll_up([device], start - timedelta(hours=is_split), None if is_split else row.ends_at)
        return closed

    return confirmed(hold.assignment.factory, act, ["hold", hold.pk, str(resolution)], confirm=confirm)


def _roll_up(devices: Collection[int], start: datetime, end: datetime | None) -> None:
    """At once where it is not much, else by the worker."""
    for device in devices:
        touch_period(device, start, end)
        if TouchedMinute.objects.filter(device=device).count() <= MOST_MINUTES:
            while roll_up_touched(only=[device]):
                pass
    note_applied(devices)
