"""Records who read raw readings, took a file, or as an auditor opened a page: what `lib.reads` marked on an answer.

A read is recorded before its answer leaves. If the database refuses the record, the answer still leaves and the log
of the server says so: a full disk must not close every page.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User
from accounts.permissions import memberships_of, token_of, visible_to
from accounts.roles import Action, Role
from factories.models import Factory
from lib.errors import ApiError
from lib.reads import Read, ReadKind, read_of
from lib.sql import load
from lib.times import FIRST_YEAR, LAST_YEAR, read_moment_or_day

logger = logging.getLogger(__name__)

NOTE_READ = load("audit", "note_read")
LONGEST_PATH, LONGEST_ID = 200, 9
_OF_FACTORY = re.compile(r"/factories/(\d+)/")
_OF_DEVICE = re.compile(r"/(?:mcu-devices|sensors)/([A-Za-z0-9_-]{3,64})/")
_ACTIONS = {str(action) for action in Action}


@dataclass(frozen=True, slots=True)
class _Note:
    user: int
    token: str
    organisations: list[int]
    factory: int | None
    kind: str
    path: str
    device: str
    at: datetime
    times: int
    rows: int | None
    period_start: datetime | None
    period_end: datetime | None


class ReadsMiddleware:
    """Runs inside authentication. `request.user` is then also the user of an API token: DRF sets it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "GET" and response.status_code == 200 and isinstance(request.user, User):
            read = read_of(response) or _page_of_an_auditor(request)
            if read is not None:
                note(request, request.user, read)
        return response


def note(request: HttpRequest, user: User, read: Read) -> None:
    """Record one read, and its number of rows when they have been sent."""
    with _answered_anyway(request, user):
        noted = _note_of(request, user, read)
        _write(noted)
        if read.rows is None:
            read.sent = lambda rows: _note_rows(request, user, noted, rows)
    if read.kind == ReadKind.LIVE and not connection.in_atomic_block:
        connection.close()  # a live stream holds no database connection


def _note_rows(request: HttpRequest, user: User, noted: _Note, rows: int) -> None:
    with _answered_anyway(request, user):
        _write(replace(noted, times=0, rows=rows, at=timezone.now()))


@contextmanager
def _answered_anyway(request: HttpRequest, user: User) -> Iterator[None]:
    try:
        yield
    except DatabaseError:
        logger.exception("a read by user %s of %s is not in the audit log", user.pk, request.path)


def _page_of_an_auditor(request: HttpRequest) -> Read | None:
    """Pages and API of the organisation, not those about the auditor's own account."""
    assert isinstance(request.user, User)
    view: Any = request.resolver_match and request.resolver_match.func
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    shows_data = isinstance(getattr(view_class, "actions", None), dict) or getattr(view, "access", "") in _ACTIONS
    if not shows_data or not any(m.role == Role.AUDITOR for m in memberships_of(request.user)):
        return None
    return Read(ReadKind.PAGE)


def _note_of(request: HttpRequest, user: User, read: Read) -> _Note:
    token = token_of(user)
    factory_id, device, organisations = _place(request, user, read)
    start, end = (_moment(_parameter(request, name)) for name in ("from", "to"))
    return _Note(
        user=user.pk,
        token=token.shown_name if token else "",
        organisations=organisations,
        factory=factory_id,
        kind=read.kind.value,
        path=request.path[:LONGEST_PATH],
        device=device,
        at=timezone.now(),
        times=1,
        # Of several organisations none learns what is in another.
        rows=read.rows if len(organisations) == 1 else None,
        period_start=start,
        period_end=end,
    )


def _place(request: HttpRequest, user: User, read: Read) -> tuple[int | None, str, list[int]]:
    """The factory and device that the address names, and the organisations whose data the answer may hold."""
    token = token_of(user)
    device_id = _named(_OF_DEVICE, request, "device")
    factory_id = _named(_OF_FACTORY, request, "factory") or str((token and token.factory_id) or "")
    factories = visible_to(user, Factory.objects.all(), factory_path="")
    if device_id and "\0" not in device_id:
        factories = factories.filter(devices__device_id=device_id)
    elif factory_id.isdecimal() and len(factory_id) <= LONGEST_ID:
        factories = factories.filter(pk=int(factory_id))
    else:
        of_kind = [m for m in memberships_of(user) if read.kind != ReadKind.PAGE or m.role == Role.AUDITOR]
        places = {m.factory_id for m in of_kind}
        return places.pop() if len(places) == 1 else None, "", sorted({m.organisation_id for m in of_kind})
    found = factories.values_list("pk", "organisation_id").first()
    return (found[0], device_id, [found[1]]) if found else (None, "", [])


def _named(pattern: re.Pattern[str], request: HttpRequest, parameter: str) -> str:
    in_path = pattern.search(request.path)
    return in_path[1] if in_path else _parameter(request, parameter)


def _parameter(request: HttpRequest, name: str) -> str:
    """Of the API, which refuses parameters that do not narrow the answer. A page ignores them: they would tell the log
    that less was read, or another organisation's data."""
    return request.GET.get(name, "") if request.path.startswith("/api/") else ""


def _moment(text: str) -> datetime | None:
    """As the view read it, roughly: a bare day begins at midnight UTC."""
    try:
        read = read_moment_or_day("from", text) if text else None
    except ApiError:
        return None
    if isinstance(read, date) and not isinstance(read, datetime):
        return datetime.combine(read, time(), UTC)
    # Far beyond, the driver cannot read the moment back, and the page of the log would fail.
    return read if read and FIRST_YEAR <= read.year <= LAST_YEAR else None


def _write(noted: _Note) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOTE_READ, asdict(noted))
