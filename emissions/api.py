"""GET /api/emissions/: readings, their roll-ups each at its own address, and the newest reading of each device.

POST is in `mqtt_ingest/api.py`, beside the pipeline it goes through; the live stream is in `live.py`.
"""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar

from django.http import Http404, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import visible_to
from accounts.roles import Action
from devices.models import Assignment, MCUDevice
from emissions import queries
from emissions.serializers import ReadingSerializer, RollupSerializer, reading_row, rollup_row
from emissions.settling import DevicePeriod, settling
from factories.models import Factory
from lib.errors import ApiError, invalid
from lib.exports import chunks, csv_response, list_response, wants_csv, wants_whole_list
from lib.known_names import ApiView
from lib.pagination import page_size
from lib.parameters import AS_CSV, parameter, require_forward
from lib.reads import ReadKind, marked
from lib.times import read_moment
from science.uncertainty import stack_sigma

Scope = dict[int, tuple[str, int]]  # the devices that a request may and wants to see: key -> (device id, factory)


def requested_scope(request: Any, parameters: Any) -> Scope:
    """Devices visible to the user, narrowed by ?factory= and ?device=. 404 for a device that the user may not see."""
    devices = visible_to(request.user, MCUDevice.objects.all(), action=Action.VIEW_READINGS)
    if factory := parameters.get("factory"):
        if not factory.isdecimal() or len(factory) > 9:
            raise invalid("factory", "invalid", _("factory=%r is not a factory's number.") % factory)
        visible = visible_to(request.user, Factory.objects.all(), factory_path="", action=Action.VIEW_READINGS)
        if not visible.filter(pk=int(factory)).exists():
            raise Http404
        devices = devices.filter(factory_id=int(factory))
    if device := parameters.get("device"):
        # PostgreSQL takes no NUL in a text, and no device id has one.
        devices = devices.filter(device_id=device) if "\x00" not in device else devices.none()
        if not devices.exists():
            raise Http404
    rows = devices.values_list("pk", "device_id", "factory_id")
    return {pk: (device_id, factory_id) for pk, device_id, factory_id in rows}


def parse_moment(parameters: Any, name: str) -> datetime | None:
    """A time with its offset from the query string; None when it is not given."""
    raw = parameters.get(name, "").strip()
    return read_moment(name, raw) if raw else None


FACTORY = parameter("factory", "id of a factory")
DEVICE = parameter("device", "device id")
LIST_PARAMETERS = [
    FACTORY,
    DEVICE,
    parameter("from", "first moment, inclusive, ISO 8601 with offset"),
    parameter("to", "last moment, exclusive, ISO 8601 with offset"),
    parameter("cursor", "from `next` or `previous` of the page before"),
    parameter("page_size", "1 to 1,000, default 100"),
    AS_CSV,
]


DERIVED_ROWS = 5_000  # derived at once: each time the readings in front of them are read for every device
REFUSALS = {400: "invalid", 401: "not_signed_in", 404: "not_found"}


class _InTimeOrder(ApiView):
    """Rows ascending by time, in pages by cursor. Measured data is never changed, so there is no route of one row."""

    actions: ClassVar = {"GET": Action.VIEW_READINGS}
    row_serializer: type[serializers.Serializer[Any]]
    is_raw = False  # whether the audit log has reads of a page; it has those of a file always

    def page(self, request: Request) -> HttpResponseBase:
        parameters = request.query_params
        start, end = parse_moment(parameters, "from"), parse_moment(parameters, "to")
        require_forward(start, end)
        scope = requested_scope(request, parameters)
        columns = list(self.row_serializer().fields)
        if wants_whole_list(request):
            found = queries.all_rows(scope, lambda ids, *place: self.fetch(ids, start, end, *place), self.key)
            rows = (row for chunk in chunks(found, DERIVED_ROWS) for row in self.shown(chunk, scope))
            return csv_response(request, rows, columns, self.file_name)
        cursor = self._cursor(parameters.get("cursor"))
        page = self.fetch(list(scope), start, end, cursor, page_size(request))
        following, preceding = (self._link(request, place) for place in (page.following, page.preceding))
        response = Response({"next": following, "previous": preceding, "results": self.shown(page.rows, scope)})
        return marked(response, ReadKind.READINGS, len(page.rows)) if self.is_raw else response

    @property
    def file_name(self) -> str:
        raise NotImplementedError

    @property
    def key(self) -> Callable[[Any], queries.Key]:
        """The order of the rows."""
        raise NotImplementedError

    def fetch(
        self,
        device_ids: list[int],
        start: datetime | None,
        end: datetime | None,
        cursor: queries.Cursor | None,
        size: int,
    ) -> queries.Page:
        raise NotImplementedError

    def shown(self, rows: list[Any], scope: Scope) -> list[dict[str, Any]]:
        raise NotImplementedError

    @staticmethod
    def _cursor(text: str | None) -> queries.Cursor | None:
        if not text:
            return None
        try:
            return queries.Cursor.decode(text)
        except queries.BadCursorError:
            raise invalid("cursor", "invalid_cursor", _("cursor does not come from this API.")) from None

    @staticmethod
    def _link(request: Request, cursor: queries.Cursor | None) -> str | None:
        if cursor is None:
            return None
        parameters = request.query_params.copy()
        parameters["cursor"] = cursor.encode()
        return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        raise ApiError(
            405, "method_not_allowed", _("Measured readings are never changed or deleted: correct by a new version.")
        )


class EmissionsView(_InTimeOrder):
    """Readings as received. Roll-ups are at `minutes/`, `hours/`, `days/` and `months/` below."""

    row_serializer = ReadingSerializer
    is_raw = True
    file_name = "emissions-raw"
    key = staticmethod(queries.reading_key)

    @swagger_auto_schema(
        operation_id="emissions_list",
        operation_summary="Readings",
        manual_parameters=LIST_PARAMETERS,
        responses={200: ReadingSerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request) -> HttpResponseBase:
        return self.page(request)

    def fetch(self, *place: Any) -> queries.Page:
        return queries.readings_page(*place)

    def shown(self, rows: list[Any], scope: Scope) -> list[dict[str, Any]]:
        return [reading_row(item, scope) for item in queries.with_meaning(rows)]


class RollupsView(_InTimeOrder):
    """Minutes, hours, days or months of each device, as the site's clock cuts them."""

    row_serializer = RollupSerializer
    resolution = ""  # each route names its own
    key = staticmethod(attrgetter("key"))

    @property
    def file_name(self) -> str:
        return f"emissions-{self.resolution}s"

    @swagger_auto_schema(manual_parameters=LIST_PARAMETERS, responses={200: RollupSerializer(many=True), **REFUSALS})
    def get(self, request: Request) -> HttpResponseBase:
        return self.page(request)

    def fetch(self, *place: Any) -> queries.Page:
        return queries.rollups_page(self.resolution, *place, now=timezone.now())

    def shown(self, rows: list[Any], scope: Scope) -> list[dict[str, Any]]:
        assignments = _assignments(rows)
        parts = [DevicePeriod(p.device_id, p.period_start, p.period_end) for p in rows]
        return [
            rollup_row(period, scope, assignments, settles)
            for period, settles in zip(rows, settling(parts, timezone.now()), strict=True)
        ]


def _assignments(periods: list[queries.RollupRow]) -> dict[int, tuple[int, bool, float]]:
    rows = Assignment.objects.filter(pk__in={period.assignment_id for period in periods})
    columns = ("pk", "chimney", "is_of_record", "factory__altitude_is_estimated")
    return {
        pk: (chimney, of_record, stack_sigma(altitude_is_estimated=is_estimated))
        for pk, chimney, of_record, is_estimated in rows.values_list(*columns)
    }


class LatestView(ApiView):
    """The newest reading of each device, one row a device."""

    actions = {"GET": Action.VIEW_READINGS}

    @swagger_auto_schema(
        operation_id="emissions_latest",
        operation_summary="The newest reading of each device",
        manual_parameters=[FACTORY, DEVICE, AS_CSV],
        responses={200: ReadingSerializer(many=True)},
    )
    def get(self, request: Request) -> HttpResponseBase:
        scope = requested_scope(request, request.query_params)
        rows = [reading_row(item, scope) for item in queries.latest_readings(list(scope))]
        response = list_response(request, rows, list(ReadingSerializer().fields), "emissions-latest")
        return response if wants_csv(request) else marked(response, ReadKind.READINGS, len(rows))
