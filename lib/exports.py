"""A list as a CSV file: `?as=csv`. Cells that a spreadsheet would run as a formula become text.

A file holds the whole list, up to what a spreadsheet can open, and says so in its last line if it does not. In the demo
its last column and its name say that the figures are simulated.
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from lib.errors import invalid

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
LARGEST_FILE_ROWS = 1_000_000  # a sheet of Excel has 1,048,576
CHUNK_ROWS = 1_000  # read, formatted and sent at once


def wants_csv(request: Any) -> bool:
    return bool(request.GET.get("as") == "csv")


def wants_whole_list(request: Any) -> bool:
    """The same of a list that has pages. Raises ApiError 400 for a page as a file: it would look like the whole."""
    if wants_csv(request):
        for name in ("page", "page_size", "cursor"):
            if request.GET.get(name):
                words = _("A file holds the whole list: leave out %(name)s.")
                raise invalid(name, "whole_list", words % {"name": name})
    return wants_csv(request)


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


def chunks(rows: Iterable[Any], size: int = CHUNK_ROWS) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def list_response(request: Any, rows: list[Any], columns: list[str], name: str) -> HttpResponseBase:
    """A list that is one page, as JSON or as the file that `?as=csv` requests."""
    if wants_csv(request):
        return csv_response(request, rows, columns, name)
    return Response({"next": None, "previous": None, "results": rows})


def csv_response(request: Any, rows: Iterable[Mapping[str, Any]], columns: list[str], name: str) -> HttpResponseBase:
    """Rows as a file. What is not a list is sent while it is read: memory holds one chunk of it."""
    prefix = "simulated-" if settings.DEMO else ""
    headers = {
        "Content-Disposition": f'attachment; filename="{prefix}{name}.csv"',
        "X-Largest-File-Rows": str(LARGEST_FILE_ROWS),
    }
    content_type = "text/csv; charset=utf-8"
    if isinstance(rows, list):
        return HttpResponse("".join(_lines(rows, columns)), content_type=content_type, headers=headers)
    # A server drops the body of a HEAD only after it has read it all.
    lines = _lines(() if request.method == "HEAD" else rows, columns)
    request = getattr(request, "_request", request)
    # Under ASGI Django would collect a plain iterator before it sends anything.
    body: Any = _from_a_thread(lines) if isinstance(request, ASGIRequest) else lines
    return StreamingHttpResponse(body, content_type=content_type, headers=headers)


def _lines(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> Iterator[str]:
    """The text of the file, a chunk at a time."""
    out = io.StringIO()
    writer = csv.writer(out)
    mark = ["simulated"] if settings.DEMO else []
    writer.writerow([*columns, *mark])
    written = 0
    for chunk in chunks(rows):
        fitting = chunk[: LARGEST_FILE_ROWS - written]
        writer.writerows([*(cell(row.get(column)) for column in columns), *(True for _mark in mark)] for row in fitting)
        written += len(fitting)
        if len(fitting) < len(chunk):
            words = _("CUT HERE: the list has more than %(limit)d rows. Narrow it by its parameters.")
            writer.writerow([words % {"limit": LARGEST_FILE_ROWS}])
            yield out.getvalue()
            return
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


async def _from_a_thread(lines: Iterator[str]) -> AsyncIterator[str]:
    """In the thread of the request, which holds its database connection."""
    next_part = sync_to_async(lambda: next(lines, None))
    while (text := await next_part()) is not None:
        yield text
