"""Periodic work of ingest: what it keeps for people to look at does not grow without end. Counters are kept."""

from datetime import timedelta

from django.utils import timezone

from carbontrack.jobs import Job
from mqtt_ingest.models import DeviceMessage, RejectedMessage

REJECTED_FOR = timedelta(days=90)
REJECTED_COUNT = 100_000  # about 500 MB at the largest payload kept
MESSAGES_FOR = timedelta(days=366)  # as long as a device may still send a reading


def drop_old_messages() -> int:
    """Delete rejected messages older than 90 days or beyond the newest 100,000, other messages after 366 days."""
    now = timezone.now()
    rejected = RejectedMessage.objects.filter(received_at__lt=now - REJECTED_FOR).delete()[0]
    newest = RejectedMessage.objects.order_by("-received_at", "-pk").values_list("received_at", "pk")
    if oldest_kept := newest[REJECTED_COUNT - 1 : REJECTED_COUNT].first():
        rejected += RejectedMessage.objects.filter(received_at__lt=oldest_kept[0]).delete()[0]
    return rejected + DeviceMessage.objects.filter(received_at__lt=now - MESSAGES_FOR).delete()[0]


JOBS = [Job("drop old messages", 3600, drop_old_messages)]
