"""/api/mcu-devices/{device_id}/go-no-go/: the ten live checks, their runs and certificates.

And health/: why a device is silent, its supply and its signal."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, user_of
from accounts.roles import Action
from accounts.viewsets import validated
from devices.choices import Check, CheckState, GoVerdict, SilenceCause
from devices.models import GoNoGoRun, MCUDevice
from devices.queries import device_of
from lib.errors import ApiError
from lib.known_names import ApiView
from mqtt_ingest.go_no_go import ACTS, act, look
from mqtt_ingest.silence import silence_of, supply_and_signal

AS_PDF = openapi.Parameter("as", openapi.IN_QUERY, type="string", enum=["pdf"], description="the PDF as it was issued")


class LineSerializer(serializers.Serializer[Any]):
    """One check: the fact seen, and what to do about it."""

    number = serializers.IntegerField()
    check = serializers.ChoiceField(Check.choices)
    title = serializers.CharField()
    state = serializers.ChoiceField(CheckState.choices)
    fact = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)

    class Meta:
        ref_name = "GoNoGoLine"


class RunSerializer(serializers.ModelSerializer[GoNoGoRun]):
    """A run of the ten checks; one that ended in GO has a certificate."""

    started_by = serializers.CharField()
    ended_by = serializers.CharField(allow_null=True)
    certificate_sha256 = serializers.CharField(source="certificate.sha256", default=None, allow_null=True)

    class Meta:
        model = GoNoGoRun
        fields: Any = (
            "id started_at started_by leak_started_at plug_started_at ended_at ended_by verdict words "
            "certificate_sha256"
        ).split()
        ref_name = "GoNoGoRun"


class LiveChecksSerializer(serializers.Serializer[Any]):
    """The checks at this moment, the open run if there is one, and the runs before it, newest first."""

    verdict = serializers.ChoiceField(GoVerdict.choices, source="result.verdict")
    words = serializers.CharField(source="result.words")
    lines = LineSerializer(many=True, source="result.lines")
    run = RunSerializer(allow_null=True)
    runs = RunSerializer(many=True)

    class Meta:
        ref_name = "GoNoGo"


class RunDetailSerializer(RunSerializer):
    """An ended run with its lines as they were, the evidence behind them, and the text of its certificate."""

    lines = LineSerializer(many=True, source="check_lines")
    certificate = serializers.JSONField(source="certificate.content", default=None, allow_null=True)

    class Meta(RunSerializer.Meta):
        fields: Any = [*RunSerializer.Meta.fields, "lines", "evidence", "certificate"]
        ref_name = "GoNoGoRunDetail"


class ActSerializer(serializers.Serializer[Any]):
    """start a run; begin its leak test or its pulled-plug test; finish it, which stores the evidence."""

    act = serializers.ChoiceField([(name, name) for name in ACTS])

    class Meta:
        swagger_schema_fields = {"example": {"act": "start"}}


class GoNoGoView(ApiView):
    actions = {"GET": Action.VIEW_DEVICES, "POST": Action.MANAGE_DEVICES}

    @swagger_auto_schema(  # type: ignore[untyped-decorator]
        operation_id="mcu-devices_go-no-go_read",
        operation_summary="The ten checks of this moment, and the runs of the device",
        responses={200: LiveChecksSerializer, 403: "forbidden", 404: "not_found"},
    )
    def get(self, request: Request, device_id: str) -> Response:
        device = device_of(request.user, device_id, Action.VIEW_DEVICES)
        return Response(LiveChecksSerializer(look(device, timezone.now())).data)

    @swagger_auto_schema(  # type: ignore[untyped-decorator]
        operation_id="mcu-devices_go-no-go_create",
        operation_summary="Start a run, one of its tests, or finish it; GO ends in a certificate",
        request_body=ActSerializer,
        responses={200: LiveChecksSerializer, 400: "no_open_run", 403: "forbidden", 404: "not_found"},
    )
    def post(self, request: Request, device_id: str) -> Response:
        device = device_of(request.user, device_id, Action.MANAGE_DEVICES)
        name = validated(ActSerializer, request)["act"]
        act(device, name, user_of(request), lambda: certificate_url(request, device))
        return Response(LiveChecksSerializer(look(device, timezone.now())).data)


def certificate_url(request: Any, device: MCUDevice) -> str:
    """The address of a run's page, with `{pk}` in place of its key."""
    path = reverse("go-no-go-run", args=[device.device_id, 0])
    url: str = request.build_absolute_uri(path)
    return url.removesuffix("0/") + "{pk}/"


class GoNoGoRunView(ApiView):
    actions = {"GET": Action.VIEW_DEVICES}

    @swagger_auto_schema(  # type: ignore[untyped-decorator]
        operation_id="mcu-devices_go-no-go_run",
        operation_summary="An ended run with its evidence; its certificate as PDF",
        manual_parameters=[AS_PDF],
        responses={200: RunDetailSerializer, 403: "forbidden", 404: "not_found"},
    )
    def get(self, request: Request, device_id: str, run_id: int) -> HttpResponseBase:
        run = run_of(request.user, device_id, run_id)
        if request.query_params.get("as") != "pdf":
            return Response(RunDetailSerializer(run).data)
        if not hasattr(run, "certificate"):
            raise ApiError(404, "not_found", "")
        return pdf_response(run)


def run_of(user: Any, device_id: str, pk: int) -> GoNoGoRun:
    """An ended run of a device that the user may see. Raises 404, 403."""
    runs = GoNoGoRun.objects.exclude(ended_at=None).select_related(
        "device__factory__organisation", "started_by", "ended_by", "certificate"
    )
    lookup = {"pk": pk, "device__device_id": device_id}
    return get_visible(user, runs, Action.VIEW_DEVICES, factory_path="device__factory", **lookup)


def pdf_response(run: GoNoGoRun) -> HttpResponse:
    """The bytes as they were issued."""
    certificate = run.certificate
    name = f"{run.device.device_id}-{certificate.issued_at:%Y-%m-%d}-certificate.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": f'"{certificate.sha256}"'}
    return HttpResponse(bytes(certificate.pdf), content_type="application/pdf", headers=headers)


class SilenceSerializer(serializers.Serializer[Any]):
    """The probable cause, one sentence that says what to look at first, and the facts behind it."""

    cause = serializers.ChoiceField(SilenceCause.choices)
    sentence = serializers.CharField()
    facts = serializers.ListField(child=serializers.CharField())


class DeviceHourSerializer(serializers.Serializer[Any]):
    period_start = serializers.DateTimeField()
    lowest_supply_v = serializers.FloatField(allow_null=True)
    mean_supply_v = serializers.FloatField(allow_null=True)
    lowest_rssi_dbm = serializers.FloatField(allow_null=True)
    mean_rssi_dbm = serializers.FloatField(allow_null=True)


class HealthSerializer(serializers.Serializer[Any]):
    """`silence` is null while usable readings come. `hours`: the last seven days, those with a status."""

    silence = SilenceSerializer(allow_null=True)
    hours = DeviceHourSerializer(many=True)


class HealthView(ApiView):
    actions = {"GET": Action.VIEW_DEVICES}

    @swagger_auto_schema(  # type: ignore[untyped-decorator]
        operation_id="mcu-devices_health",
        operation_summary="Why it is silent; supply and signal of its week",
        responses={200: HealthSerializer, 403: "forbidden", 404: "not_found"},
    )
    def get(self, request: Request, device_id: str) -> Response:
        device, now = device_of(request.user, device_id, Action.VIEW_DEVICES), timezone.now()
        found = silence_of(device, now)
        hours = [asdict(hour) for hour in supply_and_signal(device, now)]
        return Response(HealthSerializer({"silence": found and asdict(found), "hours": hours}).data)
