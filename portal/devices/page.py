"""The page of one device: what keeps readings out of totals, what was refused, and the form that sets a period aside.

Reads and the form; the acts are in `devices.services` and `devices.set_aside`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.broker import broker_state
from devices.choices import BrokerState, HoldKind, SetAsideReason
from devices.models import AssignmentHold, MCUDevice
from devices.queries import state_of, waiting_holds
from emissions.set_aside import Effect
from mqtt_ingest.choices import Reason
from mqtt_ingest.models import RejectedMessage
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
    holds: list[WaitingHold]
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
        holds=[
            WaitingHold(
                hold.pk, hold_sentence(hold) or "", hold.kind == HoldKind.MISMATCH, hold.kind != HoldKind.GEOMETRY
            )
            for hold in waiting_holds().filter(assignment__device=device)
        ],
        refused=_refused(device, now),
        periods=[_period_row(hold) for hold in _set_asides(device)],
        effect=effect,
        factory_url=reverse("factory", args=[device.factory_id]),
    )


def _set_asides(device: MCUDevice) -> Any:
    holds = AssignmentHold.objects.filter(assignment__device=device, kind=HoldKind.SET_ASIDE)
    return holds.select_related("assignment__factory", "opened_by", "resolved_by")


def _period_row(hold: AssignmentHold) -> PeriodRow:
    zone = hold.assignment.factory.zone

    def local(moment: datetime | None) -> str:
        return dateformat.format(moment.astimezone(zone), "j M Y H:i") if moment else ""

    return PeriodRow(
        pk=hold.pk,
        period=_("%(start)s to %(end)s") % {"start": local(hold.starts_at), "end": local(hold.ends_at)},
        reason=str(SetAsideReason(hold.reason).label),
        note=hold.note,
        by=_("%(who)s, %(when)s") % {"who": hold.opened_by, "when": local(hold.opened_at)},
        taken_back=_("%(who)s, %(when)s") % {"who": hold.resolved_by, "when": local(hold.resolved_at)}
        if hold.resolution
        else "",
    )


def _refused(device: MCUDevice, now: datetime) -> list[str]:
    """The newest refusal of each reason. A sample is kept of them, so there is no count."""
    rows = RejectedMessage.objects.filter(topic_device_id=device.device_id, received_at__gt=now - REFUSED_FOR)
    newest = rows.order_by("reason", "-received_at").distinct("reason")
    return [_("%(reason)s: %(detail)s") % {"reason": Reason(row.reason).label, "detail": row.detail} for row in newest]
