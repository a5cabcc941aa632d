"""GET /api/factories/leaderboard/: the leaderboard as the caller may see it, as JSON or as a file."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import Action
from leaderboard.places import Leaderboard, Named, Row, Unplaced, leaderboard
from leaderboard.site_sums import Metric
from lib.exports import csv_response, wants_csv
from science.rounding import decimal_kg

PER_KG = {Metric.CO2E: "kg CO2e/kg", Metric.ENERGY: "MJ/kg", Metric.STACK: "kg CO2/kg"}
PER_T = {Metric.CO2E: "kg CO2e/t", Metric.ENERGY: "MJ/t"}
PERCENT = 100.0


class StandingRowSerializer(serializers.Serializer[Any]):
    """A site with a figure. Per kg of made tea; of a mine per t of coal. Figures are those of the rank: gaps filled."""

    factory = serializers.IntegerField()
    name = serializers.CharField()
    county = serializers.CharField()
    altitude_m = serializers.FloatField()
    is_own = serializers.BooleanField()
    place = serializers.IntegerField(allow_null=True, help_text="null: under 5 placed sites, or mines")
    place_best = serializers.IntegerField(allow_null=True, help_text="the place may truly lie from here")
    place_worst = serializers.IntegerField(allow_null=True, help_text="to here")
    is_shared = serializers.BooleanField()
    value = serializers.FloatField(help_text="of the metric asked for")
    value_low = serializers.FloatField(help_text="lower bound, of what differs between sites")
    value_high = serializers.FloatField()
    co2e_intensity = serializers.FloatField(allow_null=True, help_text="kg CO2e, scopes 1 and 2")
    energy_intensity = serializers.FloatField(allow_null=True, help_text="MJ")
    stack_intensity = serializers.FloatField(
        allow_null=True, help_text="kg CO2 of wood by the fuel log, biogenic, outside the scopes"
    )
    stack_measured = serializers.FloatField(
        allow_null=True, help_text="the same as the stacks measured it, on days without a missing hour"
    )
    share_measured_pct = serializers.FloatField(help_text="of chimney hours, measured or proved idle")
    made_kg = serializers.DecimalField(max_digits=26, decimal_places=6)
    gap_days = serializers.IntegerField(help_text="days with something missing, filled at the ceiling")
    gap_cost_pct = serializers.FloatField(
        allow_null=True, help_text="by how much they raise the figure against the same without those days"
    )
    held_days = serializers.IntegerField(help_text="days logged above the ceiling, counted as the ceiling")
    change_pct = serializers.FloatField(allow_null=True, help_text="against `compared`, the grid held as it was")
    grid_effect_pct = serializers.FloatField(allow_null=True, help_text="what the grid's change did on top")


class ReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    work = serializers.IntegerField(help_text="entries or counts that it takes")
    days = serializers.ListField(child=serializers.DateField(), help_text="the first of them")

    class Meta:
        ref_name = "StandingReason"


class NotPlacedSerializer(serializers.Serializer[Any]):
    """A site without a place, and the shortest way in."""

    factory = serializers.IntegerField()
    name = serializers.CharField()
    is_own = serializers.BooleanField()
    work = serializers.IntegerField(help_text="least first")
    reasons = ReasonSerializer(many=True)


class NamedFigureSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField()
    factory = serializers.IntegerField(allow_null=True, help_text="null: not yours to know")
    name = serializers.CharField(allow_null=True)


class StandingPeriodSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()


class ComparedSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField()
    now_first_day = serializers.DateField()
    before_first_day = serializers.DateField()


class LeaderboardSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True, help_text="always null: it is one page")
    previous = serializers.CharField(allow_null=True)
    metric = serializers.ChoiceField(choices=[metric.value for metric in Metric])
    unit = serializers.CharField()
    period = StandingPeriodSerializer()
    group = serializers.CharField()
    groups = serializers.ListField(child=serializers.CharField(), help_text="what `group` may be")
    placed_count = serializers.IntegerField(help_text="of the group, whether you see the rows or not")
    factory_count = serializers.IntegerField()
    median = serializers.FloatField(allow_null=True)
    best = NamedFigureSerializer(allow_null=True)
    most_improved = NamedFigureSerializer(allow_null=True, help_text="value: the change, %")
    compared = ComparedSerializer(allow_null=True)
    results = StandingRowSerializer(many=True)
    not_placed = NotPlacedSerializer(many=True)


def _query(name: str, description: str, example: str, **extra: Any) -> openapi.Parameter:
    return openapi.Parameter(
        name, openapi.IN_QUERY, description=description, type=openapi.TYPE_STRING, **{"x-example": example}, **extra
    )


class LeaderboardView(APIView):
    """Who stands where. HQ, auditors and integrators of a whole organisation see all rows, others their own."""

    actions = {"GET": Action.VIEW_STANDING}

    @swagger_auto_schema(
        operation_id="factories_leaderboard",
        operation_summary="Places by intensity, each as a range, and who is not placed because",
        manual_parameters=[
            _query("metric", "what decides", Metric.CO2E.value, enum=[metric.value for metric in Metric]),
            _query("period", "12m (default: up to the last complete day), a year 2026, a month 2026-10", "12m"),
            _query("group", "all (default), region, fuel or size of your own site, or one of `groups`", "all"),
        ],
        responses={200: LeaderboardSerializer(), 400: "invalid", 401: "not_signed_in", 403: "forbidden"},
    )
    def get(self, request: Request) -> HttpResponseBase:
        asked = request.query_params
        found = leaderboard(
            request.user, asked.get("metric", ""), asked.get("period", ""), asked.get("group", ""), timezone.now()
        )
        if wants_csv(request):
            return csv_response(request, standing_rows(found), list(StandingRowSerializer().fields), "leaderboard")
        return Response(LeaderboardSerializer(_body(found)).data)


def scale_of(found: Leaderboard) -> float:
    """Tea is told per kg, coal per tonne."""
    return 1.0 if found.is_tea else 1000.0


def unit_of(found: Leaderboard) -> str:
    return PER_KG[found.metric] if found.is_tea else PER_T[found.metric]


def standing_rows(found: Leaderboard) -> list[dict[str, Any]]:
    """The rows that may be seen, also as a file of the page."""
    return [_row(row, scale_of(found)) for row in found.rows]


def _row(row: Row, scale: float) -> dict[str, Any]:
    def scaled(value: float | None) -> float | None:
        return None if value is None else value * scale

    place, change = row.place, row.change
    return {
        "factory": row.factory.pk,
        "name": row.factory.name,
        "county": row.factory.county,
        "altitude_m": row.factory.altitude_m,
        "is_own": row.is_own,
        "place": place.place if place else None,
        "place_best": place.best if place else None,
        "place_worst": place.worst if place else None,
        "is_shared": place.is_shared if place else False,
        "value": scaled(row.interval.value),
        "value_low": scaled(row.interval.lower),
        "value_high": scaled(row.interval.upper),
        **{metric.value: scaled(row.figures.get(metric)) for metric in Metric},
        "stack_measured": scaled(row.stack_measured_kg_per_kg),
        "share_measured_pct": row.share_measured_pct,
        "made_kg": str(decimal_kg(row.made_kg)),
        "gap_days": row.gap_days,
        "gap_cost_pct": None if row.gap_cost is None else PERCENT * row.gap_cost,
        "held_days": row.held_days,
        "change_pct": PERCENT * change.relative if change else None,
        "grid_effect_pct": PERCENT * change.grid_effect if change else None,
    }


def _not_placed(item: Unplaced) -> dict[str, Any]:
    return {
        "factory": item.factory.pk,
        "name": item.factory.name,
        "is_own": item.is_own,
        "work": item.work,
        "reasons": [
            {"code": reason.code.value, "message": reason.sentence, "work": reason.work, "days": list(reason.days)}
            for reason in item.reasons
        ],
    }


def _named(named: Named | None, scale: float) -> dict[str, Any] | None:
    if named is None:
        return None
    factory = named.factory
    return {
        "value": named.value * scale,
        "factory": factory.pk if factory else None,
        "name": factory.name if factory else None,
    }


def _body(found: Leaderboard) -> dict[str, Any]:
    scale, compared, window = scale_of(found), found.compared, found.period.window
    return {
        "next": None,
        "previous": None,
        "metric": found.metric.value,
        "unit": unit_of(found),
        "period": {"code": found.period.code, "first_day": window.first_day, "last_day": window.last_day},
        "group": found.group.code,
        "groups": [option.code for option in found.group_options],
        "placed_count": found.placed_count,
        "factory_count": found.factory_count,
        "median": None if found.median is None else found.median * scale,
        "best": _named(found.best, scale),
        "most_improved": _named(found.most_improved, PERCENT),
        "compared": compared
        and {
            "days": compared.days,
            "now_first_day": compared.now.first_day,
            "before_first_day": compared.before.first_day,
        },
        "results": standing_rows(found),
        "not_placed": [_not_placed(item) for item in found.unplaced],
    }
