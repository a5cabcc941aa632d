"""The life of an alarm: acknowledge, assign, comment, snooze, close. One function, one act, one transaction.

Page, API and signed link call these; each checks the right itself (`may_act`). Rounds of evaluation open and close by
themselves (`evaluation.py`). Every act is an event, which the live stream hears of and from which notices are sent.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import may
from accounts.roles import Action
from alerts.choices import AlertAct, AlertState, Cause
from alerts.kinds import KINDS
from alerts.models import Alert, AlertEvent
from lib.errors import ApiError, invalid

CHANNEL = "carbontrack_alerts"  # what the live stream listens to
LONGEST_SNOOZE = timedelta(days=14)
LONGEST_TEXT = 500


def may_see(user: Any, alert: Alert) -> bool:
    return may(user, Action.VIEW_ALERTS, alert.factory) and may(user, KINDS[alert.kind].needs, alert.factory)


def may_act(user: Any, alert: Alert) -> bool:
    """Whether the user may change the life of this alarm: they see what it is about, and may acknowledge there."""
    return may_see(user, alert) and may(user, Action.ACKNOWLEDGE_ALERTS, alert.factory)


# --- Acts of people -----------------------------------------------------------------------------
@transaction.atomic
def acknowledge(user: User, alert_id: int, *, cause: str = "", comment: str = "") -> Alert:
    """Say that one looks after it, and why it happened where that is known. Also of a closed alarm, for its cause.

    Who acknowledged first stays; a second person may add the cause. Raises PermissionDenied, ApiError 400.
    """
    alert = _locked(user, alert_id)
    if alert.is_open:
        alert.state, alert.snoozed_until = AlertState.ACKNOWLEDGED, None
    return _taken(alert, AlertAct.ACKNOWLEDGED, user, cause, comment)


@transaction.atomic
def comment(user: User, alert_id: int, text: str) -> Alert:
    """Raises PermissionDenied, ApiError 400 for no text."""
    alert = _locked(user, alert_id)
    if not text.strip():
        raise invalid("text", "required", _("Write what you found or did."))
    return _done(alert, AlertAct.COMMENTED, user, text, {})


@transaction.atomic
def assign(user: User, alert_id: int, to: User | None, *, comment: str = "") -> Alert:
    """Give it to a person who may act on it. Raises PermissionDenied, ApiError 400, 409 `alert_closed`."""
    alert = _locked(user, alert_id)
    if to is None or not may_act(to, alert):
        # Without a name, and the same for nobody: people of other organisations are not to be found by their ids.
        words = _("This person may not act on this alarm. Choose somebody of the site, or of headquarters.")
        raise invalid("to", "may_not_act", words)
    _open(alert).assigned_to = to
    if alert.state == AlertState.OPEN:
        alert.state = AlertState.ASSIGNED
    return _done(alert, AlertAct.ASSIGNED, user, comment, {"to": to.pk, "name": str(to)})


@transaction.atomic
def snooze(user: User, alert_id: int, until: datetime, *, comment: str = "") -> Alert:
    """Put it off; when the time is over it is open again. Raises PermissionDenied, ApiError 400, 409 `alert_closed`."""
    alert = _open(_locked(user, alert_id))
    now = timezone.now()
    if not now < until <= now + LONGEST_SNOOZE + timedelta(minutes=1):
        words = _("Choose a time from now to %(days)d days ahead.") % {"days": LONGEST_SNOOZE.days}
        raise invalid("until", "out_of_range", words, days=LONGEST_SNOOZE.days)
    alert.state, alert.snoozed_until = AlertState.SNOOZED, until
    return _done(alert, AlertAct.SNOOZED, user, comment, {"until": until.isoformat()})


@transaction.atomic
def close(user: User, alert_id: int, *, cause: str = "", comment: str = "") -> Alert:
    """Close it by hand. It does not open again while its condition lasts; what begins afterwards is another alarm.

    Raises PermissionDenied, ApiError 400, 409 `alert_closed`.
    """
    alert = _open(_locked(user, alert_id))
    alert.state, alert.closed_at, alert.closed_by, alert.snoozed_until = AlertState.CLOSED, timezone.now(), user, None
    return _taken(alert, AlertAct.CLOSED, user, cause, comment)


# --- Acts of the system ---------------------------------------------------------------------------
@transaction.atomic
def wake_snoozed() -> int:
    """Open again whatever was put off until now; how many."""
    now = timezone.now()
    over = Alert.objects.filter(state=AlertState.SNOOZED, snoozed_until__lte=now).order_by("opened_at", "pk")
    due = list(over.select_for_update())
    for alert in due:
        alert.state = AlertState.ACKNOWLEDGED if alert.acknowledged_at else AlertState.OPEN
        alert.snoozed_until = None
    Alert.objects.bulk_update(due, ["state", "snoozed_until"])
    store_events(AlertEvent(alert=alert, at=now, act=AlertAct.WOKEN) for alert in due)
    return len(due)


def store_events(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    """Store what happened, in the caller's transaction, and tell the live streams when it commits."""
    stored = AlertEvent.objects.bulk_create(events)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload",
            [CHANNEL, [_announcement(event) for event in stored]],
        )
    return stored


def _announcement(event: AlertEvent) -> str:
    """Without words: the reader's language is not known here, and the alarm is fetched by its id."""
    alert = event.alert
    told = {name: getattr(alert, name) for name in ("kind", "severity", "state")}
    told |= {
        "id": event.pk,
        "alert": alert.pk,
        "factory": alert.factory_id,
        "act": event.act,
        "at": event.at.isoformat(),
    }
    about = {"factory": alert.factory_id, "needs": KINDS[alert.kind].needs, "event": told}
    return json.dumps(about, separators=(",", ":"))


# --- Parts --------------------------------------------------------------------------------------
def _locked(user: User, alert_id: int) -> Alert:
    """The alarm, held until the end of the transaction. Raises PermissionDenied; that one sees it is checked before."""
    alerts = Alert.objects.select_related("factory", "organisation").select_for_update(of=("self",))
    alert = alerts.get(pk=alert_id)
    if not may_act(user, alert):
        raise PermissionDenied(str(Action.ACKNOWLEDGE_ALERTS))
    return alert


def _open(alert: Alert) -> Alert:
    if not alert.is_open:
        raise ApiError(409, "alert_closed", _("This alarm is closed."))
    return alert


def _taken(alert: Alert, act: AlertAct, user: User, cause: str, comment: str) -> Alert:
    if cause not in ("", *Cause.values):
        words = _("%(cause)r is no cause; choose one of: %(causes)s.")
        params = {"cause": cause, "causes": ", ".join(Cause.values)}
        raise invalid("cause", "unknown_cause", words % params, **params)
    if alert.acknowledged_at is None:
        alert.acknowledged_by, alert.acknowledged_at = user, timezone.now()
    alert.cause = cause or alert.cause
    return _done(alert, act, user, comment, {"cause": cause} if cause else {})


def _done(alert: Alert, act: AlertAct, user: User, text: str, params: dict[str, Any]) -> Alert:
    if len(text) > LONGEST_TEXT:
        words = _("The text has %(length)d characters; at most %(limit)d are kept. Shorten it.")
        shown = {"length": len(text), "limit": LONGEST_TEXT}
        raise invalid("comment", "too_long", words % shown, **shown)
    alert.save()
    store_events([AlertEvent(alert=alert, at=timezone.now(), act=act, by=user, text=text.strip(), params=params)])
    return alert
