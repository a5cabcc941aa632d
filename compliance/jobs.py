"""Periodic work on figures of record."""

from compliance.reports.mails import send_reports
from compliance.site_days import refresh
from compliance.site_sheet.tasks import drop_old_sheets
from lib.jobs import Job

JOBS = [
    Job("recompute site days", 30, refresh),
    Job("drop old sheets of sites", 3600, drop_old_sheets),
    Job("mail published reports", 60, send_reports),
]
