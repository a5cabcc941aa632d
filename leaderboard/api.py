"""GET /api/factories/leaderboard/: the leaderboard as the caller may see it, as JSON or as a file."""

from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Action
from leaderboard.metrics import CODES, METRICS
from leaderboard.places import Leaderboard, leaderboard_for
from lib.exports import csv_response, wants_csv
from lib.known_names import ApiView
from lib.parameters import AS_CSV


class _PercentField(serializers.FloatField):
    """A share, shown in percent."""

    def to_representation(self, value: Any) -> Any:
        return 100.0 * value


class PlacedRowSerializer(serializers.Serializer[Any]):
    """A site with a figure. Per kg of made tea, for mines per t of coal. Gaps are filled in all figures."""

    factory = serializers.IntegerField(source="factory.pk")
    name = serializers.CharField(source="factory.name")
    county = serializers.CharField(source="factory.county")
    altitude_m = serializers.FloatField(source="factory.altitude_m")
    is_own = serializers.BooleanField()
    place = serializers.IntegerField(
        source="place.place", allow_null=True, help_text="null: under 5 placed sites, or mines"
    )
    place_best = serializers.IntegerField(
        source="place.best", allow_null=True, help_text="best place that the bounds allow"
    )
    place_worst = serializers.IntegerField(source="place.worst", allow_null=True, help_text="and the worst")
    is_shared = serializers.BooleanField()
    value = serializers.FloatField(source="interval.value", help_text="of the metric asked for")
    value_low = serializers.FloatField(source="interval.lower", help_text="without errors that all sites share")
    value_high = serializers.FloatField(source="interval.upper")
    # `get_fields` puts one field a metric here.
    stack_measured = serializers.FloatField(
        allow_null=True, help_text="kg CO2 of wood as the stacks measured it, on days without a missing hour"
    )
    share_measured_pct = serializers.FloatField(help_text="of chimney hours, measured or proved idle")
    made_kg = serializers.DecimalField(max_digits=26, decimal_places=6)
    gap_days = serializers.IntegerField(help_text="days with something missing, filled at the ceiling")
    gap_cost_pct = _PercentField(
        source="gap_cost",
        allow_null=True,
        help_text="by how much they raise the figure against the same without those days",
    )
    awaited_until = serializers.DateField(
        allow_null=True, help_text="the electricity bill is due then; its days count at the site's own use per kg"
    )
    chimney_loss_pct = _PercentField(
        source="chimney_loss", allow_null=True, help_text="of the wood's heat; null: no measured chimney of wood alone"
    )
    held_days = serializers.IntegerField(help_text="days logged above the ceiling, counted as the ceiling")
    change_pct = _PercentField(
        source="change.relative", allow_null=True, help_text="against `compared`, the grid held as it was"
    )
    grid_effect_pct = _PercentField(
        source="change.grid_effect", allow_null=True, help_text="effect of the grid's change on top"
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {}
        for name, field in super().get_fields().items():
            if name == "stack_measured":
                for metric in METRICS:
                    fields[metric.code] = serializers.FloatField(
                        source=f"figures.{metric.code}", allow_null=True, help_text=metric.api_help
                    )
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
    factory = serializers.IntegerField(source="factory.pk", allow_null=True, help_text="null: not yours to know")
    name = serializers.CharField(source="factory.name", allow_null=True)


class LeaderboardPeriodSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    first_day = serializers.DateField(source="window.first_day")
    last_day = serializers.DateField(source="window.last_day")


class ComparedSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField()
    now_first_day = serializers.DateField(source="now.first_day")
    before_first_day = serializers.DateField(source="before.first_day")


class LeaderboardSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(default=None, allow_null=True, help_text="always null: it is one page")
    previous = serializers.CharField(default=None, allow_null=True)
    metric = serializers.ChoiceField(choices=CODES, source="metric.code")
    unit = serializers.CharField()
    period = LeaderboardPeriodSerializer()
    group = serializers.CharField(source="group.code")
    groups = serializers.ListField(child=serializers.CharField(), help_text="what `group` may be")
    placed_count = serializers.IntegerField(help_text="of the group, whether you see the rows or not")
    factory_count = serializers.IntegerField()
    median = serializers.FloatField(allow_null=True)
    best = NamedFigureSerializer(allow_null=True)
    most_improved = NamedFigureSerializer(allow_null=True, help_text="value: the change, %")
    compared = ComparedSerializer(allow_null=True)
    results = PlacedRowSerializer(many=True, source="rows")
    not_placed = NotPlacedSerializer(many=True, source="unplaced")


def _query(name: str, description: str, example: str, **extra: Any) -> openapi.Parameter:
    return openapi.Parameter(
        name, openapi.IN_QUERY, description=description, type=openapi.TYPE_STRING, **{"x-example": example}, **extra
    )


class LeaderboardView(ApiView):
    """Who stands where. HQ, auditors and integrators of a whole organisation see all rows; other users see their
    own."""

    actions = {"GET": Action.VIEW_LEADERBOARD}

    @swagger_auto_schema(
        operation_id="factories_leaderboard",
        operation_summary="Places by intensity as ranges, and why other sites have no place",
        manual_parameters=[
            _query("metric", "decides the places", CODES[0], enum=CODES),
            _query("period", "12m (default: up to the last complete day), a year 2026, a month 2026-10", "12m"),
            _query("group", "all (default), region, fuel or size of your own site, or one of `groups`", "all"),
            AS_CSV,
        ],
        responses={200: LeaderboardSerializer(), 400: "invalid", 401: "not_signed_in", 403: "forbidden"},
    )
    def get(self, request: Request) -> HttpResponseBase:
        board = leaderboard_for(request.user, request.query_params, timezone.now())
        if wants_csv(request):
            return csv_of(request, board)
        return Response(LeaderboardSerializer(board).data)


def csv_of(request: Any, board: Leaderboard) -> HttpResponseBase:
    """The visible rows, as a file of the API and of the page."""
    rows = PlacedRowSerializer(board.rows, many=True).data
    return csv_response(request, rows, list(PlacedRowSerializer().fields), "leaderboard")
