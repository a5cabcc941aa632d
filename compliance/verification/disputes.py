"""Disputes: a site contests readings, a gap or its place; HQ decides within a number of days that both see.

A dispute about readings that is upheld sets them aside in the same transaction, so totals and places are computed
again. A gap and a place follow from entries and readings: the decision says what is corrected there.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.models import Dispute, DisputeOutcome, DisputeSubject
from devices.choices import SetAsideReason
from devices.models import MCUDevice
from devices.set_aside import InvalidPeriod, set_aside
from factories.days import running_day
from factories.models import Factory
from lib.errors import ApiError, invalid

LONGEST = timedelta(days=400)


@transaction.atomic
def contest(
    user: User,
    factory: Factory,
    subject: str,
    period: tuple[datetime, datetime],
    statement: str,
    *,
    device: MCUDevice | None = None,
) -> Dispute:
    """Raises ApiError 400 by field."""
    start, end = period
    now = timezone.now()
    if subject not in DisputeSubject.values:
        raise invalid("subject", "unknown", _("Use one of %(known)s.") % {"known": ", ".join(DisputeSubject.values)})
    if not start < end or end > now or end - start > LONGEST:
        words = _("The period ends after it begins, is over, and has at most %(days)d days.") % {"days": LONGEST.days}
        raise invalid("period_end", "out_of_range", words)
    if (subject == DisputeSubject.READINGS) != (device is not None):
        raise invalid("device", "required", _("Name the device where readings are contested, and only there."))
    if not statement.strip():
        raise invalid("statement", "required", _("Say what is wrong, and how you know."))
    due_on = running_day(factory, now).day + timedelta(days=factory.organisation.dispute_days)
    return Dispute.objects.create(
        factory=factory,
        subject=subject,
        device=device,
        period_start=start,
        period_end=end,
        statement=statement.strip(),
        opened_by=user,
        due_on=due_on,
    )


@transaction.atomic
def decide(user: User, dispute_id: int, outcome: str, decision: str) -> Dispute:
    """HQ's answer; it stands. Raises ApiError 400 (outcome, decision), 409 `decided`."""
    dispute = Dispute.objects.select_for_update(of=("self",)).select_related("factory", "device").get(pk=dispute_id)
    if dispute.outcome:
        raise ApiError(409, "decided", _("This dispute is decided: the site can open another one."))
    if dispute.opened_by_id == user.pk:
        raise ApiError(409, "own_dispute", _("You opened it: another manager of headquarters decides."))
    if outcome not in DisputeOutcome.values:
        raise invalid("outcome", "unknown", _("Use one of %(known)s.") % {"known": ", ".join(DisputeOutcome.values)})
    if not decision.strip():
        raise invalid("decision", "required", _("Say why: the site reads it."))
    dispute.outcome, dispute.decision = outcome, decision.strip()
    dispute.decided_by, dispute.decided_at = user, timezone.now()
    dispute.save()
    if outcome == DisputeOutcome.UPHELD and dispute.device is not None:
        _set_aside(user, dispute)
    return dispute


def _set_aside(user: User, dispute: Dispute) -> None:
    assert dispute.device is not None
    note = _("Dispute %(number)d was upheld.") % {"number": dispute.pk}
    period = InvalidPeriod(dispute.device, dispute.period_start, dispute.period_end, SetAsideReason.OTHER, note)
    try:
        set_aside(period, user)
    except ValidationError as error:
        raise invalid("outcome", "nothing_to_set_aside", " ".join(error.messages)) from error


def days_left(dispute: Dispute, now: datetime) -> int | None:
    """Until an answer is due; negative when it is late, None when it was given."""
    if dispute.outcome:
        return None
    return (dispute.due_on - running_day(dispute.factory, now).day).days


def counts(organisations: Any, now: datetime) -> dict[str, int]:
    """Open disputes of some organisations, and how many of them are late."""
    waiting = list(
        Dispute.objects.filter(factory__organisation__in=organisations, outcome="").select_related("factory")
    )
    late = sum(1 for one in waiting if (days_left(one, now) or 0) < 0)
    return {"open": len(waiting), "late": late}
