"""Shapes of devices in the API."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from devices.broker import broker_state
from devices.choices import BrokerState
from devices.models import Assignment, MCUDevice
from devices.queries import is_online


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """Where the device sits, and how its sensor is registered to report."""

    class Meta:
        model = Assignment
        fields: Any = (
            "chimney valid_from valid_to is_of_record sensor range_ppm co2_basis pressure_compensation"
        ).split()
        ref_name = "Assignment"


class MCUDeviceSerializer(serializers.ModelSerializer[MCUDevice]):
    """A device with its last heartbeat and its present assignment."""

    broker = serializers.SerializerMethodField(
        help_text="its login at the broker: " + "; ".join(f"{state.value}: {state.label}" for state in BrokerState)
    )
    online = serializers.SerializerMethodField(help_text="a message came in the last five minutes")
    assignment = serializers.SerializerMethodField(
        help_text="the one in force; without valid_from it begins with the first reading; null: on no chimney"
    )

    class Meta:
        model = MCUDevice
        fields: Any = (
            "id device_id factory online last_heartbeat firmware interval_s created_at revoked_at broker assignment"
        ).split()
        read_only_fields = fields
        ref_name = "MCUDevice"

    def get_broker(self, device: MCUDevice) -> str:
        return broker_state(device).value

    def get_online(self, device: MCUDevice) -> bool:
        return is_online(device, timezone.now())

    def get_assignment(self, device: MCUDevice) -> dict[str, Any] | None:
        now = timezone.now()
        for assignment in device.assignments.all():  # in the order of valid_from, the waiting one last
            if (assignment.valid_from or now) <= now and (assignment.valid_to is None or now < assignment.valid_to):
                return dict(AssignmentSerializer(assignment).data)
        return None


class NewSecretSerializer(serializers.Serializer[Any]):
    """The login of a device after its secret was rotated; the password is shown this once."""

    device_id = serializers.CharField()
    username = serializers.CharField()
    password = serializers.CharField()
    host = serializers.CharField()
    port = serializers.IntegerField()
    ca_file = serializers.CharField(allow_blank=True)
    topics = serializers.DictField(child=serializers.CharField())
    broker = serializers.ChoiceField(BrokerState.choices, help_text="whether the broker lets it in already")
