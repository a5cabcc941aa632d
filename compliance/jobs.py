"""Periodic work on figures of record."""

from compliance.site_days import refresh
from lib.jobs import Job

JOBS = [Job("recompute site days", 30, refresh)]
