"""A page of a list as a CSV file: `?as=csv`. Cells that a spreadsheet would run as a formula become text.

Every list of the API goes through here, directly or through `accounts/viewsets.py`; tests/lib/test_lists.py checks it.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.response import Response

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def wants_csv(request: Any) -> bool:
    return bool(request.GET.get("as") == "csv")


def cell(value: Any) -> Any:
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        value = json.dumps(value, default=str)
    elif isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return "" if value is None else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def list_response(
    request: Any,
    rows: list[Any],
    columns: list[str],
    name: str,
    *,
    following: str | None = None,
    preceding: str | None = None,
) -> HttpResponseBase:
    """A list without a count, as JSON or as the file that `?as=csv` requests."""
    if wants_csv(request):
        return csv_response(request, rows, columns, name, following=following)
    return Response({"next": following, "previous": preceding, "results": rows})


def csv_response(
    request: Any, rows: Iterable[Mapping[str, Any]], columns: list[str], name: str, *, following: str | None = None
) -> HttpResponse:
    """Rows as a file. In the demo the first line says that the figures are simulated.

    A file has no place for `next`, so the page after it (`following`) is in the header `Link`.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    if settings.DEMO:
        writer.writerow([_("SIMULATED DATA - not the real factory")])
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row.get(column)) for column in columns])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    if following:
        response["Link"] = f'<{following}>; rel="next"'
    prefix = "simulated-" if settings.DEMO else ""
    response["Content-Disposition"] = f'attachment; filename="{prefix}{name}.csv"'
    return response
