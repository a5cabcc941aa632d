"""The random sample of a verification, which anybody can draw again from its seed.

Each record has a text, the identity of its figure. Its place in the draw is the SHA-256 of the seed, a vertical line
and that text: the records with the smallest digests are the sample. So nobody chooses, and the order does not matter.
"""

import hashlib
import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from compliance.inventory.inputs import midnight
from compliance.models import ComplianceReport
from compliance.record.hours import hours_of_record
from compliance.reports.build import covered
from energy.choices import EntryKind
from energy.models import EnergyEntry
from factories.models import Factory
from lib import history
from production.models import ProductionEntry


def drawn(seed: str, records: Iterable[str], size: int) -> list[str]:
    """The sample of so many records, in the order in which they are drawn; all of them where there are fewer."""
    return heapq.nsmallest(size, records, key=lambda record: hashlib.sha256(f"{seed}|{record}".encode()).digest())


def records_of(report: ComplianceReport) -> dict[str, list[str]]:
    """The identities of all records behind a report, by kind, as they were known when it was made."""
    found: dict[str, list[str]] = {"entry": [], "production": [], "hour": []}
    for site in covered(report, report.known_on):
        start, end = (midnight(day, site.zone) for day in (report.period_start, report.end_day))
        found["entry"] += [f"entry:{pk}:amount" for pk in _entries(EnergyEntry, site, start, end, report.known_on)]
        found["production"] += [
            f"production:{pk}:amount_kg" for pk in _entries(ProductionEntry, site, start, end, report.known_on)
        ]
        found["hour"] += [f"hour:{chimney}:{at:%Y%m%dT%H%MZ}:record_kg" for chimney, at in _hours(report, site)]
    return found


def _entries(model: Any, site: Factory, start: datetime, end: datetime, known_on: datetime) -> list[int]:
    overlaps: dict[str, Any] = {
        "period_start__lt": end,
        "period_end__gt": start,
        "factory": site.pk,
        "deleted_at__isnull": True,
    }
    if model is EnergyEntry:
        overlaps["kind__in"] = [EntryKind.USED, EntryKind.MARKET]
    return [row.pk for row in history.rows(model, known_on, **overlaps)]


def _hours(report: ComplianceReport, site: Factory) -> list[tuple[int, datetime]]:
    """Measured and idle ones: the mass of another comes from entries and from these."""
    hours = hours_of_record(site, report.period_start, report.end_day, as_known_on=report.known_on)
    return [(hour.chimney_id, hour.period_start) for hour in hours if hour.record_ug is not None and not hour.method]
