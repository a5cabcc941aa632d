"""/api/mcu-devices/{device_id}/limits-from-rules/: the device's own alarm limits, from the rules of its site."""

from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS
from alerts.device_limits import give_limits
from devices.models import MCUDevice
from lib.known_names import ApiView
from mqtt_ingest.command_api import CommandSerializer


class LimitsFromRulesView(ApiView):
    actions = {"POST": Action.MANAGE_DEVICES}

    @swagger_auto_schema(
        operation_id="mcu-devices_limits-from-rules",
        operation_summary="Give the device the limits of its site's alarm rules",
        request_body=no_body,
        responses={201: CommandSerializer, **REFUSALS, 409: "no_chimney"},
    )
    def post(self, request: Request, device_id: str) -> Response:
        """A command `set_limits`. From then on it follows the rules, until somebody sets limits by hand."""
        devices = MCUDevice.objects.select_related("factory")
        device = get_visible(request.user, devices, Action.MANAGE_DEVICES, device_id=device_id)
        return Response(CommandSerializer(give_limits(device, user_of(request))).data, status=201)
