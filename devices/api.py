"""GET /api/mcu-devices/; a new secret for one of them, and the end of its login."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django_filters.rest_framework import FilterSet, ModelChoiceFilter
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet
from devices.access import DeviceRevokedError, revoke_device, rotate_secret
from devices.broker import broker_state
from devices.dynsec import BrokerUnreachableError
from devices.models import MCUDevice
from devices.serializers import MCUDeviceSerializer, NewSecretSerializer
from devices.services import describe
from factories.queries import choosable_factories
from lib.errors import ApiError


class MCUDeviceFilter(FilterSet):
    factory = ModelChoiceFilter(queryset=choosable_factories)


class MCUDeviceViewSet(ScopedReadOnlyViewSet):
    """Devices of the factories that you may see."""

    # This lets in everyone who may see devices; `rotate_secret` then checks the right in the device's factory.
    actions = {"GET": Action.VIEW_DEVICES, "POST": Action.VIEW_DEVICES}
    queryset = MCUDevice.objects.prefetch_related("assignments", "secrets").order_by("device_id")
    serializer_class = MCUDeviceSerializer
    lookup_field = "device_id"
    lookup_value_regex = r"[A-Za-z0-9_-]{3,64}"
    filterset_class = MCUDeviceFilter

    @swagger_auto_schema(
        operation_id="mcu-devices_rotate-secret",
        operation_summary="A new password; the one before stops working",
        request_body=no_body,
        responses={
            200: NewSecretSerializer,
            403: "forbidden",
            404: "not_found",
            409: "device_revoked",
            503: "broker_unreachable",
        },
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, **kwargs: Any) -> Response:
        device = self._managed(request)
        try:
            login = asdict(describe(device, rotate_secret(device)))
        except DeviceRevokedError as error:
            text = _("This device is revoked; provision it under a new id.")
            raise ApiError(409, "device_revoked", text) from error
        except BrokerUnreachableError as error:
            raise ApiError(503, "broker_unreachable", str(error.sentence)) from error
        return Response(NewSecretSerializer(login | {"broker": broker_state(device)}).data)

    @swagger_auto_schema(
        operation_id="mcu-devices_revoke",
        operation_summary="Its login ends for good and its connection is cut; readings stored stay",
        request_body=no_body,
        responses={200: MCUDeviceSerializer, 403: "forbidden", 404: "not_found"},
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, **kwargs: Any) -> Response:
        device = self._managed(request)
        revoke_device(device)
        return Response(MCUDeviceSerializer(device).data)

    def _managed(self, request: Request) -> MCUDevice:
        devices = MCUDevice.objects.select_related("factory")
        device: MCUDevice = get_visible(
            request.user, devices, Action.MANAGE_DEVICES, device_id=self.kwargs["device_id"]
        )
        return device
