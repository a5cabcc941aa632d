"""What ingest noted about itself: since when it has been storing, and when it was away."""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from mqtt_ingest import liveness

LONG = timedelta(days=30)


def ingest_stores(*, since: datetime | None = None, left_at: datetime | None = None) -> None:
    """Now, and since then; the outage before began at `left_at`."""
    now = timezone.now()
    cache.set(liveness._KEY, (since or now - LONG, now, left_at), timeout=None)


def ingest_is_away(*, since: datetime) -> None:
    cache.set(liveness._KEY, (since - LONG, since, None), timeout=None)
