"""A report as a file in its four formats. What is published gives the same bytes each time."""

import importlib
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from compliance.formats.json import read
from compliance.formats.stamp import Stamp
from compliance.models import ComplianceReport, ReportState
from lib.exports import XLSX

# Each is rendered by the module of its name in `compliance/formats/`, imported when it is asked for: typst is large.
FORMATS = {"pdf": "application/pdf", "xlsx": XLSX, "csv": "text/csv; charset=utf-8", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class ReportFile:
    name: str
    content_type: str
    data: bytes


def file_of(report: ComplianceReport, file_format: str) -> ReportFile:
    render = importlib.import_module(f"compliance.formats.{file_format}").render
    url = f"{settings.PUBLIC_URL}{reverse('report-verify')}?digest={report.digest}"
    with translation.override(report.language):
        marks = {
            ReportState.PUBLISHED: "",
            ReportState.SUPERSEDED: _("SUPERSEDED"),
            ReportState.WITHDRAWN: _("WITHDRAWN"),
        }
        stamp = Stamp(marks.get(ReportState(report.state), _("DRAFT")), url if report.is_out else "")
        data = render(read(bytes(report.content)), report.published_at or report.known_on, stamp)
    words = f"{report.scheme} {report.place} {report.period_start} v{report.version}"
    prefix = "simulated-" if report.is_simulated else ""
    return ReportFile(f"{prefix}{slugify(words)}.{file_format}", FORMATS[file_format], data)
