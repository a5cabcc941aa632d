"""GET and POST /api/factories/{id}/wood-lot/."""

from typing import Any

from drf_yasg.utils import swagger_auto_schema, swagger_serializer_method
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import REFUSALS
from compliance.api import asked_period
from compliance.choices import WoodSource
from compliance.wood_lot import LotFlag, WoodLot, deliveries, set_origin, wood_lot
from factories.days import factory_day
from factories.models import Factory
from lib.known_names import ApiView
from lib.parameters import parameter


class OriginSerializer(serializers.Serializer[Any]):
    """Where a delivery of wood comes from."""

    entry = serializers.IntegerField(
        source="entry_id", min_value=1, max_value=2**31 - 1, help_text="id of the delivery"
    )
    source: Any = serializers.ChoiceField(choices=WoodSource.choices)
    supplier = serializers.CharField(max_length=120, allow_blank=True, default="")
    species = serializers.CharField(max_length=80, allow_blank=True, default="")
    evidence = serializers.CharField(
        max_length=200, allow_blank=True, default="", help_text="that it grew sustainably: certificate, contract, plan"
    )

    class Meta:
        ref_name = "WoodOrigin"
        swagger_schema_fields = {
            "example": {
                "entry": 900001,
                "source": "bought",
                "supplier": "Kipkelion Growers",
                "species": "eucalyptus",
                "evidence": "FSC-C123456, delivery note 88",
            }
        }


def _kg(help_text: str = "", *, allow_null: bool = False) -> serializers.DecimalField:
    return serializers.DecimalField(26, 6, allow_null=allow_null, help_text=help_text)


class WoodLotSerializer(serializers.Serializer[Any]):
    """What was there, came in and burned; kg of wood at the moisture of the site. Null: nobody counted it before."""

    first_day = serializers.DateField()
    end_day = serializers.DateField(help_text="exclusive")
    opening_kg = _kg(allow_null=True)
    received_kg = _kg()
    grown_kg = _kg("of it from own plantations")
    burned_kg = _kg()
    closing_kg = _kg("from the last count on, by the log; negative with the flag negative", allow_null=True)
    days_left = _kg("at the mean use of 28 days", allow_null=True)
    biogenic_co2_kg = _kg("of the wood burned")
    evidenced_share = _kg("of the wood that came in during a year, or burned where that is more, 0 to 1")
    sustainable_co2_kg = _kg("the part of biogenic_co2_kg that evidence covers")
    flags = serializers.ListField(child=serializers.ChoiceField(choices=[flag.value for flag in LotFlag]))
    origins = serializers.SerializerMethodField(help_text="of the deliveries of the period")

    @swagger_serializer_method(OriginSerializer(many=True))
    def get_origins(self, lot: WoodLot) -> Any:
        return OriginSerializer(self.context["origins"], many=True).data


class WoodLotView(ApiView):
    """The wood lot of a site."""

    actions = {"GET": Action.VIEW_ENERGY, "POST": Action.WRITE_ENERGY}

    @swagger_auto_schema(
        operation_id="factories_wood_lot",
        operation_summary="Wood received and burned, days left, and the share with evidence",
        manual_parameters=[
            parameter("from", "first day, like 2026-11-01; default a month before `to`", format="date"),
            parameter("to", "last day, exclusive; default tomorrow at the site", format="date"),
        ],
        responses={200: WoodLotSerializer, **REFUSALS},
    )
    def get(self, request: Request, pk: int) -> Response:
        factory = get_visible(request.user, Factory.objects.all(), Action.VIEW_ENERGY, factory_path="", pk=pk)
        first, end = asked_period(request.query_params, factory, "day")
        moments = (factory_day(factory, day).starts_at for day in (first, end))
        known = [entry.wood_origin for entry in deliveries(factory, *moments) if hasattr(entry, "wood_origin")]
        return Response(WoodLotSerializer(wood_lot(factory, first, end), context={"origins": known}).data)

    @swagger_auto_schema(
        operation_id="factories_wood_lot_origin",
        operation_summary="State where a delivery of wood comes from",
        request_body=OriginSerializer,
        responses={200: OriginSerializer, **REFUSALS},
    )
    def post(self, request: Request, pk: int) -> Response:
        factory = get_visible(request.user, Factory.objects.all(), Action.WRITE_ENERGY, factory_path="", pk=pk)
        serializer = OriginSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        user: Any = request.user
        return Response(OriginSerializer(set_origin(user, factory, values.pop("entry_id"), values)).data)
