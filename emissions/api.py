"""GET /api/emissions/: readings and roll-ups, and the newest reading of each device.

POST is in `mqtt_ingest/api.py`, beside the pipeline it goes through; the live stream is in `live.py`.
"""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_yasg.utils import swagger_auto_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import visible_to
from accounts.roles import Action
from devices.models import Assignment, MCUDevice
from emissions import queries
from emissions.serializers import ReadingSerializer, RollupSerializer, reading_row, rollup_row
from emissions.settling import DevicePeriod, settling
from factories.models import Factory
from lib.errors import ApiError, invalid
from lib.exports import list_response
from lib.pagination import page_size
from lib.parameters import chosen, parameter, require_forward

RAW = "raw"
RESOLUTIONS = (RAW, *queries.RESOLUTIONS)
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
    if not raw:
        return None
    try:
        # In a query string + means a space, so 2026-11-22T00:00:00+03:00 arrives with a space.
        parsed = parse_datetime(raw.replace(" ", "+", 1) if "T" in raw else raw)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise invalid(
            name,
            "invalid_time",
            _("%(name)s=%(value)r is not a time with an offset; write it like 2026-11-22T00:00:00%%2B03:00 or …Z.")
            % {"name": name, "value": raw},
            value=raw,
        )
    return parsed


FACTORY = parameter("factory", "id of a factory")
DEVICE = parameter("device", "device id")
LIST_PARAMETERS = [
    FACTORY,
    DEVICE,
    parameter("from", "first moment, inclusive, ISO 8601 with offset"),
    parameter("to", "last moment, exclusive, ISO 8601 with offset"),
    parameter("resolution", "raw (default), minute, hour, day or month", enum=list(RESOLUTIONS)),
    parameter("cursor", "from `next` or `previous` of the page before"),
    parameter("page_size", "1 to 1,000, default 100"),
    parameter("as", "csv: this page as a file", enum=["csv"]),
]


# Swagger 2 knows one shape for an answer, so the description explains the other one.
DESCRIPTION = (
    "`resolution=raw` answers readings, as below. The others answer periods, with these fields:\n\n"
    + "\n".join(
        f"- `{name}`" + (f": {field.help_text}" if field.help_text else "")
        for name, field in RollupSerializer().fields.items()
    )
)


class EmissionsView(APIView):
    """Readings and roll-ups in time order. There is no route of a single reading, and readings are never changed."""

    actions = {"GET": Action.VIEW_READINGS}

    @swagger_auto_schema(
        operation_id="emissions_list",
        operation_summary="Readings, or minutes, hours, days, months",
        operation_description=DESCRIPTION,
        manual_parameters=LIST_PARAMETERS,
        responses={200: ReadingSerializer(many=True), 400: "invalid", 401: "not_signed_in", 404: "not_found"},
    )
    def get(self, request: Request) -> HttpResponseBase:
        parameters = request.query_params
        resolution = chosen(parameters, "resolution", RESOLUTIONS, RAW)
        start, end = parse_moment(parameters, "from"), parse_moment(parameters, "to")
        require_forward(start, end)
        scope = requested_scope(request, parameters)
        cursor = self._cursor(parameters.get("cursor"))
        size = page_size(request)
        devices = list(scope)
        if resolution == RAW:
            page = queries.readings_page(devices, start, end, cursor, size)
            rows = [reading_row(item, scope) for item in page.rows]
            columns = list(ReadingSerializer().fields)
        else:
            page = queries.rollups_page(resolution, devices, start, end, cursor, size)
            assignments = _assignments(page.rows)
            parts = [DevicePeriod(p.device_id, p.period_start, p.period_end) for p in page.rows]
            rows = [
                rollup_row(period, scope, assignments, settles)
                for period, settles in zip(page.rows, settling(parts, timezone.now()), strict=True)
            ]
            columns = list(RollupSerializer().fields)
        return list_response(
            request,
            rows,
            columns,
            f"emissions-{resolution}",
            following=self._link(request, page.following),
            preceding=self._link(request, page.preceding),
        )

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


def _assignments(periods: list[queries.RollupRow]) -> dict[int, tuple[int, bool]]:
    rows = Assignment.objects.filter(pk__in={period.assignment_id for period in periods})
    return {pk: (chimney, of_record) for pk, chimney, of_record in rows.values_list("pk", "chimney", "is_of_record")}


class LatestView(APIView):
    """The newest reading of each device, one row a device."""

    actions = {"GET": Action.VIEW_READINGS}

    @swagger_auto_schema(
        operation_id="emissions_latest",
        operation_summary="The newest reading of each device",
        manual_parameters=[FACTORY, DEVICE],
        responses={200: ReadingSerializer(many=True)},
    )
    def get(self, request: Request) -> HttpResponseBase:
        scope = requested_scope(request, request.query_params)
        rows = [reading_row(item, scope) for item in queries.latest_readings(list(scope))]
        return list_response(request, rows, list(ReadingSerializer().fields), "emissions-latest")
