"""Reads about who is told: which channels, gateways, shifts and deliveries a person sees."""

from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.permissions import organisations_of
from accounts.roles import Action
from alerts.notice_choices import NoticeState
from alerts.notice_models import Delivery, Gateway, RosterShift

LATE_AFTER = timedelta(minutes=5)
KEPT = timedelta(days=400)
R = TypeVar("R", Gateway, RosterShift)


def managed_by(user: Any, rows: QuerySet[R]) -> QuerySet[R]:
    """The gateways or shifts of the organisations whose notices the user manages."""
    managed: Any = rows.filter(organisation__in=organisations_of(user, Action.MANAGE_NOTICES))
    if rows.model is RosterShift:
        managed = managed.select_related("factory").prefetch_related("places__user")
    found: QuerySet[R] = managed.select_related("organisation").order_by("pk")
    return found


def deliveries_of(user: Any) -> QuerySet[Delivery]:
    """One's own, and of alarms of the organisations whose notices one manages."""
    managed = organisations_of(user, Action.MANAGE_NOTICES)
    seen = Delivery.objects.filter(Q(user=user) | Q(organisation__in=managed, event__isnull=False))
    return seen.select_related("user", "channel", "event__alert__factory").order_by("-pk")


def counts_of_a_day() -> dict[tuple[str, str], int]:
    """How many deliveries each kind of channel has in each state: those that wait, and those done within 24 hours."""
    recent = Q(state=NoticeState.WAITING) | Q(done_at__gt=timezone.now() - timedelta(days=1))
    rows = Delivery.objects.filter(recent).order_by().values("channel_kind", "state").annotate(count=Count("pk"))
    return {(row["channel_kind"], row["state"]): row["count"] for row in rows}


def late_count() -> int:
    """Notices that should have gone out more than five minutes ago."""
    return Delivery.objects.filter(state=NoticeState.WAITING, due_at__lt=timezone.now() - LATE_AFTER).count()


def forget_old() -> int:
    """Drop what was done more than 13 months ago; how many."""
    return Delivery.objects.filter(done_at__lt=timezone.now() - KEPT).delete()[0]
