"""The roll-out of an image: to the first devices, then to the others, halted by itself and rolled back.

`keep_roll_outs` runs every 30 s. It observes, `update_verdict` judges, and what follows is done here. During an outage
of ours it waits, and afterwards the devices have their whole time again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from devices.models import MCUDevice
from devices.queries import is_online
from emissions.models import EmissionMinute
from lib.errors import ApiError, invalid
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState, RollOutState, UpdateProblem, UpdateState
from mqtt_ingest.commands import Sender, give_command, withdraw_all
from mqtt_ingest.images import check_image, update_arguments
from mqtt_ingest.liveness import SETTLED_AFTER, settled_at
from mqtt_ingest.models import DeviceCommand, DeviceUpdate, FirmwareImage, RollOut
from mqtt_ingest.update_verdict import WARM_UP_S, Seen, Shares, is_to_be_halted, judge

SHORTEST_WATCH_S, LONGEST_WATCH_S = 10 * 60, 7 * 86_400
USUAL_WATCH_S = 3_600
ROLLED_UP_WITHIN = timedelta(minutes=2)  # the newest minutes are not there yet
# A command locks the row of its device until the commit, and ingest waits for that row.
GIVEN_AT_ONCE = 100
LEAST_BEFORE = 0.5  # share of good readings, and of time covered: with less a fault would not show


@dataclass(frozen=True, slots=True)
class RollOutPlan:
    """Which devices get an image, which of them first, and how long these are watched."""

    first: Sequence[MCUDevice]
    rest: Sequence[MCUDevice]
    watch_s: int = USUAL_WATCH_S
    reason: str = ""


# --- Begin and halt -----------------------------------------------------------------------------
@transaction.atomic
def start_roll_out(image: FirmwareImage, plan: RollOutPlan, user: Any) -> RollOut:
    """Give the image to the first devices.

    Raises ApiError: 400 by field, 409 `roll_out_running`, `no_https`, `address_too_long`.
    """
    now = timezone.now()
    check_image(image)
    if not SHORTEST_WATCH_S <= plan.watch_s <= LONGEST_WATCH_S:
        words = _("watch_minutes=%(value)d min is outside %(low)d to %(high)d min; give one within.")
        shown = {"value": plan.watch_s // 60, "low": SHORTEST_WATCH_S // 60, "high": LONGEST_WATCH_S // 60}
        raise invalid("watch_minutes", "out_of_range", words % shown, **shown)
    if not plan.first:
        raise invalid("first", "required", _("Name the device that gets it first."))
    for device in plan.first:
        if device.firmware == image.version:
            words = _("%(device)s runs this version already, so nothing can be compared; choose another.")
            raise invalid("first", "runs_it_already", words % {"device": device}, device=device.device_id)
        before = _shares_before(device, plan.watch_s, now)
        if before is None or min(before.good, before.received) < LEAST_BEFORE:
            words = _(
                "%(device)s has good readings for less than half of the time before, so nothing would show a fault; "
                "choose another."
            )
            raise invalid("first", "no_readings", words % {"device": device}, device=device.device_id)
    try:
        with transaction.atomic():
            roll_out = RollOut.objects.create(
                image=image, organisation=image.organisation, reason=plan.reason, watch_s=plan.watch_s, started_by=user
            )
    except IntegrityError as error:
        words = _("A roll-out is running in this organisation: wait for its end, or halt it.")
        raise ApiError(409, "roll_out_running", words) from error
    DeviceUpdate.objects.bulk_create(
        DeviceUpdate(roll_out=roll_out, device=one, is_first=is_first, version_before=one.firmware)
        for devices, is_first in ((plan.first, True), (plan.rest, False))
        for one in devices
    )
    _give(roll_out, is_first=True, now=now)
    return roll_out


def halt_by_person(roll_out: RollOut, user: Any) -> RollOut:
    """Raises ApiError 409 `roll_out_ended`."""
    with transaction.atomic():
        locked = _locked().get(pk=roll_out.pk)
        if not locked.is_running:
            raise ApiError(409, "roll_out_ended", _("This roll-out is not running any more."))
        locked.halted_by = user
        _halt(locked, UpdateProblem.BY_PERSON, timezone.now())
    return locked


def _locked(**options: bool) -> QuerySet[RollOut]:
    """Without the content of the image: it has megabytes."""
    return RollOut.objects.select_for_update(of=("self",), **options).select_related("image").defer("image__content")


def _give(roll_out: RollOut, *, is_first: bool, now: datetime) -> None:
    """The command to the next devices that wait, and how well each ran before."""
    waiting = roll_out.updates.filter(is_first=is_first, state=UpdateState.WAITING).select_related("device")
    for update in waiting.order_by("device")[:GIVEN_AT_ONCE]:  # as ingest locks them
        device = update.device
        update.version_before = device.firmware
        if device.revoked_at is not None:
            update.state, update.problem = UpdateState.BAD, UpdateProblem.NO_ANSWER
        elif device.firmware == roll_out.image.version:
            update.state = UpdateState.FINE  # it has it already
        else:
            before = _shares_before(device, roll_out.watch_s, now)
            if before is not None:
                update.good_before, update.received_before = before.good, before.received
            sender = Sender(roll_out.started_by, roll_out.reason, CommandCause.ROLL_OUT)
            update.command = _tell(device, roll_out.image, sender)
            update.state = UpdateState.UNDER_WAY
        update.save()


# --- Step by step -------------------------------------------------------------------------------
def keep_roll_outs() -> int:
    """Take each roll-out a step further; how many there are. None during an outage of ours: all would look silent."""
    keys = list(RollOut.objects.filter(ended_at=None).values_list("pk", flat=True))
    for pk in keys:
        settled = settled_at()
        if settled is None:
            return 0
        with transaction.atomic():
            roll_out = _locked(skip_locked=True).filter(pk=pk).first()
            if roll_out is not None:
                _step(roll_out, timezone.now(), settled)
    return len(keys)


def _step(roll_out: RollOut, now: datetime, settled: datetime) -> None:
    if roll_out.state == RollOutState.HALTED:
        _go_back(roll_out, now)
        return
    of_first = roll_out.state == RollOutState.FIRST
    _give(roll_out, is_first=of_first, now=now)
    updates = list(roll_out.updates.filter(is_first=of_first).select_related("device", "command"))
    for update in updates:
        if update.state == UpdateState.UNDER_WAY:
            _look(update, roll_out, now, settled)
    states = [update.state for update in updates]
    if is_to_be_halted(states, of_first=of_first):
        problem = next(update.problem for update in updates if update.state == UpdateState.BAD)
        _halt(roll_out, UpdateProblem(problem), now)
    elif UpdateState.WAITING in states or UpdateState.UNDER_WAY in states:
        return
    elif of_first and roll_out.updates.filter(is_first=False).exists():
        _set_state(roll_out, RollOutState.REST)
        _give(roll_out, is_first=False, now=now)
    else:
        _set_state(roll_out, RollOutState.DONE, now)


def _set_state(roll_out: RollOut, state: RollOutState, ended_at: datetime | None = None) -> None:
    roll_out.state, roll_out.ended_at = state, ended_at
    roll_out.save(update_fields=["state", "ended_at", "problem", "halted_by"])


def _look(update: DeviceUpdate, roll_out: RollOut, now: datetime, settled: datetime) -> None:
    """Observe a device that is under way, keep what was seen, and judge it by what came after our last outage."""
    assert update.command is not None

    def ago_s(moment: datetime | None) -> float | None:
        return (now - max(moment, settled)).total_seconds() if moment else None

    has_new_version = update.device.firmware == roll_out.image.version
    if update.back_at is None and has_new_version:
        update.back_at = now
    after, back_ago_s = None, ago_s(update.back_at)
    if back_ago_s is not None:
        after = _shares(update.device, now - timedelta(seconds=back_ago_s - WARM_UP_S), now - ROLLED_UP_WITHIN)
    if after is not None:
        update.good_after, update.received_after = after.good, after.received
    before = None
    if update.good_before is not None and update.received_before is not None:
        before = Shares(update.good_before, update.received_before)
    seen = Seen(
        command=CommandState(update.command.state),
        answered_ago_s=ago_s(update.command.ended_at),
        has_new_version=has_new_version,
        back_ago_s=back_ago_s,
        is_online=is_online(update.device, now),
        before=before,
        after=after,
    )
    update.state, problem = judge(seen, roll_out.watch_s)
    update.problem = problem or ""
    update.save()


def _shares_before(device: MCUDevice, watch_s: float, now: datetime) -> Shares | None:
    """Of the time before the command, as far as readings were stored without a break."""
    begin, settled = now - timedelta(seconds=watch_s), settled_at()
    return _shares(device, max(begin, settled - SETTLED_AFTER) if settled else begin, now)


def _shares(device: MCUDevice, begin: datetime, end: datetime) -> Shares | None:
    """Of the rolled-up minutes of the device of a stretch of time; None without a reading, or before it begins."""
    minutes = EmissionMinute.objects.filter(device=device, period_start__gte=begin, period_start__lt=end)
    sums = minutes.aggregate(all=Sum("readings"), valid=Sum("valid_readings"), covered_ms=Sum("covered_ms"))
    if not sums["all"]:
        return None
    received = sums["covered_ms"] / 1000.0 / (end - begin).total_seconds()
    return Shares(good=sums["valid"] / sums["all"], received=min(1.0, received))


# --- Back -----------------------------------------------------------------------------------------
def _halt(roll_out: RollOut, problem: UpdateProblem, now: datetime) -> None:
    """Nothing more goes out, and who has the new version or may have it gets the one before."""
    withdraw_all(DeviceCommand.objects.filter(pk__in=roll_out.updates.values("command")))
    roll_out.problem = problem
    _set_state(roll_out, RollOutState.HALTED)
    _go_back(roll_out, now)


def _go_back(roll_out: RollOut, now: datetime) -> None:
    """Until no device runs the new version any more. A device that a withdrawn command has reached goes back too.

    A device to which a later roll-out has given an image is that one's.
    """
    later = DeviceUpdate.objects.filter(roll_out__pk__gt=roll_out.pk, device=OuterRef("device"), command__isnull=False)
    updates = list(
        roll_out.updates.exclude(command=None)
        .filter(~Exists(later))
        .select_related("device", "command")
        .order_by("device")
    )
    images = FirmwareImage.objects.filter(organisation=roll_out.organisation_id).defer("content")
    earlier = {image.version: image for image in images}
    given_count = 0
    for update in updates:
        if update.state == UpdateState.GOING_BACK:
            _look_back(update)
        elif update.state not in (UpdateState.BACK, UpdateState.STUCK) and given_count < GIVEN_AT_ONCE:
            _turn_back(update, roll_out, earlier.get(update.version_before), now)
            given_count += update.state == UpdateState.GOING_BACK
    is_over = all(one.state in (UpdateState.BACK, UpdateState.STUCK) for one in updates)
    if is_over or now - roll_out.started_at > timedelta(days=30):
        _set_state(roll_out, RollOutState.ROLLED_BACK, now)


def _turn_back(update: DeviceUpdate, roll_out: RollOut, image: FirmwareImage | None, now: datetime) -> None:
    command, firmware = update.command, update.device.firmware
    assert command is not None
    runs_old = update.problem == UpdateProblem.NOT_BACK and firmware == update.version_before
    has_answered = command.state == CommandState.ACKNOWLEDGED and not runs_old
    if not has_answered and firmware != roll_out.image.version:
        # One that a withdrawn command has reached shows the new version, or answers, within minutes.
        is_open = command.state == CommandState.WITHDRAWN and not runs_old
        if is_open and command.ended_at is not None and now - command.ended_at < SETTLED_AFTER:
            return
        update.state = UpdateState.BACK
    elif image is None or update.device.revoked_at is not None:
        update.state = UpdateState.STUCK
    else:
        update.command = _tell(update.device, image, Sender(roll_out.halted_by, cause=CommandCause.ROLL_BACK))
        update.state = UpdateState.GOING_BACK
    update.save()


def _look_back(update: DeviceUpdate) -> None:
    assert update.command is not None
    if update.command.state in (CommandState.FAILED, CommandState.EXPIRED, CommandState.WITHDRAWN):
        update.state = UpdateState.STUCK
    elif update.command.state == CommandState.ACKNOWLEDGED and update.device.firmware == update.version_before:
        update.state = UpdateState.BACK
    update.save()


def _tell(device: MCUDevice, image: FirmwareImage, sender: Sender) -> DeviceCommand:
    (command,) = give_command([device], CommandKind.UPDATE_FIRMWARE, update_arguments(image), sender)
    return command
