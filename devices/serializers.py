"""Shapes of devices in the API."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from devices.broker import broker_state
from devices.calibrations import valid_until
from devices.choices import BrokerState, CalibrationKind, Co2Basis, HoldResolution, PressureCompensation
from devices.models import Assignment, AssignmentHold, Calibration, DeviceClaim, MCUDevice
from devices.queries import is_online
from devices.registration import LASTS_DAYS, MOST_CODES, MOST_DAYS
from lib.times import MomentField


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

    calibration_valid_until = serializers.SerializerMethodField(
        help_text="the earlier end of zero and span: readings from then on carry CALIBRATION_EXPIRED; null: nobody said"
    )

    class Meta:
        model = MCUDevice
        fields: Any = (
            "id device_id factory serial_number model bought_on installed_on retired_on online last_heartbeat firmware "
            "interval_s created_at revoked_at broker assignment calibration_valid_until"
        ).split()
        read_only_fields = fields
        ref_name = "MCUDevice"

    def get_broker(self, device: MCUDevice) -> str:
        return broker_state(device).value

    def get_online(self, device: MCUDevice) -> bool:
        return is_online(device, timezone.now())

    def get_calibration_valid_until(self, device: MCUDevice) -> str | None:
        ends = valid_until(device.calibrations.all()).values()
        return min(ends).isoformat() if ends else None

    def get_assignment(self, device: MCUDevice) -> dict[str, Any] | None:
        now = timezone.now()  # the assignments are in the order of valid_from, the waiting one last
        current = next((one for one in device.assignments.all() if one.is_in_force(now)), None)
        return dict(AssignmentSerializer(current).data) if current else None


class NewSecretSerializer(serializers.Serializer[Any]):
    """The login of a device that was registered, or whose secret was rotated; the password is shown this once."""

    device_id = serializers.CharField()
    username = serializers.CharField()
    password = serializers.CharField()
    host = serializers.CharField()
    port = serializers.IntegerField()
    ca_file = serializers.CharField(allow_blank=True)
    topics = serializers.DictField(child=serializers.CharField())
    broker = serializers.ChoiceField(BrokerState.choices, help_text="whether the broker lets it in already")


# --- Register, assign -----------------------------------------------------------------------------
class DeviceFactsSerializer(serializers.ModelSerializer[MCUDevice]):
    """What is known of a device itself."""

    class Meta:
        model = MCUDevice
        fields: Any = "serial_number model bought_on installed_on".split()
        ref_name = "DeviceFacts"
        swagger_schema_fields: Any = {"example": {"serial_number": "24-0117", "installed_on": "2026-11-20"}}


class MountingSerializer(serializers.Serializer[Any]):
    """Where a device goes. What is left out stays as it was on its last chimney."""

    chimney = serializers.IntegerField(min_value=1, help_text="id, of the device's site")
    since = MomentField(
        required=False,
        help_text="a whole hour of the site's clock; default: the next one, of a new device its first reading",
    )
    replaces = serializers.BooleanField(default=False, help_text="a swap: the chimney's device of record ends then")
    is_of_record = serializers.BooleanField(default=True, help_text="false: a cross-check, outside of totals")
    sensor = serializers.CharField(required=False, max_length=40, help_text="such as sprintir-20")
    range_ppm = serializers.FloatField(required=False, help_text="full scale of the CO2 sensor")
    co2_basis = serializers.ChoiceField(Co2Basis.choices, required=False)
    pressure_compensation = serializers.ChoiceField(PressureCompensation.choices, required=False)

    class Meta:
        ref_name = "Mounting"


class AssignInputSerializer(MountingSerializer):
    """The same, with the confirmation of a change that reaches into the past."""

    confirm = serializers.CharField(required=False, help_text="of the answer 202 to the same request")

    class Meta:
        ref_name = "AssignInput"
        swagger_schema_fields = {
            "example": {"chimney": 1, "sensor": "sprintir-20", "range_ppm": 200000, "replaces": True}
        }


class NewDeviceSerializer(DeviceFactsSerializer):
    """A new device: by a claim code, under a stated id, or under one that is drawn."""

    factory = serializers.IntegerField(min_value=1, help_text="id of its site")
    claim_code = serializers.CharField(required=False, max_length=40, help_text="as printed on its label")
    device_id = serializers.CharField(required=False, max_length=64, help_text="default: drawn, or that of the label")
    assign = MountingSerializer(required=False)

    class Meta(DeviceFactsSerializer.Meta):
        fields = [*DeviceFactsSerializer.Meta.fields, "factory", "claim_code", "device_id", "assign"]
        ref_name = "NewDevice"
        swagger_schema_fields = {"example": {"factory": 1, "serial_number": "24-0117"}}


class RetireInputSerializer(serializers.Serializer[Any]):
    retired_on = serializers.DateField(required=False, help_text="today or before; default: today")

    class Meta:
        swagger_schema_fields = {"example": {"retired_on": "2026-11-20"}}


# --- Calibrations ---------------------------------------------------------------------------------
class CalibrationSerializer(serializers.ModelSerializer[Calibration]):
    """A calibration; `certificate` says whether a file is there."""

    certificate = serializers.BooleanField(source="certificate_sha256", help_text="true: a file can be fetched")
    recorded_by = serializers.CharField(allow_null=True)

    class Meta:
        model = Calibration
        fields: Any = (
            "id calibrated_at kind reference_ppm certificate_number reading_ppm pressure_pa valid_until done_by "
            "certificate certificate_sha256 recorded_at recorded_by"
        ).split()
        ref_name = "Calibration"


class CalibrationInputSerializer(serializers.Serializer[Any]):
    """A calibration that was done. The file of its certificate follows in a request of its own."""

    calibrated_at = MomentField(help_text="with offset, not in the future")
    kind = serializers.ChoiceField(CalibrationKind.choices)
    pressure_pa = serializers.FloatField(help_text="air pressure at which it was done")
    reference_ppm = serializers.FloatField(required=False, help_text="concentration of the gas; of a span required")
    certificate_number = serializers.CharField(required=False, max_length=80, help_text="of the gas")
    reading_ppm = serializers.FloatField(required=False, help_text="what the sensor showed before")
    valid_until = MomentField(required=False, help_text="required, except for the maker's")
    done_by = serializers.CharField(required=False, max_length=120)
    confirm = serializers.CharField(required=False, help_text="of the answer 202 to the same request")

    class Meta:
        swagger_schema_fields = {
            "example": {
                "calibrated_at": "2026-11-20T10:00:00+03:00",
                "kind": "span",
                "reference_ppm": 150000,
                "certificate_number": "KE-2026-0117",
                "reading_ppm": 148200,
                "pressure_pa": 79500,
                "valid_until": "2027-11-20T00:00:00+03:00",
            }
        }


class CertificateUploadSerializer(serializers.Serializer[Any]):
    certificate = serializers.FileField(help_text="PDF, PNG or JPEG, at most 5 MB")


# --- Holds ----------------------------------------------------------------------------------------
class HoldSerializer(serializers.ModelSerializer[AssignmentHold]):
    """Why readings wait, with both values side by side; who decided, and when."""

    chimney = serializers.IntegerField(source="assignment.chimney_id")
    resolved_by = serializers.CharField(allow_null=True)

    class Meta:
        model = AssignmentHold
        fields: Any = (
            "id chimney kind field registered reported starts_at ends_at opened_at resolution resolved_at resolved_by"
        ).split()
        ref_name = "Hold"


class CloseHoldSerializer(serializers.Serializer[Any]):
    """Which of the two is right. Without `confirm` a change of stored figures is shown, and nothing is stored."""

    resolution = serializers.ChoiceField(
        [(one.value, one.label) for one in (HoldResolution.REGISTRY_RIGHT, HoldResolution.DEVICE_RIGHT)]
    )
    confirm = serializers.CharField(required=False, help_text="of the answer 202 to the same request")

    class Meta:
        swagger_schema_fields = {"example": {"resolution": "registry_right"}}


# --- Claim codes ----------------------------------------------------------------------------------
class DeviceClaimSerializer(serializers.ModelSerializer[DeviceClaim]):
    """A device that waits for its site. The code itself is shown once, when it is made."""

    made_by = serializers.CharField()
    claimed_by = serializers.CharField(allow_null=True)

    class Meta:
        model = DeviceClaim
        fields: Any = (
            "id organisation device_id serial_number model bought_on sensor range_ppm made_at made_by expires_at "
            "withdrawn_at claimed_at claimed_by"
        ).split()
        ref_name = "DeviceClaim"


class MadeClaimSerializer(DeviceClaimSerializer):
    """A device whose code was made just now."""

    code = serializers.CharField(help_text="shown this once")

    class Meta(DeviceClaimSerializer.Meta):
        fields: Any = [*DeviceClaimSerializer.Meta.fields, "code"]
        ref_name = "MadeDeviceClaim"


class NewClaimsSerializer(serializers.Serializer[Any]):
    """Codes for devices that are not yet placed: one for each serial number, or `count` without any."""

    organisation = serializers.IntegerField(required=False, min_value=1, help_text="id; default: your first")
    count = serializers.IntegerField(default=1, min_value=1, max_value=MOST_CODES)
    serial_numbers = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=MOST_CODES
    )
    model = serializers.CharField(required=False, max_length=80)
    bought_on = serializers.DateField(required=False)
    sensor = serializers.CharField(required=False, max_length=40)
    range_ppm = serializers.FloatField(required=False)
    lasts_days = serializers.IntegerField(default=LASTS_DAYS, min_value=1, max_value=MOST_DAYS)

    class Meta:
        swagger_schema_fields = {"example": {"count": 2, "model": "Carbon Track node 1"}}
