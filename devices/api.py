"""/api/mcu-devices/: register, correct and retire a device; a new secret for it, and the end of its login."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django_filters.rest_framework import FilterSet, ModelChoiceFilter
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, require, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, validated
from devices.access import DeviceRevokedError, revoke_device, rotate_secret
from devices.broker import broker_state
from devices.dynsec import BrokerUnreachableError
from devices.models import MCUDevice
from devices.mounting import Mounting, chimney_of, retire
from devices.queries import device_of
from devices.registration import correct_facts, find_claim, managed_organisations, register_device
from devices.serializers import (
    DeviceFactsSerializer,
    MCUDeviceSerializer,
    NewDeviceSerializer,
    NewSecretSerializer,
    RetireInputSerializer,
)
from devices.services import ProvisionedDevice, describe
from factories.models import Factory
from factories.queries import choosable_factories
from lib.errors import ApiError, too_often
from lib.limits import TooOftenError


class MCUDeviceFilter(FilterSet):
    factory = ModelChoiceFilter(queryset=choosable_factories)


class MCUDeviceViewSet(ScopedReadOnlyViewSet):
    """Devices of the factories that you may see."""

    # This lets in everyone who may see devices; each act then checks the right in the device's factory.
    actions = dict.fromkeys(("GET", "POST", "PATCH"), Action.VIEW_DEVICES)
    queryset = MCUDevice.objects.prefetch_related("assignments", "secrets", "calibrations").order_by("device_id")
    serializer_class = MCUDeviceSerializer
    lookup_field = "device_id"
    lookup_value_regex = r"[A-Za-z0-9_-]{3,64}"
    filterset_class = MCUDeviceFilter

    @swagger_auto_schema(
        operation_id="mcu-devices_create",
        operation_summary="Register a device; its password is shown this once",
        request_body=NewDeviceSerializer,
        responses={201: NewSecretSerializer, **REFUSALS, 429: "too_many_requests", 503: "broker_unreachable"},
    )
    def create(self, request: Request) -> Response:
        """By a claim code, under a stated id, or under one that is drawn; with `assign` at once on its chimney.

        After ten wrong codes in an hour the answer is 429."""
        require(request.user, Action.MANAGE_DEVICES)
        data = validated(NewDeviceSerializer, request)
        sites = Factory.objects.select_related("organisation")
        factory = get_visible(request.user, sites, Action.MANAGE_DEVICES, factory_path="", pk=data.pop("factory"))
        code, device_id, assign = (data.pop(name, None) for name in ("claim_code", "device_id", "assign"))
        mounting = Mounting(**assign | {"chimney": chimney_of(factory, assign["chimney"])}) if assign else None
        try:
            claim = find_claim(user_of(request), code, managed_organisations(request.user)) if code else None
            made = register_device(
                factory, user_of(request), device_id=device_id, claim=claim, mounting=mounting, **data
            )
        except TooOftenError as error:
            raise too_often(error.wait_s) from error
        except BrokerUnreachableError as error:
            raise ApiError(503, "broker_unreachable", str(error.sentence)) from error
        return Response(_login(made), status=201)

    @swagger_auto_schema(
        operation_id="mcu-devices_partial_update",
        operation_summary="Correct what is known of a device itself",
        request_body=DeviceFactsSerializer,
        responses={200: MCUDeviceSerializer, 400: "invalid", 403: "forbidden", 404: "not_found"},
    )
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        device = self._managed(request)
        correct_facts(device, validated(DeviceFactsSerializer, request, partial=True))
        return Response(MCUDeviceSerializer(device).data)

    @swagger_auto_schema(
        operation_id="mcu-devices_retire",
        operation_summary="Its login ends at once, its assignment with the running hour; it stays in the history",
        request_body=RetireInputSerializer,
        responses={200: MCUDeviceSerializer, 400: "invalid", 403: "forbidden", 404: "not_found"},
    )
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, **kwargs: Any) -> Response:
        device = self._managed(request)
        retire(device, validated(RetireInputSerializer, request).get("retired_on"))
        return Response(MCUDeviceSerializer(device).data)

    @swagger_auto_schema(
        operation_id="mcu-devices_rotate-secret",
        operation_summary="A new password; the one before stops working",
        request_body=no_body,
        responses={200: NewSecretSerializer, **REFUSALS, 409: "device_revoked", 503: "broker_unreachable"},
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, **kwargs: Any) -> Response:
        device = self._managed(request)
        try:
            login = describe(device, rotate_secret(device))
        except DeviceRevokedError as error:
            text = _("This device is revoked; provision it under a new id.")
            raise ApiError(409, "device_revoked", text) from error
        except BrokerUnreachableError as error:
            raise ApiError(503, "broker_unreachable", str(error.sentence)) from error
        return Response(_login(login))

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
        return device_of(request.user, self.kwargs["device_id"], Action.MANAGE_DEVICES)


def _login(made: ProvisionedDevice) -> Any:
    state = broker_state(MCUDevice.objects.get(device_id=made.device_id))
    return NewSecretSerializer(asdict(made) | {"broker": state}).data
