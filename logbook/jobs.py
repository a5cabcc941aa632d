"""Periodic work of the logs."""

from lib.jobs import Job
from logbook.sheets.tasks import drop_old_imports

JOBS = [Job("drop old imports", 3600, drop_old_imports)]
