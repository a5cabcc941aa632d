"""Reads about who is told: which channels, gateways, shifts and deliveries a person sees."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.permissions import organisations_of
from accounts.roles import Action
from alerts.notice_choices import NoticeState, Suppression
from alerts.notice_models import Channel, Delivery, Gateway, RosterShift

LATE_AFTER = timedelta(minutes=5)
KEPT = timedelta(days=400)


def channels_of(user: Any) -> QuerySet[Channel]:
    return Channel.objects.filter(user=user)


def gateways_of(user: Any) -> QuerySet[Gateway]:
    managed = organisations_of(user, Action.MANAGE_NOTICES)
    return Gateway.objects.filter(organisation__in=managed).select_related("organisation").order_by("pk")


def shifts_of(user: Any) -> QuerySet[RosterShift]:
    managed = organisations_of(user, Action.MANAGE_NOTICES)
    return (
        RosterShift.objects.filter(organisation__in=managed)
        .select_related("factory", "organisation")
        .prefetch_related("places__user")
    )


def deliveries_of(user: Any) -> QuerySet[Delivery]:
    """One's own, and of alarms of the organisations whose notices one manages."""
    managed = organisations_of(user, Action.MANAGE_NOTICES)
    seen = Delivery.objects.filter(Q(user=user) | Q(organisation__in=managed, event__isnull=False))
    return seen.select_related("user", "channel", "event__alert__factory").order_by("-pk")


def suppressed_by_cap(gateway: Gateway) -> int:
    """How many notices the cap has stopped this month (UTC)."""
    begins = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    stopped = Delivery.objects.filter(organisation=gateway.organisation_id, channel_kind=gateway.carries)
    return stopped.filter(suppressed_by=Suppression.CAP, created_at__gte=begins).count()


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
