"""A report as bytes: PDF, XLSX, CSV and JSON of the same content. No format knows a scheme.

The same content, time and stamp give the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from compliance.formats import csv, json, pdf, xlsx
from compliance.formats.stamp import Stamp
from compliance.reports.content import Content
from lib.exports import XLSX


@dataclass(frozen=True, slots=True)
class Format:
    content_type: str
    render: Callable[[Content, datetime, Stamp], bytes]


FORMATS = {
    "pdf": Format("application/pdf", pdf.render),
    "xlsx": Format(XLSX, xlsx.render),
    "csv": Format("text/csv; charset=utf-8", csv.render),
    "json": Format("application/json", json.render),
}


def file_name(content: Content, suffix: str) -> str:
    """Says whose report of which period it is, and that its figures are simulated."""
    place = "-".join("".join(c if c.isalnum() else " " for c in content.place.lower()).split())
    prefix = "simulated-" if content.is_simulated else ""
    return f"{prefix}{content.scheme}-{place}-{content.period_start}-{content.period_end}.{suffix}"
