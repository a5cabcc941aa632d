"""Periodic work on figures of record."""

from carbontrack.jobs import Job
from compliance.site_days import refresh

JOBS = [Job("make site days anew", 30, refresh)]
