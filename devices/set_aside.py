"""Sets a period of readings aside as invalid, and takes that back. Readings stay stored; their time becomes missing.

Totals follow: holds are part of what a roll-up is a function of (`emissions.rollups.touch_changed_setups`). What it
does to them is in `emissions/set_aside.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from devices.choices import HoldKind, HoldResolution, SetAsideReason
from devices.models import Assignment, AssignmentHold, MCUDevice
from devices.services import resolve_hold


@dataclass(frozen=True, slots=True)
class InvalidPeriod:
    """A half-open period of a device, and why its readings are invalid."""

    device: MCUDevice
    starts_at: datetime
    ends_at: datetime
    reason: SetAsideReason
    note: str = ""


def _invalid(field: str, code: str, message: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, code=code)})


@transaction.atomic
def set_aside(period: InvalidPeriod, user: Any) -> list[AssignmentHold]:
    """Keep the readings of a period out of totals; one hold for each assignment that it touches.

    Raises ValidationError, by field: a period that is empty or not over, no assignment in it, another reason without a
    note.
    """
    if period.starts_at >= period.ends_at:
        raise _invalid("period_end", "not_forward", _("The end is not after the begin."))
    if period.ends_at > timezone.now():
        raise _invalid("period_end", "future", _("Only a period that is over can be set aside."))
    if period.reason == SetAsideReason.OTHER and not period.note.strip():
        raise _invalid("note", "required", _("Say in the note what the reason is."))
    assignments = Assignment.objects.filter(device=period.device, valid_from__lt=period.ends_at).filter(
        Q(valid_to=None) | Q(valid_to__gt=period.starts_at)
    )
    told = {"starts_at": period.starts_at, "ends_at": period.ends_at, "opened_by": user}
    told |= {"kind": HoldKind.SET_ASIDE, "reason": period.reason, "note": period.note.strip()}
    holds = [AssignmentHold.objects.create(assignment=assignment, **told) for assignment in assignments]
    if not holds:
        message = _("The sensor was in no chimney in that period: nothing of it counts.")
        raise _invalid("period_start", "no_assignment", message)
    return holds


def take_back(hold: AssignmentHold, user: Any) -> AssignmentHold:
    """The readings count again, unless another hold keeps them out.

    Raises ValidationError for a hold that is resolved already, or of another kind.
    """
    if hold.kind != HoldKind.SET_ASIDE or hold.resolution:
        raise ValidationError(_("This period is not set aside."), code="not_set_aside")
    return resolve_hold(hold, HoldResolution.TAKEN_BACK, user)
