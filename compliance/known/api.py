"""GET /api/inventory/diff/: what became known of a period between two moments, by source and gas, and by cause."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Action
from accounts.viewsets import REFUSALS
from compliance.inventory.api import LONGEST_DAYS, asked_factories
from compliance.known.diff import diff
from factories.choices import GwpSet
from factories.known import not_known_yet
from factories.models import Factory
from lib.errors import invalid
from lib.known_names import ApiView
from lib.parameters import chosen, parameter, require_forward
from lib.times import read_day, read_known_on
from logbook.api import PlainDecimalField


class AmountsSerializer(serializers.Serializer[Any]):
    """kg CO2e by scope; the two of scope 2 are never added. Exact, so that the causes add up to the last digit."""

    scope_1_kg = PlainDecimalField()
    scope_2_location_kg = PlainDecimalField()
    scope_2_market_kg = PlainDecimalField()
    biogenic_co2_kg = PlainDecimalField(help_text="outside the scopes")


class GasDifferenceSerializer(serializers.Serializer[Any]):
    factory = serializers.IntegerField(source="factory_id")
    source: Any = serializers.IntegerField(source="source_id", allow_null=True, help_text="emission source")
    scope = serializers.IntegerField()
    approach = serializers.CharField(help_text="of scope 2")
    gas = serializers.CharField()
    before_kg = PlainDecimalField(help_text="of the gas")
    after_kg = PlainDecimalField()
    difference_kg = PlainDecimalField()


class ChangeCauseSerializer(serializers.Serializer[Any]):
    factory = serializers.IntegerField(source="factory_id")
    code = serializers.CharField(source="told.code", help_text="such as energy_corrected, late_readings, calibration")
    sentence = serializers.CharField(source="words")
    what = serializers.CharField(source="told.what", help_text="the row, or the device")
    number = serializers.IntegerField(source="told.number", help_text="of entries or hours")
    by = serializers.CharField(source="told.by", help_text="empty: the server or a device")
    reason = serializers.CharField(source="told.reason")
    at = serializers.DateTimeField(source="told.at", allow_null=True)
    effect = AmountsSerializer(allow_null=True, help_text="null: part of the line not_told_apart")


class InventoryDifferenceSerializer(serializers.Serializer[Any]):
    from_known = serializers.DateTimeField(source="before.as_known_on")
    to_known = serializers.DateTimeField(source="after.as_known_on")
    first_day = serializers.DateField(source="after.first_day")
    end_day = serializers.DateField(source="after.end_day", help_text="exclusive")
    gwp_set = serializers.CharField(source="after.gwp_set")
    before = AmountsSerializer(source="before_amounts")
    after = AmountsSerializer(source="after_amounts")
    difference = AmountsSerializer(source="amounts")
    rows = GasDifferenceSerializer(many=True)
    causes = ChangeCauseSerializer(many=True)
    note = serializers.CharField(default="", help_text="if the sites were not known at the first moment")


def _required(name: str, description: str, example: str, **extra: Any) -> Any:
    return parameter(name, description, required=True, **{"x-example": example, **extra})


class InventoryDiffView(ApiView):
    """Why a figure is not what it was: each changed entry, late reading and setting, with what it did."""

    actions = {"GET": Action.VIEW_ENERGY}

    @swagger_auto_schema(
        operation_id="inventory_diff",
        operation_summary="What became known of a period between two moments, by cause",
        manual_parameters=[
            parameter("factory", "id of a site; default: all that you see", type="integer"),
            parameter("organisation", "id: its sites", type="integer"),
            parameter("county", "sites of this county"),
            _required("from", "first day", "2026-10-01", format="date"),
            _required("to", "last day, exclusive", "2026-11-01", format="date"),
            _required("from_known", "the earlier moment, ISO 8601 with offset, or a day: its end", "2026-11-02"),
            parameter("to_known", "the later one; default: now"),
            parameter("gwp_set", "of both sides; default: each side's own", enum=list(GwpSet.values)),
        ],
        responses={200: InventoryDifferenceSerializer, **REFUSALS},
    )
    def get(self, request: Request) -> Response:
        parameters = request.query_params
        factories = asked_factories(request.user, parameters)
        asked = asked_difference(parameters, factories)
        gwp_set = chosen(parameters, "gwp_set", list(GwpSet.values))
        found = InventoryDifferenceSerializer(diff(factories, *asked, gwp_set=gwp_set)).data
        return Response({**found, "note": not_known_yet(factories, asked.start)})


class AskedDifference(NamedTuple):
    first_day: date
    end_day: date  # exclusive
    start: datetime
    end: datetime


def asked_difference(parameters: Any, factories: list[Factory]) -> AskedDifference:
    """Raises ApiError 400 on the parameter that is missing or wrong."""
    days = []
    for name in ("from", "to", "from_known"):
        if not parameters.get(name, "").strip():
            raise invalid(name, "required", _("Give %(name)s.") % {"name": name})
        if name != "from_known":
            days.append(read_day(name, parameters[name]))
    require_forward(*days)
    if (days[1] - days[0]).days > LONGEST_DAYS:
        words = _("The period has %(days)d days, more than %(limit)d: ask for shorter periods.")
        raise invalid("from", "period_too_long", words % {"days": (days[1] - days[0]).days, "limit": LONGEST_DAYS})
    zones = [factory.zone for factory in factories]
    start, end = (read_known_on(parameters, zones, name) for name in ("from_known", "to_known"))
    end = end or timezone.now()
    assert start is not None  # required
    if start >= end:
        raise invalid("to_known", "period_backward", _("to_known is not after from_known."))
    return AskedDifference(days[0], days[1], start.astimezone(UTC), end.astimezone(UTC))
