"""Roll-outs of an organisation in words."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.utils import dateformat
from django.utils.translation import gettext as _

from mqtt_ingest.choices import UpdateState
from mqtt_ingest.models import DeviceUpdate, RollOut

SHOWN, UPDATES_SHOWN = 20, 50
_BADGES = {UpdateState.FINE: "fine", UpdateState.BAD: "look", UpdateState.STUCK: "look", UpdateState.GOING_BACK: "look"}


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


def roll_out_rows(organisation: Any) -> list[RollOutRow]:
    found = RollOut.objects.filter(organisation=organisation).select_related("image", "started_by")
    return [_row(one) for one in found.defer("image__content").prefetch_related("updates__device")[:SHOWN]]


def _row(roll_out: RollOut) -> RollOutRow:
    updates = list(roll_out.updates.all())
    done_count = sum(one.state in (UpdateState.FINE, UpdateState.BACK) for one in updates)
    # Of a large network the first ones and those with a problem.
    shown = [one for one in updates if one.is_first or one.problem or one.state == UpdateState.STUCK]
    started = dateformat.format(roll_out.started_at.astimezone(UTC), "j M Y H:i") + " UTC"
    return RollOutRow(
        pk=roll_out.pk,
        version=roll_out.image.version,
        state=roll_out.get_state_display(),
        problem=roll_out.get_problem_display(),
        started=_("%(who)s, %(when)s") % {"who": roll_out.started_by, "when": started},
        why=roll_out.reason,
        counts=_("%(done)d of %(all)d devices") % {"done": done_count, "all": len(updates)},
        updates=[_update(one) for one in shown[:UPDATES_SHOWN]],
        is_running=roll_out.is_running,
    )


def _update(update: DeviceUpdate) -> UpdateRow:
    return UpdateRow(
        device=update.device.device_id,
        is_first=update.is_first,
        state=update.get_state_display(),
        badge=_BADGES.get(UpdateState(update.state), ""),
        problem=update.get_problem_display(),
        before=", ".join(filter(None, (update.version_before, _shares(update.good_before, update.received_before)))),
        after=_shares(update.good_after, update.received_after),
    )


def _shares(good: float | None, received: float | None) -> str:
    if good is None or received is None:
        return ""
    shown = {"good": f"{100 * good:.0f}", "received": f"{100 * received:.0f}"}
    return _("%(good)s %% of readings good, %(received)s %% of the time covered") % shown
