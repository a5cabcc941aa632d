"""/api/mcu-devices/{device_id}/calibrations/ and the file of a certificate."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import REFUSALS, validated
from devices.calibrations import attach_certificate, record_calibration
from devices.models import Calibration, CalibrationCertificate
from devices.queries import device_of
from devices.serializers import CalibrationInputSerializer, CalibrationSerializer, CertificateUploadSerializer
from factories.serializers import EffectSerializer
from lib.exports import list_response
from lib.files import CONTENT_TYPES, ReceivedFile, as_download
from lib.known_names import ApiView
from lib.parameters import AS_CSV


class CalibrationsView(ApiView):
    actions = {"GET": Action.VIEW_DEVICES, "POST": Action.MANAGE_DEVICES}

    @swagger_auto_schema(
        operation_id="mcu-devices_calibrations_list",
        operation_summary="Calibrations, newest first",
        manual_parameters=[AS_CSV],
        responses={200: CalibrationSerializer(many=True), 403: "forbidden", 404: "not_found"},
    )
    def get(self, request: Request, device_id: str) -> HttpResponseBase:
        device = device_of(request.user, device_id, Action.VIEW_DEVICES)
        rows = CalibrationSerializer(device.calibrations.select_related("recorded_by"), many=True).data
        return list_response(request, list(rows), list(CalibrationSerializer().fields), f"{device_id}-calibrations")

    @swagger_auto_schema(
        operation_id="mcu-devices_calibrations_create",
        operation_summary="Record a calibration",
        request_body=CalibrationInputSerializer,
        responses={201: CalibrationSerializer, 202: EffectSerializer, **REFUSALS},
    )
    def post(self, request: Request, device_id: str) -> Response:
        """Readings after `valid_until` carry CALIBRATION_EXPIRED until the next calibration of that part: zero or span.

        One of a time whose readings are in figures already is answered by 202 with what it makes of them."""
        device = device_of(request.user, device_id, Action.MANAGE_DEVICES)
        made = record_calibration(device, request.user, **validated(CalibrationInputSerializer, request))
        return Response(CalibrationSerializer(made).data, status=201)


class CertificateView(ApiView):
    actions = {"GET": Action.VIEW_DEVICES, "POST": Action.MANAGE_DEVICES}
    parser_classes = [MultiPartParser]

    @swagger_auto_schema(
        operation_id="mcu-devices_calibrations_certificate",
        operation_summary="The file of a certificate, as it was uploaded",
        produces=[*CONTENT_TYPES, "application/json"],
        responses={200: openapi.Response("the file", openapi.Schema(type=openapi.TYPE_FILE)), **REFUSALS},
    )
    def get(self, request: Request, device_id: str, pk: int) -> HttpResponse:
        return served(request.user, device_id, pk)

    @swagger_auto_schema(
        operation_id="mcu-devices_calibrations_certificate_create",
        operation_summary="Keep the file of a certificate, once",
        request_body=CertificateUploadSerializer,
        responses={201: CalibrationSerializer, 400: "invalid", 403: "forbidden", 404: "not_found"},
    )
    def post(self, request: Request, device_id: str, pk: int) -> Response:
        """What it is is told by its bytes, whatever its name says."""
        calibration = get_visible(
            request.user,
            Calibration.objects.select_related("device__factory", "recorded_by"),
            Action.MANAGE_DEVICES,
            factory_path="device__factory",
            pk=pk,
            device__device_id=device_id,
        )
        file = validated(CertificateUploadSerializer, request)["certificate"]
        attach_certificate(calibration, ReceivedFile.read(file))
        return Response(CalibrationSerializer(calibration).data, status=201)


def served(user: Any, device_id: str, pk: int) -> HttpResponse:
    """As a download. 404, 403."""
    certificate = get_visible(
        user,
        CalibrationCertificate.objects.select_related("calibration__device__factory"),
        Action.VIEW_DEVICES,
        factory_path="calibration__device__factory",
        calibration=pk,
        calibration__device__device_id=device_id,
    )
    return as_download(certificate.content, certificate.content_type, certificate.name)
