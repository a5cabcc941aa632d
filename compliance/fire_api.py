"""GET /api/factories/{id}/fire/."""

from dataclasses import dataclass
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
from compliance import site_days
from compliance.api import asked_period
from compliance.fire import GOOD_LOSS, FireTold, what_fires_tell
from compliance.steam import SteamDay, SteamGap, steam_days
from emissions.settling import SitePeriod
from factories.days import days_between
from factories.models import Factory
from lib.exports import csv_response, wants_csv
from lib.known_names import ApiView
from lib.parameters import AS_CSV, parameter
from science.boiler import FireRemedy


@dataclass(frozen=True, slots=True)
class FireAndSteam:
    day: date
    told: FireTold | None
    steam: SteamDay | None
    good_share: float = GOOD_LOSS

    @property
    def currency(self) -> str:
        return self.told.price.currency if self.told and self.told.price else ""

    @property
    def steam_missing(self) -> tuple[SteamGap, ...]:
        return self.steam.missing if self.steam else (SteamGap.METER,)


def _number(source: str, help_text: str = "") -> serializers.FloatField:
    return serializers.FloatField(source=source, allow_null=True, read_only=True, help_text=help_text)


def _decimal(source: str, decimal_places: int, help_text: str) -> serializers.DecimalField:
    return serializers.DecimalField(
        26, decimal_places, source=source, allow_null=True, read_only=True, help_text=help_text
    )


class FireDaySerializer(serializers.Serializer[Any]):
    """What the wood fires of a site told on a day (`docs/method.md` 13). Shares are of the gross heat of the wood.

    Null: no wood fire was measured on that day. Fields that begin with `steam` are of the direct method; null: no steam
    was measured, or `steam_missing` says why it cannot be compared with the wood.
    """

    period_start = serializers.DateField(source="day", help_text="the factory day")
    loss_share = _number("told.loss.total", "left by the chimneys: 0.31 is 31 %")
    low_share = _number("told.loss.low")
    high_share = _number("told.loss.high")
    good_share = serializers.FloatField(help_text="what a good fire loses")
    co2_dry_fraction = _number("told.fire.co2_fraction_dry", "mol/mol, over the day's dry gas")
    temperature_c = _number("told.fire.stack_temperature_c")
    excess_air = _number("told.loss.excess_air", "air above what the wood needs: 0.6 is 60 %")
    change_first = serializers.ChoiceField(
        source="told.remedy", choices=[remedy.value for remedy in FireRemedy], allow_null=True, read_only=True
    )
    co2_kg = _number("told.co2_kg", "measured while wood burned")
    avoidable_wood_kg = _decimal("told.avoidable_kg", 6, "a good fire saves it")
    avoidable_wood_m3 = _decimal("told.avoidable_m3", 6, "stacked; null: its weight is not known")
    avoidable_cost = _decimal("told.avoidable_cost", 2, "null: no cost of firewood was logged in a year")
    currency = serializers.CharField(help_text="of the cost; empty without one")
    steam_kg = _number("steam.steam_kg", "of the whole day, at the mean of the time that was measured")
    steam_covered_share = _number("steam.covered_share", "of the day")
    steam_is_feed_water = serializers.BooleanField(
        source="steam.is_feed_water", allow_null=True, read_only=True, help_text="feed water stands for the steam"
    )
    steam_wood_kg = _number("steam.wood_kg", "logged, as burned")
    steam_kg_per_kg_wood = _number("steam.kg_per_kg")
    steam_efficiency_share = _number(
        "steam.efficiency", "of the wood's gross heat that is in the steam; 1 - loss_share is beside it"
    )
    steam_missing = serializers.ListField(
        child=serializers.ChoiceField(choices=[gap.value for gap in SteamGap]),
        help_text="steam_meter, steam_coverage, firewood_log and other_fuel leave no ratio; the others were assumed",
    )


class FireView(ApiView):
    """What wood fires and steam of a site told, by factory day; days on which neither was measured are absent."""

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
        site_days.refresh([factory.pk])
        periods = [SitePeriod(factory.pk, day.starts_at, day.ends_at) for day in days]
        told = zip(days, what_fires_tell([factory], periods, timezone.now()), steam_days(factory, days), strict=True)
        found = [FireAndSteam(day.day, fire, steam) for day, fire, steam in told if fire or steam]
        rows = FireDaySerializer(found, many=True).data
        if wants_csv(request):
            return csv_response(request, rows, list(FireDaySerializer().fields), "fire")
        return Response({"next": None, "previous": None, "results": rows})
