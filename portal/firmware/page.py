"""Images and roll-outs of an organisation in words."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import dateformat
from django.utils.translation import gettext as _

from mqtt_ingest.choices import RollOutState, UpdateProblem, UpdateState
from mqtt_ingest.models import DeviceUpdate, FirmwareImage, RollOut

SHOWN = 20
_BADGES = {
    UpdateState.FINE: "fine", UpdateState.BAD: "look", UpdateState.STUCK: "look", UpdateState.GOING_BACK: "look",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class UpdateRow:
    device: str
    is_first: bool
    state: str
    badge: str
    problem: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RollOutRow:
    pk: int
    version: str
    state: str
    problem: str
    started: str  # when, by whom
    why: str
    counts: str
    updates: list[UpdateRow]
    is_running: bool


@dataclass(frozen=True, slots=True)
class FirmwarePage:
    organisation: Any
    images: list[FirmwareImage]
    roll_outs: list[RollOutRow]
    has_key: bool


def firmware_page(organisation: Any, *, has_key: bool) -> FirmwarePage:
    roll_outs = RollOut.objects.filter(organisation=organisation).select_related("image", "started_by")
    roll_outs = roll_outs.defer("image__content")  # megabytes each
    return FirmwarePage(
        organisation=organisation,
        images=list(
            FirmwareImage.objects.filter(organisation=organisation).defer("content").select_related("added_by")
        ),
        roll_outs=[_row(one) for one in roll_outs.prefetch_related("updates__device")[:SHOWN]],
        has_key=has_key,
    )


def _row(roll_out: RollOut) -> RollOutRow:
    updates = list(roll_out.updates.all())
    done_count = sum(one.state in (UpdateState.FINE, UpdateState.BACK) for one in updates)
    return RollOutRow(
        pk=roll_out.pk,
        version=roll_out.image.version,
        state=str(RollOutState(roll_out.state).label),
        problem=str(UpdateProblem(roll_out.problem).label) if roll_out.problem else "",
        started=_("%(who)s, %(when)s") % {"who": roll_out.started_by, "when": _utc(roll_out.started_at)},
        why=roll_out.reason,
        counts=_("%(done)d of %(all)d devices") % {"done": done_count, "all": len(updates)},
        # Of a large network the first ones and those with a problem.
        updates=[_update(one) for one in updates if one.is_first or one.problem or one.state == UpdateState.STUCK][:50],
        is_running=roll_out.state in (RollOutState.FIRST, RollOutState.REST),
    )


def _utc(moment: datetime) -> str:
    return dateformat.format(moment.astimezone(UTC), "j M Y H:i") + " UTC"


def _update(update: DeviceUpdate) -> UpdateRow:
    state = UpdateState(update.state)
    return UpdateRow(
        device=update.device.device_id,
        is_first=update.is_first,
        state=str(state.label),
        badge=_BADGES.get(state, ""),
        problem=str(UpdateProblem(update.problem).label) if update.problem else "",
        before=_shares(update.version_before, update.good_before, update.received_before),
        after=_shares("", update.good_after, update.received_after),
    )


def _shares(version: str, good: float | None, received: float | None) -> str:
    parts = [version] if version else []
    if good is not None and received is not None:
        shown = {"good": f"{100 * good:.0f}", "received": f"{100 * received:.0f}"}
        parts.append(_("%(good)s %% of readings good, %(received)s %% of the time covered") % shown)
    return ", ".join(parts)
