"""GET and POST /api/factories/{id}/typing-hints/."""

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
from compliance.typed_numbers import TypingPattern
from compliance.typing_patterns import hint_of, put_aside, typing_hints
from factories.models import Factory
from lib.exports import list_response
from lib.known_names import ApiView
from lib.parameters import AS_CSV


class TypingHintSerializer(serializers.Serializer[Any]):
    """A month whose entries are typed unlike those of the twelve months before (`docs/method.md` 9)."""

    month = serializers.DateField(help_text="its first day")
    item = serializers.CharField(help_text="energy type or product, and the unit")
    pattern = serializers.ChoiceField(source="found.pattern", choices=[pattern.value for pattern in TypingPattern])
    share = serializers.FloatField(source="found.recent", help_text="of entries; of high_at_end a mean over usual days")
    usual_share = serializers.FloatField(source="found.usual", help_text="the same of the twelve months before")
    count = serializers.IntegerField(source="found.count", help_text="entries, pairs of days or days of the month")
    p = serializers.FloatField(source="found.p", help_text="corrected for the number of tests of the month")
    sentence = serializers.CharField(help_text="the same for people")
    note = serializers.CharField(source="note.note", default=None, allow_null=True, help_text="null: not put aside yet")
    noted_by = serializers.CharField(source="note.noted_by.email", default=None, allow_null=True)
    noted_at = serializers.DateTimeField(source="note.noted_at", default=None, allow_null=True)


class PutAsideSerializer(serializers.Serializer[Any]):
    """The hint that is put aside, and what was learned about it."""

    month = serializers.DateField()
    item = serializers.CharField(max_length=90)
    pattern = serializers.ChoiceField(choices=[pattern.value for pattern in TypingPattern])
    note = serializers.CharField(max_length=300)

    class Meta:
        ref_name = "TypingHintPutAside"
        swagger_schema_fields = {
            "example": {
                "month": "2026-10-01",
                "item": "firewood stere",
                "pattern": "round_ten",
                "note": "Wood comes in lorries of 10 stere since October.",
            }
        }


class TypingHintsView(ApiView):
    """Hints on how a site's log is typed, for headquarters."""

    actions = {"GET": Action.SEE_TYPING_HINTS, "POST": Action.SEE_TYPING_HINTS}

    def _factory(self, request: Request, pk: int) -> Factory:
        return get_visible(request.user, Factory.objects.all(), Action.SEE_TYPING_HINTS, factory_path="", pk=pk)

    @swagger_auto_schema(
        operation_id="factories_typing_hints",
        operation_summary="Months whose entries are typed unlike the year before",
        manual_parameters=[AS_CSV],
        responses={200: TypingHintSerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        hints = typing_hints(self._factory(request, pk), timezone.now())
        rows = TypingHintSerializer(hints, many=True).data
        return list_response(request, list(rows), list(TypingHintSerializer().fields), f"typing-hints-{pk}")

    @swagger_auto_schema(
        operation_id="factories_typing_hints_put_aside",
        operation_summary="Put a hint aside with a note",
        request_body=PutAsideSerializer,
        responses={200: TypingHintSerializer, **REFUSALS},
    )
    def post(self, request: Request, pk: int) -> Response:
        factory = self._factory(request, pk)
        serializer = PutAsideSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        hint = hint_of(factory, timezone.now(), values["month"], values["item"], values["pattern"])
        user: Any = request.user
        put_aside(user, hint, factory, values["note"])
        now = hint_of(factory, timezone.now(), hint.month, hint.item, str(hint.found.pattern))
        return Response(TypingHintSerializer(now).data)
