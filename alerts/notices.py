"""Makes notices of what happened to alarms: one for each event and channel, in the transaction that claims the event.

`AlertEvent` is the outbox. `EventClaim` says whose notices are made, so a worker that is killed between the opening of
an alarm and its notices leaves the event to the next round, and two workers make them once. `delivery.py` sends them.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from alerts.choices import AlertAct, AlertState
from alerts.models import Alert, AlertEvent
from alerts.notice_choices import ChannelKind, NoticeKind, NoticeState, Suppression
from alerts.notice_models import Channel, Delivery, Escalation, EventClaim
from alerts.rosters import Roster
from alerts.services import store_events
from lib import sql

AT_ONCE = 500
# An event gets its number before it is committed; none stays uncommitted while so many later ones are claimed.
_LATE_NUMBERS = 10_000
_LOCK = 0x4E4F5449  # advisory lock: one process at a time claims events or escalates
# An alarm that opens again soon is one alarm: this long after it was told, it is told again.
TOLD_AGAIN_AFTER = timedelta(hours=1)
BEGINS = frozenset({AlertAct.OPENED, AlertAct.WOKEN, AlertAct.REOPENED})
ENDS = frozenset({AlertAct.ACKNOWLEDGED, AlertAct.SNOOZED, AlertAct.CLOSED, AlertAct.ASSIGNED})
# The end of an alarm is worth no money.
TOLD_OF_THE_END = frozenset(set(ChannelKind) - {ChannelKind.SMS, ChannelKind.WHATSAPP})


def claim_events() -> int:
    """Make the notices of new events; how many events there were."""
    with transaction.atomic():
        if not sql.is_alone(_LOCK):
            return 0
        newest = EventClaim.objects.aggregate(newest=Max("event"))["newest"] or 0
        waiting = AlertEvent.objects.filter(claim__isnull=True, pk__gt=newest - _LATE_NUMBERS)
        events = list(waiting.select_related("alert__factory__organisation").order_by("pk")[:AT_ONCE])
        EventClaim.objects.bulk_create(EventClaim(event=event) for event in events)
        rosters = _Rosters()
        for event in events:
            _make(event, rosters[event.alert.organisation_id])
    return len(events)


class _Rosters(defaultdict[int, Roster]):
    def __missing__(self, organisation_id: int) -> Roster:
        self[organisation_id] = roster = Roster(organisation_id)
        return roster


def _make(event: AlertEvent, roster: Roster) -> None:
    alert, act = event.alert, event.act
    if act in BEGINS and alert.state == AlertState.OPEN:
        _begin(event, roster, _not_before(event))
    if act in ENDS:
        Escalation.objects.filter(alert=alert).update(next_at=None)
        if act != AlertAct.ASSIGNED:
            suppress(Delivery.objects.filter(event__alert=alert, kind=NoticeKind.ALARM), Suppression.OVER)
    if act == AlertAct.ASSIGNED and alert.assigned_to_id and alert.is_open:
        tell(event, [alert.assigned_to_id], roster, timezone.now())
    if act == AlertAct.WOKEN and alert.state == AlertState.ACKNOWLEDGED and alert.acknowledged_by_id:
        tell(event, [alert.acknowledged_by_id], roster, timezone.now())  # who put it off is reminded
    if act == AlertAct.CLOSED:
        _tell_of_the_end(event)


def _not_before(event: AlertEvent) -> datetime:
    """An alarm that opens again soon waits, and is told again if it is still open by then."""
    now = timezone.now()
    if event.act != AlertAct.REOPENED:
        return now
    told = Delivery.objects.filter(event__alert=event.alert, kind=NoticeKind.ALARM).exclude(
        state=NoticeState.SUPPRESSED
    )
    latest = told.aggregate(latest=Max("due_at"))["latest"]
    return max(now, latest + TOLD_AGAIN_AFTER) if latest else now


def _begin(event: AlertEvent, roster: Roster, at: datetime) -> None:
    watch = roster.watch(event.alert, at)
    tell(event, [*(watch.steps[0] if watch.steps else []), *roster.listeners(event.alert)], roster, at)
    Escalation.objects.update_or_create(
        alert=event.alert,
        defaults={
            "people": watch.steps,
            "step": 0,
            "after_min": watch.after_min,
            "next_at": at + timedelta(minutes=watch.after_min) if len(watch.steps) > 1 else None,
        },
    )


def tell(event: AlertEvent, people: Iterable[int], roster: Roster, at: datetime) -> None:
    """A notice for each channel of these people that takes an alarm of this severity, due at `at` or after their
    quiet hours.
    """
    alert = event.alert
    _store(
        _notice(
            event,
            NoticeKind.ALARM,
            channel,
            # A program has no quiet hours.
            due_at=at if channel.kind == ChannelKind.WEBHOOK else roster.due_at(channel.user_id, alert, at),
        )
        for user_id in dict.fromkeys(people)
        for channel in roster.channels_for(user_id, alert)
    )


def _tell_of_the_end(event: AlertEvent) -> None:
    """Over the channels that told of it, once; who was woken by an SMS reads the end on the page of the link."""
    told = Delivery.objects.filter(event__alert=event.alert, channel_kind__in=TOLD_OF_THE_END, channel__isnull=False)
    sent = Q(kind=NoticeKind.ALARM, state=NoticeState.SENT) | Q(kind=NoticeKind.OVER)
    latest = {notice.channel_id: notice for notice in told.filter(sent).select_related("channel").order_by("pk")}
    over = [one.channel for one in latest.values() if one.kind == NoticeKind.ALARM and one.channel]
    _store(_notice(event, NoticeKind.OVER, channel, due_at=event.at) for channel in over)


def _notice(event: AlertEvent, kind: NoticeKind, channel: Channel, *, due_at: datetime) -> Delivery:
    whom = {"user_id": channel.user_id, "channel": channel, "channel_kind": channel.kind}
    return Delivery(kind=kind, organisation_id=event.alert.organisation_id, event=event, due_at=due_at, **whom)


def _store(notices: Iterable[Delivery]) -> None:
    Delivery.objects.bulk_create(notices, ignore_conflicts=True)


def suppress(notices: QuerySet[Delivery], why: Suppression) -> int:
    """Take back those that wait; how many."""
    waiting = notices.filter(state=NoticeState.WAITING)
    return int(waiting.update(state=NoticeState.SUPPRESSED, suppressed_by=why, done_at=timezone.now()))


# --- Escalation -----------------------------------------------------------------------------------
def escalate() -> int:
    """Tell the next in the roster of each alarm that nobody has taken; how many."""
    with transaction.atomic():
        if not sql.is_alone(_LOCK):
            return 0
        now = timezone.now()
        due = list(
            Escalation.objects.filter(next_at__lte=now)
            .select_related("alert__factory__organisation")
            .order_by("alert")[:AT_ONCE]
        )
        rosters = _Rosters()
        for one in due:
            _escalate(one, rosters[one.alert.organisation_id], now)
    return len(due)


def _escalate(one: Escalation, roster: Roster, now: datetime) -> None:
    """People whose rights or channels are gone since are passed over."""
    alert: Alert = one.alert
    reached: list[int] = []
    while alert.state == AlertState.OPEN and one.step + 1 < len(one.people) and not reached:
        one.step += 1
        reached = [user_id for user_id in one.people[one.step] if roster.channels_for(user_id, alert)]
    if reached:
        names = ", ".join(str(roster.people[user_id]) for user_id in reached)
        event = AlertEvent(alert=alert, at=now, act=AlertAct.ESCALATED, params={"to": reached, "name": names})
        store_events([event])
        tell(event, reached, roster, now)
    has_more = bool(reached) and one.step + 1 < len(one.people)
    one.next_at = now + timedelta(minutes=one.after_min) if has_more else None
    one.save(update_fields=["step", "next_at"])
