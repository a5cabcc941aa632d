"""GET /api/emissions/chart.svg and chart.png: measured CO2 as an image, from the roll-ups of `/api/emissions/`."""

import hashlib
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework.request import Request

from accounts.roles import Action
from devices.models import MCUDevice
from emissions.api import DEVICE, FACTORY, Scope, parse_moment, requested_scope
from emissions.chart_data import RESOLUTIONS, ChartData, chart_data
from factories.models import Factory
from lib.errors import invalid
from lib.known_names import ApiView
from lib.parameters import parameter, require_forward

# The default period.
USUAL = {"hour": timedelta(hours=48), "day": timedelta(days=31), "month": timedelta(days=396)}
WIDTH_PX, HEIGHT_PX = (480, 2000, 960), (280, 1200, 420)
# Nothing was measured before, and date arithmetic fails far beyond.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
DRAWING = "1"  # raise it when the same data is drawn differently, so that browsers ask again


PARAMETERS = [
    FACTORY,
    DEVICE,
    parameter("from", "first moment, inclusive, ISO 8601 with offset; default: 48 hours, 31 days or 13 months"),
    parameter("to", "last moment, exclusive, ISO 8601 with offset; default: the next whole hour"),
    parameter("resolution", "hour (default), day or month", enum=list(RESOLUTIONS)),
    parameter("width", "480 to 2,000 pixels, default 960", type=openapi.TYPE_INTEGER),
    parameter("height", "280 to 1,200 pixels, default 420", type=openapi.TYPE_INTEGER),
]
ANSWERS = {
    200: openapi.Response("the image", openapi.Schema(type=openapi.TYPE_FILE)),
    304: "the image is the one that If-None-Match names",
    400: "invalid",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    413: "too_large",
}


class _ChartView(ApiView):
    """Bars of kg CO2 per period, summed over chimneys, with the data of each period. Same data, same bytes, ETag."""

    actions = {"GET": Action.VIEW_READINGS}
    form = ""
    media_type = ""

    def answer(self, request: Request) -> HttpResponse:
        width_px = _pixels(request, "width", WIDTH_PX)
        height_px = _pixels(request, "height", HEIGHT_PX)
        data = _data(request)
        seed = repr((DRAWING, self.form, width_px, height_px, settings.DEMO, get_language(), astuple(data)))
        etag = f'"{hashlib.sha256(seed.encode()).hexdigest()[:32]}"'
        unchanged = get_conditional_response(request._request, etag=etag)
        if unchanged is not None:
            return unchanged
        # Imported here: matplotlib costs half a second and 40 MB, and most processes never draw.
        from emissions import chart

        draw = chart.svg if self.form == "svg" else chart.png
        response = HttpResponse(
            draw(data, chart.Look(width_px, height_px, settings.DEMO)), content_type=self.media_type
        )
        response["ETag"] = etag
        response["Cache-Control"] = "private, no-cache"
        prefix = "simulated-" if settings.DEMO else ""
        name = f"{prefix}emissions-{data.resolution}.{self.form}"
        response["Content-Disposition"] = f'inline; filename="{name}"'
        return response


def _documented(form: str, media_type: str) -> Any:
    return swagger_auto_schema(
        operation_id=f"emissions_chart_{form}",
        operation_summary=f"A chart of measured CO2 as {form.upper()}",
        manual_parameters=PARAMETERS,
        responses=ANSWERS,
        produces=[media_type, "application/json"],
    )


class ChartSvgView(_ChartView):
    form, media_type = "svg", "image/svg+xml"

    @_documented(form, media_type)
    def get(self, request: Request) -> HttpResponse:
        return self.answer(request)


class ChartPngView(_ChartView):
    form, media_type = "png", "image/png"

    @_documented(form, media_type)
    def get(self, request: Request) -> HttpResponse:
        return self.answer(request)


def _pixels(request: Request, name: str, limits: tuple[int, int, int]) -> int:
    lowest, highest, usual = limits
    asked = request.query_params.get(name, "")
    if not asked:
        return usual
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 6 and lowest <= int(asked) <= highest):
        raise invalid(
            name,
            "out_of_range",
            _("%(name)s=%(value)r is outside %(lowest)d to %(highest)d pixels.")
            % {"name": name, "value": asked[:20], "lowest": lowest, "highest": highest},
        )
    return int(asked)


def _data(request: Request) -> ChartData:
    parameters = request.query_params
    resolution = parameters.get("resolution") or "hour"
    now = timezone.now()
    start, end = parse_moment(parameters, "from"), parse_moment(parameters, "to")
    for name, moment in (("from", start), ("to", end)):
        if moment is not None and not EARLIEST <= moment <= LATEST:
            raise invalid(
                name,
                "out_of_range",
                _("%(name)s=%(value)s is outside %(first)d to %(last)d.")
                % {"name": name, "value": moment.isoformat(), "first": EARLIEST.year, "last": LATEST.year},
            )
    # Up to the next whole hour, so that two requests in an hour get the same chart.
    end = end or now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    start = start or end - USUAL[resolution]
    require_forward(start, end)
    scope = requested_scope(request, parameters)
    return chart_data(
        _title(parameters, scope),
        list(scope),
        resolution,
        start,
        end,
        now=now.replace(minute=0, second=0, microsecond=0),
        is_one_device=bool(parameters.get("device")),
    )


def _title(parameters: Any, scope: Scope) -> str:
    """The source of the CO2, in words that stay true when the image is shared."""
    factory_ids = {factory_id for _device_id, factory_id in scope.values()}
    if factory := parameters.get("factory"):
        factory_ids = {int(factory)}
    if device := parameters.get("device"):
        name = MCUDevice.objects.values_list("factory__name", flat=True).get(device_id=device)
        return _("%(factory)s, device %(device)s") % {"factory": name, "device": device}
    if len(factory_ids) == 1:
        return Factory.objects.values_list("name", flat=True).get(pk=factory_ids.pop())
    count = len(factory_ids)
    return ngettext("%(count)d factory", "%(count)d factories", count) % {"count": count}
