"""/api/mcu-devices/{device_id}/set-aside/: periods of readings that somebody set aside as invalid.

A POST without `confirm` stores nothing and answers 202 with the effect on totals.
"""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import REFUSALS, validated
from devices.choices import HoldKind, SetAsideReason
from devices.models import AssignmentHold
from devices.queries import device_of
from devices.set_aside import InvalidPeriod, set_aside, take_back
from emissions.set_aside import effect_of
from lib.errors import ApiError
from lib.exports import list_response
from lib.known_names import ApiView
from lib.parameters import AS_CSV
from lib.times import MomentField


class SetAsideInputSerializer(serializers.Serializer[Any]):
    """A half-open period of readings, and why they are invalid."""

    period_start = MomentField(help_text="with offset, inclusive")
    period_end = MomentField(help_text="with offset, exclusive; not in the future")
    reason = serializers.ChoiceField(SetAsideReason.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300, help_text="required with `other`")
    confirm = serializers.BooleanField(required=False, help_text="without it the effect is shown and nothing stored")

    class Meta:
        swagger_schema_fields = {
            "example": {
                "period_start": "2026-11-21T08:00:00+03:00",
                "period_end": "2026-11-21T10:30:00+03:00",
                "reason": "probe_out",
                "note": "Probe taken out for cleaning.",
            }
        }


class SetAsideSerializer(serializers.ModelSerializer[AssignmentHold]):
    """A period set aside. One over a change of chimney has a row for each chimney."""

    period_start = serializers.DateTimeField(source="starts_at")
    period_end = serializers.DateTimeField(source="ends_at")
    chimney = serializers.IntegerField(source="assignment.chimney_id")
    opened_by = serializers.CharField()
    taken_back_at = serializers.DateTimeField(source="resolved_at", allow_null=True)
    taken_back_by = serializers.CharField(source="resolved_by", allow_null=True)

    class Meta:
        model = AssignmentHold
        fields: Any = (
            "id chimney period_start period_end reason note opened_at opened_by taken_back_at taken_back_by"
        ).split()
        ref_name = "SetAside"


class _FiguresSerializer(serializers.Serializer[Any]):
    measured_kg = serializers.FloatField()
    record_kg = serializers.FloatField()
    hours_of_record = serializers.IntegerField()


class SetAsideEffectSerializer(serializers.Serializer[Any]):
    """Sums of the hours that the period touches, before and after."""

    before = _FiguresSerializer()
    after = _FiguresSerializer()


class SetAsidesView(ApiView):
    actions = {"GET": Action.VIEW_DEVICES, "POST": Action.MANAGE_DEVICES}

    @swagger_auto_schema(
        operation_id="mcu-devices_set-aside_list",
        operation_summary="Periods set aside, newest first, with those taken back",
        manual_parameters=[AS_CSV],
        responses={200: SetAsideSerializer(many=True), 403: "forbidden", 404: "not_found"},
    )
    def get(self, request: Request, device_id: str) -> HttpResponseBase:
        device = device_of(request.user, device_id, Action.VIEW_DEVICES)
        holds = AssignmentHold.objects.filter(assignment__device=device, kind=HoldKind.SET_ASIDE)
        rows = SetAsideSerializer(holds.select_related("assignment", "opened_by", "resolved_by"), many=True).data
        return list_response(request, list(rows), list(SetAsideSerializer().fields), f"{device_id}-set-aside")

    @swagger_auto_schema(
        operation_id="mcu-devices_set-aside_create",
        operation_summary="Set a period of readings aside as invalid; without confirm its effect",
        request_body=SetAsideInputSerializer,
        responses={201: SetAsideSerializer(many=True), 202: SetAsideEffectSerializer, **REFUSALS},
    )
    def post(self, request: Request, device_id: str) -> Response:
        """Raw readings stay. The time becomes missing, not zero; totals follow in seconds."""
        device = device_of(request.user, device_id, Action.MANAGE_DEVICES)
        data = validated(SetAsideInputSerializer, request)
        period = InvalidPeriod(
            device, data["period_start"], data["period_end"], SetAsideReason(data["reason"]), data.get("note", "")
        )
        if not data.get("confirm"):
            return Response(SetAsideEffectSerializer(asdict(effect_of(period, request.user))).data, status=202)
        made = SetAsideSerializer(set_aside(period, request.user), many=True).data
        return Response({"next": None, "previous": None, "results": made}, status=201)


class TakeBackView(ApiView):
    actions = {"POST": Action.MANAGE_DEVICES}

    @swagger_auto_schema(
        operation_id="mcu-devices_set-aside_take-back",
        operation_summary="Count the readings of a period set aside again",
        request_body=no_body,
        responses={200: SetAsideSerializer, 403: "forbidden", 404: "not_found", 409: "not_set_aside"},
    )
    def post(self, request: Request, device_id: str, pk: int) -> Response:
        hold = get_visible(
            request.user,
            AssignmentHold.objects.select_related("assignment__factory", "opened_by"),
            Action.MANAGE_DEVICES,
            factory_path="assignment__factory",
            pk=pk,
            kind=HoldKind.SET_ASIDE,
            assignment__device__device_id=device_id,
        )
        if hold.resolution:
            raise ApiError(409, "not_set_aside", _("These readings count again already."))
        return Response(SetAsideSerializer(take_back(hold, request.user)).data)
