"""GET /api/explain/?figure=: the card of a figure, and each of its tables as a file."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Action
from accounts.viewsets import REFUSALS
from compliance.explain.card import Card
from compliance.explain.explain import explain, zones_of
from compliance.explain.ladder import readings_in, with_ladder
from compliance.explain.pack.make import pack
from compliance.explain.sites import Book
from lib.exports import csv_response, wants_csv
from lib.known_names import ApiView
from lib.parameters import AS_CSV, KNOWN_ON, chosen, parameter
from lib.reads import ReadKind, marked
from lib.times import read_known_on

FIGURE = parameter(
    "figure",
    "its identity: kind, ids, time and name, as pages and answers print it",
    required=True,
    **{"x-example": "hour:1:20261120T0600Z:measured_kg"},
)
FORMULA = "formula"
OPERAND_COLUMNS = ["symbol", "label", "value", "unit", "figure", "source"]
RUNGS = (FORMULA, "hours", "readings", "factors", "setup", "history")


class OperandSerializer(serializers.Serializer[Any]):
    symbol = serializers.CharField(help_text="in the formula; several operands of one symbol are a list")
    label: Any = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    figure = serializers.CharField(help_text="its own identity; empty for an input")
    source: Any = serializers.CharField()


class RungSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    heads = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField(allow_blank=True)))
    note = serializers.CharField()


class CardSerializer(serializers.Serializer[Any]):
    """Why a figure is what it is. `recomputed` comes from the formula and the operands alone."""

    figure = serializers.CharField()
    label: Any = serializers.CharField()
    place = serializers.CharField()
    period = serializers.CharField()
    as_known_on = serializers.DateTimeField(allow_null=True, help_text="null: as known now")
    value = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True, help_text="null without an interval, and where there is no upper end")
    is_at_least = serializers.BooleanField()
    coverage = serializers.CharField()
    formula = serializers.CharField(source="expression")
    operands = OperandSerializer(many=True)
    recomputed = serializers.CharField(allow_null=True)
    is_identical = serializers.BooleanField()
    difference = serializers.CharField(allow_null=True)
    spreadsheet = serializers.CharField(help_text="the formula with its values, for a cell")
    notes = serializers.ListField(child=serializers.CharField())
    rungs = RungSerializer(many=True)


class ExplainView(ApiView):
    """Why a number is what it is: formula, operands, readings, factors, settings, history."""

    # Each kind of figure asks for its own right; 404 without it.
    actions = {"GET": Action.VIEW_FACTORY}

    @swagger_auto_schema(
        operation_id="explain",
        operation_summary="Why this number",
        manual_parameters=[
            FIGURE,
            KNOWN_ON,
            parameter("rung", "with as=csv: the table wanted, the operands by default", enum=list(RUNGS)),
            AS_CSV,
        ],
        responses={200: CardSerializer, **REFUSALS},
    )
    def get(self, request: Request) -> HttpResponseBase:
        rung = chosen(request.query_params, "rung", RUNGS) or FORMULA
        figure = request.query_params.get("figure", "")
        known_on = read_known_on(request.query_params, zones_of(figure))
        card = with_ladder(explain(figure, request.user, as_known_on=known_on), request.user)
        if wants_csv(request):
            columns, rows = table_of(card, rung)
            return csv_response(request, rows, columns, f"why-{rung}")
        response, count = Response(CardSerializer(card).data), readings_in(card)
        return marked(response, ReadKind.READINGS, count) if count else response


class PackView(ApiView):
    """A figure with its raw records, and a file of the standard library of Python that computes it again."""

    actions = {"GET": Action.VIEW_FACTORY}

    @swagger_auto_schema(
        operation_id="explain_pack",
        operation_summary="Check a figure without us",
        manual_parameters=[FIGURE],
        responses={
            200: openapi.Response(
                "a zip: python3 check.py in it prints the figure", openapi.Schema(type=openapi.TYPE_FILE)
            ),
            **REFUSALS,
        },
        produces=["application/zip", "application/json"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        figure = request.query_params.get("figure", "")
        content = pack(figure, request.user, Book(timezone.now()))
        name = f"{'simulated-' if settings.DEMO else ''}{figure.replace(':', '_')[:120]}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return marked(HttpResponse(content, content_type="application/zip", headers=headers), ReadKind.EXPORT, 1)


def table_of(card: Card, rung: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of a rung as a file; none where the figure has no such rung."""
    if rung == FORMULA:
        rows = [{name: getattr(operand, name) for name in OPERAND_COLUMNS} for operand in card.operands]
        return OPERAND_COLUMNS, rows
    found = next((one for one in card.rungs if one.key == rung), None)
    if found is None:
        return [], []
    return list(found.heads), [dict(zip(found.heads, row, strict=True)) for row in found.rows]
