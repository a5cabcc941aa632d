"""A report as a file in its formats. What is published gives the same bytes each time."""

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
from compliance.schemes import schemes
from compliance.schemes.parts import is_unverified
from lib.errors import ApiError
from lib.exports import XLSX

# Each is rendered by the module of its name in `compliance/formats/`, imported when it is asked for: typst is large.
FORMATS = {"pdf": "application/pdf", "xlsx": XLSX, "csv": "text/csv; charset=utf-8", "json": "application/json"}
OF_SCHEMES = {"pact": "application/json"}


@dataclass(frozen=True, slots=True)
class ReportFile:
    name: str
    content_type: str
    data: bytes


def formats_of(report: ComplianceReport) -> list[str]:
    """Those in which the report comes."""
    scheme = schemes().get(report.scheme)
    return [*FORMATS, *(scheme.formats if scheme else ())]


def file_of(report: ComplianceReport, file_format: str) -> ReportFile:
    """Raises ApiError 400 for a format that the report does not come in."""
    if file_format not in formats_of(report):
        words = _("This report comes as %(formats)s.") % {"formats": ", ".join(formats_of(report))}
        raise ApiError(400, "not_of_this_scheme", words)
    render = importlib.import_module(f"compliance.formats.{file_format}").render
    url = f"{settings.PUBLIC_URL}{reverse('report-verify')}?digest={report.digest}"
    content = read(bytes(report.content))
    with translation.override(report.language):
        marks = {
            ReportState.PUBLISHED: _("NOT VERIFIED") if is_unverified(content) else "",
            ReportState.SUPERSEDED: _("SUPERSEDED"),
            ReportState.WITHDRAWN: _("WITHDRAWN"),
        }
        stamp = Stamp(marks.get(ReportState(report.state), _("DRAFT")), url if report.is_out else "")
        data = render(content, report.published_at or report.known_on, stamp)
    words = f"{report.scheme} {report.place} {report.period_start} v{report.version}"
    prefix = "simulated-" if report.is_simulated else ""
    name, ending = slugify(words), f"{file_format}.json" if file_format in OF_SCHEMES else file_format
    return ReportFile(f"{prefix}{name}.{ending}", (FORMATS | OF_SCHEMES)[file_format], data)
