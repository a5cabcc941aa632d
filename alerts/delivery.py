"""Sends what waits: one message for a channel at a time, with retries, back-off, the gateway's cap, and digests.

1. `_take` reserves a channel for a while, in a transaction; it suppresses what nobody wants, and counts the cost.
2. The message goes out, in no transaction. 3. `_settle` stores what came of it. A worker that is killed in between
leaves the channel to the next one after its reservation: so a message goes out at least once, and it may go twice.
A program drops the second one by the ids in it; an SMS cannot.
"""

import logging
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from alerts import channels, messages
from alerts.brief import brief_of
from alerts.channel_kinds import NEEDS_GATEWAY, Message
from alerts.choices import AlertAct, AlertState
from alerts.notice_choices import ChannelKind, GatewayKind, NoticeKind, NoticeState, Suppression
from alerts.notice_models import Channel, Delivery, Gateway
from alerts.services import may_see

logger = logging.getLogger(__name__)

GAP = timedelta(seconds=30)  # between two messages of one channel: what comes meanwhile is one digest
LEASE = timedelta(seconds=60)  # longer than a message can take
FIRST_PAUSE_S, LARGEST_TRIES = 15, 9  # the last try is after about an hour
FAILURES_UNTIL_OFF = 50
MOST_AT_ONCE = 500
SENDERS = 4
_TOLD = (NoticeKind.ALARM, NoticeKind.OVER)


@dataclass(slots=True)
class Taken:
    """A channel reserved by this worker, and what goes out over it as one message."""

    channel: Channel
    deliveries: list[Delivery]
    gateway: Gateway | None = None
    message_id: uuid.UUID = field(default_factory=uuid.uuid4)


def send_next() -> bool:
    """Send one message; False when nothing is due."""
    taken = _take()
    if taken is None:
        return False
    if taken.deliveries:
        error = _("An error of this server; its log says which.")
        try:
            error = _send(taken)
        finally:
            _settle(taken, error)
    return True


# --- Taking ---------------------------------------------------------------------------------------
def _due_channels() -> QuerySet[Channel]:
    now = timezone.now()
    waiting = Delivery.objects.filter(channel=OuterRef("pk"), state=NoticeState.WAITING, due_at__lte=now)
    is_free = Q(busy_until__isnull=True) | Q(busy_until__lt=now)
    has_paused = Q(last_sent_at__isnull=True) | Q(last_sent_at__lte=now - GAP)
    return Channel.objects.filter(is_free, has_paused).filter(Exists(waiting))


def _take() -> Taken | None:
    with transaction.atomic():
        locked = _due_channels().select_for_update(skip_locked=True, of=("self",), no_key=True)
        channel = locked.order_by("busy_until", "pk").select_related("user").first()
        if channel is None:
            return None
        taken = Taken(channel, _wanted(channel))
        if taken.deliveries and channel.kind in NEEDS_GATEWAY:
            _through_gateway(taken)
        for delivery in taken.deliveries:
            delivery.message = taken.message_id
        Delivery.objects.bulk_update(taken.deliveries, ["message", "cost_amount"])
        channel.busy_until = timezone.now() + LEASE if taken.deliveries else None
        channel.save(update_fields=["busy_until"])
    return taken


def _wanted(channel: Channel) -> list[Delivery]:
    """What is due and belongs together; what nobody wants any more is suppressed."""
    due = Delivery.objects.filter(channel=channel, state=NoticeState.WAITING, due_at__lte=timezone.now())
    related = ("event__alert__factory__organisation", "event__alert__organisation", "factory__organisation")
    rows = list(due.select_related(*related).order_by("pk")[:MOST_AT_ONCE])
    for row in rows:
        row.user = channel.user
        if why := _unwanted(row, channel):
            _end(row, NoticeState.SUPPRESSED, suppressed_by=why)
    left = [row for row in rows if row.state == NoticeState.WAITING]
    if not left:
        return []
    if left[0].kind not in _TOLD:
        return left[:1]
    return [row for row in left if row.kind in _TOLD and row.organisation_id == left[0].organisation_id]


def _unwanted(row: Delivery, channel: Channel) -> str:
    if row.kind == NoticeKind.PROOF:
        return ""
    if not channel.is_used or not row.user.is_active:
        return Suppression.SWITCHED_OFF
    if row.event is None:
        return ""
    alert = row.event.alert
    if not may_see(row.user, alert):
        return Suppression.NO_RIGHT
    is_for_whoever_took_it = row.event.act in (AlertAct.ASSIGNED, AlertAct.WOKEN)
    is_taken = alert.state in (AlertState.CLOSED, AlertState.SNOOZED) or (
        alert.state == AlertState.ACKNOWLEDGED and not is_for_whoever_took_it
    )
    # A program is told of what began and of what ended, also when both came at once.
    if row.kind == NoticeKind.ALARM and is_taken and channel.kind != ChannelKind.WEBHOOK:
        return Suppression.OVER
    return ""


def _through_gateway(taken: Taken) -> None:
    """Finds the organisation's gateway and counts the cost. The lock makes the cap exact with several workers."""
    first = taken.deliveries[0]
    gateways = Gateway.objects.filter(organisation=first.organisation_id, carries=taken.channel.kind)
    gateway = gateways.select_for_update(no_key=True).first()
    if gateway is None or _would_pass_the_cap(gateway):
        why = Suppression.NO_GATEWAY if gateway is None else Suppression.CAP
        for row in taken.deliveries:
            _end(row, NoticeState.SUPPRESSED, suppressed_by=why)
        taken.deliveries = []
        return
    taken.gateway = gateway
    # What is there already is of a try that ended with its worker, and may have gone out.
    first.cost_amount = (first.cost_amount or 0) + gateway.cost_per_message


def _would_pass_the_cap(gateway: Gateway) -> bool:
    cap = gateway.monthly_cap
    return cap is not None and gateway.spent_this_month + gateway.cost_per_message > cap


# --- Sending --------------------------------------------------------------------------------------
def _send(taken: Taken) -> str:
    """Why it failed, empty when it went out."""
    channel, first = taken.channel, taken.deliveries[0]
    kind = ChannelKind(channel.kind)
    fields = channels.opened(channel.sealed_fields)
    if not fields:
        return "sealed by another SECRET_KEY"
    by = taken.gateway
    gateway = (GatewayKind(by.kind), channels.opened(by.sealed_fields)) if by is not None else None
    return channels.send(kind, fields, _message(channel, kind, first, taken.deliveries), gateway)


def _message(channel: Channel, kind: ChannelKind, first: Delivery, rows: list[Delivery]) -> Message:
    if first.kind == NoticeKind.PROOF:
        return messages.of_code(channel.user, kind, _new_code(channel))
    if first.kind == NoticeKind.BRIEF:
        assert first.factory is not None
        return brief_of(channel.user, kind, first)
    return messages.of_alarms(channel.user, kind, rows)


def _new_code(channel: Channel) -> str:
    code = f"{secrets.randbelow(1_000_000):06}"
    Channel.objects.filter(pk=channel.pk).update(  # its owner may have removed it
        code_sha256=code_digest(channel, code), code_sent_at=timezone.now(), wrong_codes=0
    )
    return code


def code_digest(channel: Channel, code: str) -> str:
    """By SECRET_KEY: a million codes are soon tried against a plain hash."""
    return salted_hmac("alerts.codes", f"{channel.pk} {code}", algorithm="sha256").hexdigest()


def _settle(taken: Taken, error: str) -> None:
    """Store what came of it, unless another worker has taken the channel over since, or its owner removed it."""
    now = timezone.now()
    with transaction.atomic():
        mine = Channel.objects.select_for_update(no_key=True).filter(pk=taken.channel.pk)
        channel = mine.filter(busy_until=taken.channel.busy_until).first()
        if channel is None:
            return
        rows = Delivery.objects.filter(message=taken.message_id, state=NoticeState.WAITING)
        for row in rows.select_for_update().order_by("pk"):
            row.tries += 1  # here: a try that ends with its worker uses none up
            if not error:
                _end(row, NoticeState.SENT)
            elif row.tries >= LARGEST_TRIES:
                _end(row, NoticeState.FAILED, error=error, cost_amount=None)
            else:
                row.error, row.cost_amount = error, None
                row.due_at = now + timedelta(seconds=FIRST_PAUSE_S * 2 ** (row.tries - 1))
                row.save(update_fields=["tries", "error", "cost_amount", "due_at"])
        channel.busy_until = None
        channel.failures = channel.failures + 1 if error else 0
        if not error:
            channel.last_sent_at = now
        elif channel.failures >= FAILURES_UNTIL_OFF:
            channel.switched_off_at = now
        channel.save(update_fields=["busy_until", "failures", "last_sent_at", "switched_off_at"])
    if error:
        logger.warning("a notice over channel %s did not go out, try %s", channel.pk, taken.deliveries[0].tries + 1)


def _end(row: Delivery, state: NoticeState, **columns: object) -> None:
    row.state, row.done_at = state, timezone.now()
    for name, value in ({"error": ""} | columns).items():
        setattr(row, name, value)
    row.save(update_fields=["state", "done_at", "suppressed_by", "tries", "error", "cost_amount"])


# --- In the worker --------------------------------------------------------------------------------
_senders = threading.BoundedSemaphore(SENDERS)


def send_waiting() -> int:
    """Begin to send, in threads beside the other jobs, which must not wait for a slow receiver; how many began."""
    due = _due_channels()[:SENDERS].count()
    begun = 0
    while begun < due and _senders.acquire(blocking=False):
        threading.Thread(target=_send_all, name="notices").start()
        begun += 1
    return begun


def _send_all() -> None:
    """Until nothing is due, or the worker ends. After an error the next round of the job begins a new one."""
    try:
        while threading.main_thread().is_alive() and send_next():
            pass
    finally:
        connection.close()
        _senders.release()
