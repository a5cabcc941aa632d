"""GET /api/factories/{id}/fire/."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import REFUSALS
from compliance.api import asked_period
from compliance.fire import GOOD_LOSS, FireTold, what_fires_tell
from emissions.settling import SitePeriod
from factories.days import days_between
from factories.models import Factory
from lib.exports import csv_response, wants_csv
from lib.known_names import ApiView
from lib.parameters import AS_CSV, parameter
from science.boiler import FireRemedy


class FireDaySerializer(serializers.Serializer[Any]):
    """What the wood fires of a site told on a day (`docs/method.md` 13). Shares are of the gross heat of the wood."""

    period_start = serializers.DateField(help_text="the factory day")
    loss_share = serializers.FloatField(help_text="left by the chimneys: 0.31 is 31 %")
    low_share = serializers.FloatField()
    high_share = serializers.FloatField()
    good_share = serializers.FloatField(help_text="what a good fire loses")
    co2_dry_fraction = serializers.FloatField(help_text="mol/mol, over the day's dry gas")
    temperature_c = serializers.FloatField()
    excess_air = serializers.FloatField(help_text="air above what the wood needs: 0.6 is 60 %")
    change_first = serializers.ChoiceField(choices=[remedy.value for remedy in FireRemedy])
    co2_kg = serializers.FloatField(help_text="measured while wood burned")
    avoidable_wood_kg = serializers.DecimalField(max_digits=26, decimal_places=6, help_text="a good fire saves it")
    avoidable_wood_m3 = serializers.DecimalField(
        max_digits=26, decimal_places=6, allow_null=True, help_text="stacked; null: its weight is not known"
    )
    avoidable_cost = serializers.DecimalField(
        max_digits=26, decimal_places=2, allow_null=True, help_text="null: no cost of firewood was logged in a year"
    )
    currency = serializers.CharField(help_text="of the cost; empty without one")


def fire_row(day: date, told: FireTold) -> dict[str, Any]:
    return {
        "period_start": day,
        "loss_share": told.loss.total,
        "low_share": told.loss.low,
        "high_share": told.loss.high,
        "good_share": GOOD_LOSS,
        "co2_dry_fraction": told.fire.co2_fraction_dry,
        "temperature_c": told.fire.stack_temperature_c,
        "excess_air": told.loss.excess_air,
        "change_first": told.remedy,
        "co2_kg": told.co2_kg,
        "avoidable_wood_kg": told.avoidable_kg,
        "avoidable_wood_m3": told.avoidable_m3,
        "avoidable_cost": told.avoidable_cost,
        "currency": told.price.currency if told.price else "",
    }


class FireView(ApiView):
    """What the wood fires of a site told, by factory day; days without a measured wood fire are absent."""

    actions = {"GET": Action.VIEW_ENERGY}

    @swagger_auto_schema(
        operation_id="factories_fire",
        operation_summary="The wood's heat that left by the chimney, by day",
        manual_parameters=[
            parameter("from", "first day, like 2026-11-01; default a month before `to`", format="date"),
            parameter("to", "last day, exclusive; default tomorrow at the site", format="date"),
            AS_CSV,
        ],
        responses={200: FireDaySerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        factory = get_visible(request.user, Factory.objects.all(), Action.VIEW_ENERGY, factory_path="", pk=pk)
        first, end = asked_period(request.query_params, factory, "day")
        days = days_between(factory, first, end - timedelta(days=1))
        told = what_fires_tell(
            [factory], [SitePeriod(factory.pk, day.starts_at, day.ends_at) for day in days], timezone.now()
        )
        found = [fire_row(day.day, one) for day, one in zip(days, told, strict=True) if one is not None]
        rows = FireDaySerializer(found, many=True).data
        if wants_csv(request):
            return csv_response(request, rows, list(FireDaySerializer().fields), "fire")
        return Response({"next": None, "previous": None, "results": rows})
