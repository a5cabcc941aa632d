"""Periodic work on figures of record."""

from compliance.site_days import refresh
from lib.jobs import Job

JOBS = [Job("make site days anew", 30, refresh)]
