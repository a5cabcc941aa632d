"""A list as a CSV file, `?as=csv`, or as a workbook. Cells that a spreadsheet would run as a formula become text.

A file holds the whole list, up to what a spreadsheet can open, and says so in its last line if it does not. Its last
columns say who took it and when, in every row: a file that is cut, sorted or pasted elsewhere still says it, and a
program reads it as before. The time is in its name too. In the demo a last column and the name say that the figures
are simulated.
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import openpyxl
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.response import Response

from lib.errors import invalid
from lib.reads import ReadKind, marked, read_of

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
LARGEST_FILE_ROWS = 1_000_000  # a sheet of Excel has 1,048,576
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK_ROWS = 1_000  # read, formatted and sent at once
READS_ON = "carbontrack.reads_on"  # in the scope of a request whose answer asks the database while it is sent
EXPORTED_BY, EXPORTED_AT = "exported_by", "exported_at"


def wants_csv(request: Any) -> bool:
    return bool(request.GET.get("as") == "csv")


def wants_xlsx(request: Any) -> bool:
    """Of pages: their tables come as a workbook too."""
    return bool(request.GET.get("as") == "xlsx")


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
    now = timezone.now()
    marks = _marks(request, f"{now:%Y-%m-%dT%H:%M:%SZ}")
    prefix = "simulated-" if settings.DEMO else ""
    headers = {
        "Content-Disposition": f'attachment; filename="{prefix}{name}-{now:%Y%m%dT%H%MZ}.csv"',
        "X-Largest-File-Rows": str(LARGEST_FILE_ROWS),
    }
    content_type = "text/csv; charset=utf-8"
    if isinstance(rows, list):
        text = "".join(text for text, _count in _parts(rows, columns, marks))
        return marked(HttpResponse(text, content_type=content_type, headers=headers), ReadKind.EXPORT, len(rows))
    # A server drops the body of a HEAD only after it has read it all.
    response = marked(StreamingHttpResponse(content_type=content_type, headers=headers), ReadKind.EXPORT)
    lines = _counted(_parts(() if request.method == "HEAD" else rows, columns, marks), response)
    request = getattr(request, "_request", request)
    # Under ASGI Django would collect a plain iterator before it sends anything.
    body: Any = lines
    if isinstance(request, ASGIRequest):
        body = _FromAThread(lines)
        scope: Any = request.scope
        scope[READS_ON] = True
    response.streaming_content = body
    return response


def xlsx_response(request: Any, rows: list[Mapping[str, Any]], columns: list[str], name: str) -> HttpResponseBase:
    """The same rows as a workbook of one sheet, for lists that fit in memory."""
    now = timezone.now()
    marks = _marks(request, f"{now:%Y-%m-%dT%H:%M:%SZ}")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    sheet.append([*columns, *marks])
    for row in rows:
        sheet.append([*(cell(row.get(column)) for column in columns), *marks.values()])
    file = io.BytesIO()
    book.save(file)
    prefix = "simulated-" if settings.DEMO else ""
    disposition = f'attachment; filename="{prefix}{name}-{now:%Y%m%dT%H%MZ}.xlsx"'
    response = HttpResponse(file.getvalue(), content_type=XLSX, headers={"Content-Disposition": disposition})
    return marked(response, ReadKind.EXPORT, len(rows))


def _marks(request: Any, now: str) -> dict[str, Any]:
    """The last columns, which are the same in every row."""
    reader = {EXPORTED_BY: cell(str(getattr(request, "user", ""))), EXPORTED_AT: now}
    return reader | ({"simulated": True} if settings.DEMO else {})


def _parts(
    rows: Iterable[Mapping[str, Any]], columns: list[str], marks: Mapping[str, Any]
) -> Iterator[tuple[str, int]]:
    """The text of the file, a chunk at a time, each with its number of rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*columns, *marks])
    written = 0
    for chunk in chunks(rows):
        fitting = chunk[: LARGEST_FILE_ROWS - written]
        writer.writerows([*(cell(row.get(column)) for column in columns), *marks.values()] for row in fitting)
        written += len(fitting)
        if len(fitting) < len(chunk):
            words = _("CUT HERE: the list has more than %(limit)d rows. Narrow it by its parameters.")
            writer.writerow([words % {"limit": LARGEST_FILE_ROWS}])
            yield out.getvalue(), len(fitting)
            return
        yield out.getvalue(), len(fitting)
        out.seek(0)
        out.truncate()
    yield out.getvalue(), 0


def _counted(parts: Iterator[tuple[str, int]], response: HttpResponseBase) -> Generator[str]:
    """The text; when it ends, or its reader goes away, the number of rows that left is known."""
    count = 0
    try:
        for text, rows in parts:
            count += rows
            yield text
    finally:
        read = read_of(response)
        assert read is not None
        read.sent(count)


@dataclass(frozen=True, slots=True)
class _FromAThread:
    """In the thread of the request, which holds its database connection. Django closes this there when the reader has
    gone; an asynchronous generator would end at some time in the thread of the event loop, where nothing may ask the
    database."""

    lines: Generator[str]

    async def __aiter__(self) -> AsyncIterator[str]:
        next_part = sync_to_async(lambda: next(self.lines, None))
        while (text := await next_part()) is not None:
            yield text

    def close(self) -> None:
        self.lines.close()
