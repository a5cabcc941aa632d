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
from leaderboard.metrics import CODES, METRICS
from leaderboard.places import Leaderboard, Named, Row, leaderboard
from lib.exports import csv_response, wants_csv
from science.rounding import decimal_kg

PERCENT = 100.0


class PlacedRowSerializer(serializers.Serializer[Any]):
    """A site with a figure. Per kg of made tea; of a mine per t of coal. Gaps are filled in all figures."""

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
    # A field a metric: see `get_fields`.
    stack_measured = serializers.FloatField(
        allow_null=True, help_text="kg CO2 of wood as the stacks measured it, on days without a missing hour"
    )
    share_measured_pct = serializers.FloatField(help_text="of chimney hours, measured or proved idle")
    made_kg = serializers.DecimalField(max_digits=26, decimal_places=6)
    gap_days = serializers.IntegerField(help_text="days with something missing, filled at the ceiling")
    gap_cost_pct = serializers.FloatField(
        allow_null=True, help_text="by how much they raise the figure against the same without those days"
    )
    held_days = serializers.IntegerField(help_text="days logged above the ceiling, counted as the ceiling")
    change_pct = serializers.FloatField(allow_null=True, help_text="against `compared`, the grid held as it was")
    grid_effect_pct = serializers.FloatField(allow_null=True, help_text="effect of the grid's change on top")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {}
        for name, field in super().get_fields().items():
            if name == "stack_measured":
                for metric in METRICS:
                    fields[metric.code] = serializers.FloatField(allow_null=True, help_text=metric.api_help)
            fields[name] = field
        return fields


class UnplacedReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField(source="sentence")
    work = serializers.IntegerField(help_text="entries or counts that it takes")
    days = serializers.ListField(child=serializers.DateField(), help_text="the first of them")


class NotPlacedSerializer(serializers.Serializer[Any]):
    """A site without a place, and the shortest way to one."""

    factory = serializers.IntegerField(source="factory.pk")
    name = serializers.CharField(source="factory.name")
    is_own = serializers.BooleanField()
    work = serializers.IntegerField(help_text="least first")
    reasons = UnplacedReasonSerializer(many=True)


class NamedFigureSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField()
    factory = serializers.IntegerField(allow_null=True, help_text="null: not yours to know")
    name = serializers.CharField(allow_null=True)


class LeaderboardPeriodSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    first_day = serializers.DateField(source="window.first_day")
    last_day = serializers.DateField(source="window.last_day")


class ComparedSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField()
    now_first_day = serializers.DateField(source="now.first_day")
    before_first_day = serializers.DateField(source="before.first_day")


class LeaderboardSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True, help_text="always null: it is one page")
    previous = serializers.CharField(allow_null=True)
    metric = serializers.ChoiceField(choices=CODES)
    unit = serializers.CharField()
    period = LeaderboardPeriodSerializer()
    group = serializers.CharField()
    groups = serializers.ListField(child=serializers.CharField(), help_text="what `group` may be")
    placed_count = serializers.IntegerField(help_text="of the group, whether you see the rows or not")
    factory_count = serializers.IntegerField()
    median = serializers.FloatField(allow_null=True)
    best = NamedFigureSerializer(allow_null=True)
    most_improved = NamedFigureSerializer(allow_null=True, help_text="value: the change, %")
    compared = ComparedSerializer(allow_null=True)
    results = PlacedRowSerializer(many=True)
    not_placed = NotPlacedSerializer(many=True)


def _query(name: str, description: str, example: str, **extra: Any) -> openapi.Parameter:
    return openapi.Parameter(
        name, openapi.IN_QUERY, description=description, type=openapi.TYPE_STRING, **{"x-example": example}, **extra
    )


class LeaderboardView(APIView):
    """Who stands where. HQ, auditors and integrators of a whole organisation see all rows, others their own."""

    actions = {"GET": Action.VIEW_LEADERBOARD}

    @swagger_auto_schema(
        operation_id="factories_leaderboard",
        operation_summary="Places by intensity, each as a range, and the sites without a place with the reasons",
        manual_parameters=[
            _query("metric", "decides the places", CODES[0], enum=CODES),
            _query("period", "12m (default: up to the last complete day), a year 2026, a month 2026-10", "12m"),
            _query("group", "all (default), region, fuel or size of your own site, or one of `groups`", "all"),
        ],
        responses={200: LeaderboardSerializer(), 400: "invalid", 401: "not_signed_in", 403: "forbidden"},
    )
    def get(self, request: Request) -> HttpResponseBase:
        board = leaderboard(request.user, request.query_params, timezone.now())
        if wants_csv(request):
            return csv_of(request, board)
        return Response(LeaderboardSerializer(_body(board)).data)


def csv_of(request: Any, board: Leaderboard) -> HttpResponseBase:
    """The rows that may be seen, as a file of the API and of the page."""
    return csv_response(request, _rows(board), list(PlacedRowSerializer().fields), "leaderboard")


def _rows(board: Leaderboard) -> list[dict[str, Any]]:
    return [_row(row, board.scale) for row in board.rows]


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def _row(row: Row, scale: float) -> dict[str, Any]:
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
        "value": row.interval.value * scale,
        "value_low": row.interval.lower * scale,
        "value_high": row.interval.upper * scale,
        **{metric.code: _scaled(row.figures.get(metric), scale) for metric in METRICS},
        "stack_measured": _scaled(row.stack_measured_kg_per_kg, scale),
        "share_measured_pct": row.share_measured_pct,
        "made_kg": str(decimal_kg(row.made_kg)),
        "gap_days": row.gap_days,
        "gap_cost_pct": _scaled(row.gap_cost, PERCENT),
        "held_days": row.held_days,
        "change_pct": PERCENT * change.relative if change else None,
        "grid_effect_pct": PERCENT * change.grid_effect if change else None,
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


def _body(board: Leaderboard) -> dict[str, Any]:
    return {
        "next": None,
        "previous": None,
        "metric": board.metric.code,
        "unit": f"{board.metric.unit}/{board.sector.product_unit}",
        "period": board.period,
        "group": board.group.code,
        "groups": [option.code for option in board.group_options],
        "placed_count": board.placed_count,
        "factory_count": board.factory_count,
        "median": _scaled(board.median, board.scale),
        "best": _named(board.best, board.scale),
        "most_improved": _named(board.most_improved, PERCENT),
        "compared": board.compared,
        "results": _rows(board),
        "not_placed": board.unplaced,
    }
