"""The files behind a report: at its entries, at the calibrations of its devices, and at the report itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from compliance.inventory.inputs import midnight
from compliance.models import ComplianceReport
from devices.models import Calibration
from energy.models import EnergyEntry
from factories.models import Factory
from lib import history
from logbook.models import EvidenceFile
from production.models import ProductionEntry


def evidence_of(report: ComplianceReport, sites: Sequence[Factory], known_on: datetime) -> tuple[dict[str, Any], ...]:
    """Each file with its digest, as it was known: what was removed by then is left out."""
    about = Q(about="report", about_id=report.pk or 0)
    for site in sites:
        start, end = (midnight(day, site.zone) for day in (report.period_start, report.end_day))
        within: dict[str, Any] = {
            "factory": site.pk,
            "period_start__lt": end,
            "period_end__gt": start,
            "deleted_at__isnull": True,
        }
        entries = [row.pk for row in history.rows(EnergyEntry, known_on, **within)]
        made = [row.pk for row in history.rows(ProductionEntry, known_on, **within)]
        done = Calibration.objects.filter(device__factory=site.pk, calibrated_at__lt=end).values_list("pk", flat=True)
        about |= Q(about="energy_entry", about_id__in=entries) | Q(about="production_entry", about_id__in=made)
        about |= Q(about="calibration", about_id__in=list(done))
    files = EvidenceFile.objects.filter(about, added_at__lte=known_on)
    known = files.filter(Q(removed_at__isnull=True) | Q(removed_at__gt=known_on)).order_by("about", "about_id", "id")
    return tuple(
        {
            "name": file.name,
            "sha256": file.sha256,
            "size_bytes": str(file.size_bytes),
            "about": f"{file.about} {file.about_id}",
            "note": file.note,
        }
        for file in known
    )
