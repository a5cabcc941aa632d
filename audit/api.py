"""GET /api/audit/: who changed what, and who read raw data."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Action
from audit.queries import ACTS, Filters, LogPlace, Sight, all_places, places
from audit.sources import BY_CODE
from audit.words import AuditRow, rows_of
from lib.errors import invalid
from lib.exports import csv_response, wants_whole_list
from lib.known_names import ApiView
from lib.pagination import page_size
from lib.parameters import AS_CSV, chosen, parameter, require_forward
from lib.times import read_moment

LONGEST_ID = 9


class AuditChangeSerializer(serializers.Serializer[Any]):
    column = serializers.CharField()
    label = serializers.CharField(help_text="the column in words, with its unit")  # type: ignore[assignment]
    before = serializers.CharField(help_text="empty for a new row")
    after = serializers.CharField(help_text="empty for a removed row")


class AuditRowSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=list(BY_CODE))
    act = serializers.ChoiceField(choices=list(ACTS))
    thing = serializers.CharField(help_text="the row in words; of a read also period, rows and times")
    factory = serializers.IntegerField(allow_null=True)
    factory_name = serializers.CharField()
    by = serializers.IntegerField(allow_null=True, help_text="id of the person; null: the server itself")
    by_name = serializers.CharField()
    token = serializers.CharField(help_text="name of the API token, if one was used")
    address = serializers.CharField(help_text="of the request; empty: no request")
    changes = AuditChangeSerializer(many=True)


class AuditView(ApiView):
    """The audit log of your organisation, newest first. Measured readings are never changed, so they are not in it."""

    actions: ClassVar = {"GET": Action.VIEW_AUDIT}

    @swagger_auto_schema(
        operation_id="audit_list",
        operation_summary="Who changed what, and who read raw data",
        manual_parameters=[
            parameter("kind", "of row", enum=list(BY_CODE)),
            parameter("act", "what was done", enum=list(ACTS)),
            parameter("factory", "id of a factory", type=openapi.TYPE_INTEGER),
            parameter("by", "id of a person", type=openapi.TYPE_INTEGER),
            parameter("from", "first moment, inclusive, ISO 8601 with offset"),
            parameter("to", "last moment, exclusive, ISO 8601 with offset"),
            parameter("cursor", "from `next` of the page before"),
            parameter("page_size", "1 to 1,000, default 100"),
            AS_CSV,
        ],
        responses={200: AuditRowSerializer(many=True), 400: "invalid", 401: "not_signed_in", 403: "forbidden"},
    )
    def get(self, request: Request) -> HttpResponseBase:
        filters, sight = filters_of(request.query_params), Sight.of(request.user)
        if wants_whole_list(request):
            return file_of(request, sight, filters)
        cursor = request.query_params.get("cursor")
        size = page_size(request)
        found = places(sight, filters, LogPlace.decode(cursor) if cursor else None, size)
        following = None
        if len(found) == size:
            parameters = request.query_params.copy()
            parameters["cursor"] = found[-1].encode()
            following = request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")
        rows = AuditRowSerializer(rows_of(found), many=True).data
        return Response({"next": following, "previous": None, "results": rows})


def filters_of(parameters: Any) -> Filters:
    """The filters of a query string. Raises ApiError 400 on the parameter that is wrong."""
    start, end = (read_moment(name, parameters[name]) if parameters.get(name) else None for name in ("from", "to"))
    require_forward(start, end)
    return Filters(
        kind=chosen(parameters, "kind", list(BY_CODE)),
        act=chosen(parameters, "act", list(ACTS)),
        factory=_number(parameters, "factory"),
        by=_number(parameters, "by"),
        start=start,
        end=end,
    )


def _number(parameters: Any, name: str) -> int | None:
    text = parameters.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID):
        raise invalid(name, "invalid", _("%(name)s=%(value)r is not an id.") % {"name": name, "value": text[:20]})
    return int(text)


def file_of(request: Any, sight: Sight, filters: Filters) -> HttpResponseBase:
    """The whole list as it is now: that this file was taken is not in it."""
    now = timezone.now()
    until = Filters(**asdict(filters) | {"end": min(filters.end or now, now)})
    return csv_response(request, _rows(sight, until), list(AuditRowSerializer().fields), "audit")


def _rows(sight: Sight, filters: Filters) -> Iterator[Any]:
    for page in all_places(sight, filters):
        rows: list[AuditRow] = rows_of(page)
        yield from AuditRowSerializer(rows, many=True).data
