"""/api/mcu-devices/{device_id}/commands/: what a device was told, and telling it more."""

from typing import Any

from django.db.models import QuerySet
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, validated
from devices.models import MCUDevice
from mqtt_ingest.arguments import ARGUMENTS, Number
from mqtt_ingest.asking import ask_device
from mqtt_ingest.choices import CommandKind
from mqtt_ingest.commands import Sender, withdraw_one
from mqtt_ingest.models import DeviceCommand


class CommandSerializer(serializers.ModelSerializer[DeviceCommand]):
    """A command with its life. `error` is in the device's own words."""

    id = serializers.CharField(source="command_id")
    given_by = serializers.CharField(allow_null=True, help_text="null: the server itself, see cause")

    class Meta:
        model = DeviceCommand
        fields: Any = (
            "id state kind arguments cause reason given_by created_at expires_at last_sent_at sent_count ended_at error"
        ).split()
        read_only_fields = fields
        ref_name = "Command"


class CommandInputSerializer(serializers.Serializer[Any]):
    """A kind, its arguments beside it, and why. `docs/wire-format.md` has the arguments of each kind."""

    kind = serializers.ChoiceField(CommandKind.choices)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, help_text="why; others read it")

    class Meta:
        swagger_schema_fields = {"example": {"kind": "set_interval", "interval_s": 10, "reason": "Weak network."}}

    def get_fields(self) -> Any:
        fields = super().get_fields()
        fields["image"] = serializers.IntegerField(required=False, help_text="of update_firmware: a registered image")
        of_device = {kind: rules for kind, rules in ARGUMENTS.items() if kind != CommandKind.UPDATE_FIRMWARE}
        for rules in of_device.values():
            for name, rule in rules.items():
                if isinstance(rule, Number):
                    of_kind: Any = serializers.IntegerField if rule.is_whole else serializers.FloatField
                    fields[name] = of_kind(required=False, allow_null=rule.may_be_null, help_text=rule.unit)
                else:
                    fields[name] = serializers.CharField(required=False, trim_whitespace=False, help_text=rule.expected)
        return fields


class CommandViewSet(ScopedReadOnlyViewSet):
    """Commands to a device, newest first."""

    # This lets in everyone who may see devices; giving and withdrawing then checks the right in the device's factory.
    actions = {"GET": Action.VIEW_DEVICES, "POST": Action.VIEW_DEVICES}
    queryset = DeviceCommand.objects.select_related("device__factory", "given_by")
    serializer_class = CommandSerializer
    filterset_fields = ["state", "kind"]
    factory_path = "device__factory"
    lookup_field, lookup_url_kwarg, lookup_value_regex = "command_id", "command_id", "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset
        return queryset.filter(device=self._device(Action.VIEW_DEVICES))

    def _device(self, right: Action) -> MCUDevice:
        devices = MCUDevice.objects.select_related("factory")
        return get_visible(self.request.user, devices, right, device_id=self.kwargs["device_id"])

    @swagger_auto_schema(
        operation_id="mcu-devices_commands_create",
        operation_summary="Give the device a command",
        request_body=CommandInputSerializer,
        responses={201: CommandSerializer, **REFUSALS, 409: "device_revoked"},
    )
    def create(self, request: Request, **kwargs: Any) -> Response:
        """It is sent when the device is on line, and again until the device answers or its time is over. One of a kind
        waits: an older one without an answer is withdrawn."""
        device = self._device(Action.MANAGE_DEVICES)
        given = validated(CommandInputSerializer, request)
        kind, reason = given.pop("kind"), given.pop("reason", "")
        command = ask_device(device, kind, given, Sender(user_of(request), reason))
        return Response(CommandSerializer(command).data, status=201)

    @swagger_auto_schema(
        operation_id="mcu-devices_commands_withdraw",
        operation_summary="Send it no more; a device that has received it may still carry it out",
        request_body=no_body,
        responses={200: CommandSerializer, **REFUSALS, 409: "command_ended"},
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **kwargs: Any) -> Response:
        self._device(Action.MANAGE_DEVICES)
        return Response(CommandSerializer(withdraw_one(self.get_object())).data)
