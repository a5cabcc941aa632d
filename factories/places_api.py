"""GET /api/places/: where a town or factory lies and how high, for whoever sets up a site."""

from typing import Any, ClassVar

from django.http import HttpResponseBase
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Action
from accounts.viewsets import REFUSALS
from factories.places import find_places
from lib.exports import csv_response, wants_csv
from lib.known_names import ApiView
from lib.parameters import AS_CSV, parameter


class PlaceSerializer(serializers.Serializer[Any]):
    """A candidate. Its altitude is a proposal: of a town it can be hundreds of metres off."""

    name = serializers.CharField()
    kind = serializers.CharField(help_text="factory or town")
    region = serializers.CharField(help_text="county or state")
    country = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    altitude_m = serializers.FloatField(allow_null=True)
    altitude_is_estimated = serializers.BooleanField(help_text="for a site of that name")
    town = serializers.CharField(help_text="whose place and altitude stand for those of a factory; else empty")
    source: Any = serializers.CharField(help_text="document and place in it; empty: nothing is known")


class PlacesView(ApiView):
    """Places of Kenya and India that a name can mean."""

    actions: ClassVar[Any] = {"GET": Action.EDIT_FACTORY}

    @swagger_auto_schema(
        operation_id="places_list",
        operation_summary="Find a town or factory: coordinates and altitude with their source",
        manual_parameters=[
            parameter("name", "two letters or more; accents and capitals do not matter", **{"x-example": "litein"}),
            parameter("country", "two letters, like KE"),
            AS_CSV,
        ],
        responses={200: PlaceSerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request) -> HttpResponseBase:
        asked = {name: request.query_params.get(name, "").strip() for name in ("name", "country")}
        found = find_places(asked["name"][:80], country=asked["country"].upper())
        rows = PlaceSerializer(found, many=True).data
        if wants_csv(request):
            return csv_response(request, rows, list(PlaceSerializer().fields), "places")
        return Response({"next": None, "previous": None, "results": rows})
