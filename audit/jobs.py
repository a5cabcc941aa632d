"""Periodic work of the audit log. Its events are kept for ever; reads for three years."""

from datetime import timedelta

from django.utils import timezone

from audit.models import DataRead
from lib.jobs import Job

READS_KEPT = timedelta(days=3 * 366)


def drop_old_reads() -> int:
    return DataRead.objects.filter(last_at__lt=timezone.now() - READS_KEPT).delete()[0]


JOBS = [Job("drop old reads", 24 * 3600, drop_old_reads)]
