"""GET /api/factories/{id}/balance/."""

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
from compliance.balance import Balance, BalanceDay, balance
from factories.models import Factory
from lib.exports import csv_response, wants_csv
from lib.known_names import ApiView
from lib.parameters import AS_CSV, parameter
from science.balance import BalanceVerdict


def _number(source: str, help_text: str = "") -> serializers.FloatField:
    return serializers.FloatField(source=source, allow_null=True, read_only=True, help_text=help_text)


class BalanceDaySerializer(serializers.Serializer[Any]):
    """A factory day with both figures of its carbon and the verdict of the days up to it (`docs/method.md` 9).

    Null: not logged or not measured. Changes are of the days since `changed_on` against the usual days before; 0.1 is
    10 % more. Without a change they are null.
    """

    period_start = serializers.DateField(source="day", help_text="the factory day")
    stack_co2_kg = _number("pair.stack_kg", "null also: the sensor was at the end of its range")
    fuel_co2_kg = _number("pair.fuel_kg", "of the heat fuel in the log, by carbon")
    made_kg = _number("pair.made_kg")
    co2_dry_fraction = _number("pair.co2_dry_fraction", "mol/mol, of the fires' gas")
    ratio = _number("judged.ratio", "stack over fuel; null also for a day whose fire was small")
    band_low = _number("judged.low", "a ratio from here ...")
    band_high = _number("judged.high", "... to here is usual")
    band_is_learned = serializers.BooleanField(source="judged.is_learned", help_text="from the site's own days")
    verdict = serializers.ChoiceField(source="judged.verdict", choices=[verdict.value for verdict in BalanceVerdict])
    is_apart = serializers.BooleanField(source="judged.is_apart", help_text="stack and log differ for days")
    changed_on = serializers.SerializerMethodField(help_text="first day of the change, or null")
    ratio_change = _number("judged.changes.ratio")
    co2_change = _number("judged.changes.co2", "of the CO2 in the gas")
    flow_per_kg_change = _number("judged.changes.flow_per_kg", "of the gas for each kg made")
    fuel_per_kg_change = _number("judged.changes.fuel_per_kg", "of the fuel logged for each kg made")
    is_gradual = serializers.BooleanField(source="judged.changes.is_gradual", allow_null=True, read_only=True)

    def get_changed_on(self, row: BalanceDay) -> date | None:
        of_site: Balance = self.context["balance"]
        return None if row.judged.changes is None else of_site.history[row.judged.changes.first].day


class BalanceView(ApiView):
    """Stack against fuel of a site by factory day, with the verdict as of each."""

    actions = {"GET": Action.VIEW_ENERGY}

    @swagger_auto_schema(
        operation_id="factories_balance",
        operation_summary="Stack against fuel on carbon, with the verdict of each day",
        manual_parameters=[
            parameter("from", "first day, like 2026-11-01; default a month before `to`", format="date"),
            parameter("to", "last day, exclusive; default tomorrow at the site", format="date"),
            AS_CSV,
        ],
        responses={200: BalanceDaySerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        factory = get_visible(request.user, Factory.objects.all(), Action.VIEW_ENERGY, factory_path="", pk=pk)
        first, end = asked_period(request.query_params, factory, "day")
        site_days.refresh([factory.pk])
        found = balance(factory, first, end - timedelta(days=1), timezone.now())
        rows = BalanceDaySerializer(found.days, many=True, context={"balance": found}).data
        if wants_csv(request):
            return csv_response(request, rows, list(BalanceDaySerializer().fields), "balance")
        return Response({"next": None, "previous": None, "results": rows})
