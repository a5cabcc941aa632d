"""The page of one device: what keeps readings out of totals, what was refused, its places, calibrations and history.

Reads only. The acts are in `devices.services`, `devices.mounting` and `devices.set_aside`.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.broker import broker_state
from devices.calibrations import valid_until
from devices.choices import BrokerState, HoldKind, SetAsideReason
from devices.models import AssignmentHold, MCUDevice
from devices.queries import state_of, waiting_holds
from devices.sensors import misfit_of
from emissions.set_aside import Effect
from mqtt_ingest.choices import Reason
from mqtt_ingest.models import RejectedMessage
from portal.devices.forms import moment_field
from portal.words import hold_sentence, state_word

REFUSED_FOR = timedelta(hours=24)
Row = tuple[str, str]


class SetAsideForm(forms.Form):
    """Times are those of the site's clock: the view activates its zone."""

    period_start = moment_field(label=gettext_lazy("From"))
    period_end = moment_field(label=gettext_lazy("To"))
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=SetAsideReason.choices)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)


def device_page(device: MCUDevice, now: datetime, effect: Effect | None = None) -> dict[str, Any]:
    """All that the page shows, times on the clock of the site. `effect`: of a period that may be set aside."""
    state, login = state_of(device, now), broker_state(device)
    holds = AssignmentHold.objects.filter(assignment__device=device).select_related("opened_by", "resolved_by")
    places = device.assignments.select_related("chimney").order_by("-valid_from", "-pk")
    current = next((place for place in places if place.valid_to is None), None)
    return {
        "device": device,
        "state": state,
        "state_word": state_word(state),
        "broker_word": "" if login == BrokerState.IN_FORCE else str(login.label),
        "misfit": misfit_of(current) if current else "",
        "facts": _facts(device),
        "places": [(place, _period(device, place.valid_from, place.valid_to)) for place in places],
        "calibrations": device.calibrations.all(),
        "calibration_states": _calibration_states(device, now),
        "holds": [(hold, hold_sentence(hold)) for hold in waiting_holds().filter(assignment__device=device)],
        "closed_holds": holds.exclude(resolution="").exclude(kind=HoldKind.SET_ASIDE).order_by("-resolved_at")[:50],
        "refused": _refused(device, now),
        "periods": [
            (hold, _period(device, hold.starts_at, hold.ends_at)) for hold in holds.filter(kind=HoldKind.SET_ASIDE)
        ],
        "effect": effect,
    }


def _local(device: MCUDevice, moment: datetime | None) -> str:
    return dateformat.format(moment.astimezone(device.factory.zone), "j M Y H:i") if moment else ""


def _period(device: MCUDevice, start: datetime | None, end: datetime | None) -> str:
    shown = {"start": _local(device, start) or _("with its first reading"), "end": _local(device, end) or _("now")}
    return _("%(start)s to %(end)s") % shown


def _day(day: date | None) -> str:
    return dateformat.format(day, "j M Y") if day else ""


def _facts(device: MCUDevice) -> list[Row]:
    """Those that are known."""
    told = [
        (_("Serial number"), device.serial_number),
        (_("Model"), device.model),
        (_("Firmware"), device.firmware),
        (_("Measures every"), _("%(seconds)g s") % {"seconds": device.interval_s}),
        (_("Bought"), _day(device.bought_on)),
        (_("Installed"), _day(device.installed_on)),
        (_("Last heard of"), _local(device, device.last_heartbeat)),
        (_("Revoked"), _local(device, device.revoked_at)),
        (_("Retired"), _day(device.retired_on)),
    ]
    return [fact for fact in told if fact[1]]


def _calibration_states(device: MCUDevice, now: datetime) -> list[Row]:
    """Of zero and span, where an end was stated: a form of components/_state.html, and its words."""
    found = []
    for part, end in valid_until(device.calibrations.all()).items():
        form, words = "fine", _("%(part)s: valid until %(day)s")
        if end <= now:
            form, words = "act", _("%(part)s: expired on %(day)s, readings since then carry the flag")
        found.append((form, words % {"part": part.label, "day": _local(device, end)}))
    return found


def _refused(device: MCUDevice, now: datetime) -> list[str]:
    """The newest refusal of each reason. A sample is kept of them, so there is no count."""
    rows = RejectedMessage.objects.filter(topic_device_id=device.device_id, received_at__gt=now - REFUSED_FOR)
    newest = rows.order_by("reason", "-received_at").distinct("reason")
    return [_("%(reason)s: %(detail)s") % {"reason": Reason(row.reason).label, "detail": row.detail} for row in newest]
