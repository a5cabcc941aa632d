"""Periodic work on accounts."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import ApiToken
from lib.jobs import Job
from lib.shared_cache import forget_expired


def forget_ended() -> None:
    """Delete tokens, sessions and counts whose time is over. They counted for nothing since."""
    ApiToken.objects.filter(expiry__lte=timezone.now()).delete()
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    forget_expired()


JOBS = [Job("forget ended tokens, sessions and counts", 3600, forget_ended)]
