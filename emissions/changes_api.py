"""/api/mcu-devices/{device_id}/assign/ and holds/: acts that can reach the past answer 202 with their effect first."""

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_yasg.utils import swagger_auto_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import REFUSALS, validated
from devices.choices import HoldKind, HoldResolution
from devices.models import AssignmentHold
from devices.mounting import Mounting, chimney_of
from devices.queries import device_of
from devices.serializers import AssignInputSerializer, AssignmentSerializer, CloseHoldSerializer, HoldSerializer
from emissions.changes import assign, close_hold
from factories.corrections import Confirmation
from factories.serializers import EffectSerializer
from lib.errors import ApiError
from lib.exports import list_response
from lib.known_names import ApiView
from lib.parameters import AS_CSV

HOLDS = AssignmentHold.objects.exclude(kind=HoldKind.SET_ASIDE).select_related("assignment__factory", "resolved_by")


class AssignView(ApiView):
    actions = {"POST": Action.MANAGE_DEVICES}

    @swagger_auto_schema(
        operation_id="mcu-devices_assign",
        operation_summary="Put a device on a chimney, move it, or swap it for the one that is there",
        request_body=AssignInputSerializer,
        responses={201: AssignmentSerializer, 202: EffectSerializer, **REFUSALS},
    )
    def post(self, request: Request, device_id: str) -> Response:
        """On whole hours of the site's clock. What the device did before ends at that hour."""
        device = device_of(request.user, device_id, Action.MANAGE_DEVICES)
        data = validated(AssignInputSerializer, request)
        confirm = Confirmation(request.user.pk, data.pop("confirm", ""))
        mounting = Mounting(chimney=chimney_of(device.factory, data.pop("chimney")), **data)
        return Response(AssignmentSerializer(assign(device, mounting, confirm=confirm)).data, status=201)


class HoldsView(ApiView):
    actions = {"GET": Action.VIEW_DEVICES}

    @swagger_auto_schema(
        operation_id="mcu-devices_holds_list",
        operation_summary="Why readings wait, newest first, with those that were decided",
        manual_parameters=[AS_CSV],
        responses={200: HoldSerializer(many=True), 403: "forbidden", 404: "not_found"},
    )
    def get(self, request: Request, device_id: str) -> HttpResponseBase:
        device = device_of(request.user, device_id, Action.VIEW_DEVICES)
        rows = HoldSerializer(HOLDS.filter(assignment__device=device), many=True).data
        return list_response(request, list(rows), list(HoldSerializer().fields), f"{device_id}-holds")


class CloseHoldView(ApiView):
    actions = {"POST": Action.MANAGE_DEVICES}

    @swagger_auto_schema(
        operation_id="mcu-devices_holds_close",
        operation_summary="Say which is right, the registry or the device; the readings count from then on",
        request_body=CloseHoldSerializer,
        responses={200: HoldSerializer, 202: EffectSerializer, **REFUSALS, 409: "hold_closed"},
    )
    def post(self, request: Request, device_id: str, pk: int) -> Response:
        """With `device_right` the registry is corrected from the hour in which that boot began."""
        hold = get_visible(
            request.user,
            HOLDS,
            Action.MANAGE_DEVICES,
            factory_path="assignment__factory",
            pk=pk,
            assignment__device__device_id=device_id,
        )
        if hold.resolution:
            raise ApiError(409, "hold_closed", _("Somebody has decided this already."))
        data = validated(CloseHoldSerializer, request)
        confirm = Confirmation(request.user.pk, data.get("confirm", ""))
        closed = close_hold(hold, HoldResolution(data["resolution"]), request.user, confirm=confirm)
        return Response(HoldSerializer(closed).data)
