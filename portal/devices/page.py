"""The page of one device: what keeps readings out of totals, what was refused, and the form that sets a period aside.

Its own rows are in `history.py`; the acts in `devices.services`, `devices.mounting` and `devices.set_aside`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.broker import broker_state
from devices.choices import BrokerState, HoldKind, SetAsideReason
from devices.models import AssignmentHold, MCUDevice
from devices.queries import state_of, waiting_holds
from emissions.set_aside import Effect
from mqtt_ingest.choices import Reason
from mqtt_ingest.models import RejectedMessage
from portal.devices import history
from portal.words import hold_sentence, state_word

REFUSED_FOR = timedelta(hours=24)


class SetAsideForm(forms.Form):
    """Times are those of the site's clock: the view activates its zone."""

    period_start = forms.DateTimeField(label=gettext_lazy("From"))
    period_end = forms.DateTimeField(label=gettext_lazy("To"))
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=SetAsideReason.choices)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("period_start", "period_end"):
            self.fields[name].widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


@dataclass(frozen=True, slots=True)
class WaitingHold:
    pk: int
    sentence: str
    is_mismatch: bool
    can_count: bool
    registered: str
    reported: str
    since: str


@dataclass(frozen=True, slots=True)
class PeriodRow:
    pk: int
    period: str
    reason: str
    note: str
    by: str
    taken_back: str  # when and by whom; empty while it is set aside


@dataclass(frozen=True, slots=True)
class DevicePage:
    organisation_name: str
    device: MCUDevice
    state: str
    state_word: str
    broker_word: str  # of its login at the broker; empty where it is in force
    misfit: str  # why its sensor does not fit its chimney; else empty
    facts: list[history.DeviceFact]
    places: list[history.PlaceRow]
    calibrations: list[history.CalibrationRow]
    calibration_state: history.CalibrationState | None
    holds: list[WaitingHold]
    closed_holds: list[history.ClosedHold]
    refused: list[str]  # a sentence for each reason of the last 24 hours
    periods: list[PeriodRow]
    effect: Effect | None
    factory_url: str


def device_page(device: MCUDevice, now: datetime, effect: Effect | None = None) -> DevicePage:
    state, login = state_of(device, now), broker_state(device)
    return DevicePage(
        organisation_name=device.factory.organisation.name,
        device=device,
        state=state,
        state_word=state_word(state),
        broker_word="" if login == BrokerState.IN_FORCE else str(login.label),
        misfit=history.misfit(device),
        facts=history.facts(device),
        places=history.places(device),
        calibrations=history.calibrations(device),
        calibration_state=history.calibration_state(device, now),
        holds=[_waiting(device, hold) for hold in waiting_holds().filter(assignment__device=device)],
        closed_holds=history.closed_holds(device),
        refused=_refused(device, now),
        periods=[_period_row(hold) for hold in _set_asides(device)],
        effect=effect,
        factory_url=reverse("factory", args=[device.factory_id]),
    )


def _waiting(device: MCUDevice, hold: AssignmentHold) -> WaitingHold:
    return WaitingHold(
        pk=hold.pk,
        sentence=hold_sentence(hold) or "",
        is_mismatch=hold.kind == HoldKind.MISMATCH,
        can_count=hold.kind != HoldKind.GEOMETRY,
        registered=hold.registered,
        reported=hold.reported,
        since=history.local(device, hold.starts_at),
    )


def _set_asides(device: MCUDevice) -> Any:
    holds = AssignmentHold.objects.filter(assignment__device=device, kind=HoldKind.SET_ASIDE)
    return holds.select_related("assignment__device__factory", "opened_by", "resolved_by")


def _period_row(hold: AssignmentHold) -> PeriodRow:
    device = hold.assignment.device
    start, end = history.local(device, hold.starts_at), history.local(device, hold.ends_at)
    opened, taken_back = history.local(device, hold.opened_at), history.local(device, hold.resolved_at)
    return PeriodRow(
        pk=hold.pk,
        period=_("%(start)s to %(end)s") % {"start": start, "end": end},
        reason=str(SetAsideReason(hold.reason).label),
        note=hold.note,
        by=_("%(who)s, %(when)s") % {"who": hold.opened_by, "when": opened},
        taken_back=_("%(who)s, %(when)s") % {"who": hold.resolved_by, "when": taken_back} if hold.resolution else "",
    )


def _refused(device: MCUDevice, now: datetime) -> list[str]:
    """The newest refusal of each reason. A sample is kept of them, so there is no count."""
    rows = RejectedMessage.objects.filter(topic_device_id=device.device_id, received_at__gt=now - REFUSED_FOR)
    newest = rows.order_by("reason", "-received_at").distinct("reason")
    return [_("%(reason)s: %(detail)s") % {"reason": Reason(row.reason).label, "detail": row.detail} for row in newest]
