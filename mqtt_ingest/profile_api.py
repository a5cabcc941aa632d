"""/api/device-profiles/: how messages of foreign sensors are read; tried on messages that were refused."""

from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import user_of
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet, WritingMixin
from devices.models import DeviceProfile, MCUDevice
from devices.profile_access import device_to_assign, organisation_to_write, profile_to_change, profiles_for
from devices.profiles import ProfileInput, assign_profile, delete_profile, save_profile
from logbook.api import ReadOnlySerializer
from mqtt_ingest.replay import previews_of

_EXAMPLE = {
    "name": "Tasmota SCD40",
    "topic": "tele/{device}/SENSOR",
    "status_topic": "tele/{device}/LWT",
    "time_path": "Time",
    "time_format": "iso_site",
    "mappings": [
        {"path": "SCD40.CarbonDioxide", "field": "co2_ppm", "unit": "ppm"},
        {"path": "DS18B20.Temperature", "field": "temperature_c", "unit_path": "TempUnit"},
    ],
}


class MappingSerializer(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=200, help_text="SCD40.CarbonDioxide or values[0].co2")
    field = serializers.CharField(max_length=40, help_text="a field of a reading or status, or channel:name")
    unit = serializers.CharField(max_length=20, required=False, allow_blank=True, help_text="of the value times scale")
    scale = serializers.FloatField(required=False, help_text="default 1")
    unit_path = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="where the message names the unit, in place of unit"
    )


class ProfileFields(serializers.ModelSerializer[Any]):
    """What a profile says."""

    mappings = MappingSerializer(many=True)

    class Meta:
        model = DeviceProfile
        fields: Any = [each.name for each in dataclass_fields(ProfileInput)]
        ref_name = "DeviceProfileChange"
        swagger_schema_fields: Any = {"example": _EXAMPLE}


class NewProfileSerializer(ProfileFields):
    organisation = serializers.IntegerField(required=False, help_text="needed where you manage several")

    class Meta(ProfileFields.Meta):
        fields: Any = ["organisation", *ProfileFields.Meta.fields]
        ref_name = "NewDeviceProfile"
        validators: Any = []  # the name is checked by `save_profile`, in the organisation that it finds


class ProfileSerializer(ReadOnlySerializer):
    """A device profile in its present version, and the devices that have it."""

    mappings = MappingSerializer(many=True)
    devices = serializers.SerializerMethodField(help_text="device ids")

    class Meta:
        model = DeviceProfile
        fields: Any = ["id", "organisation", "version", "changed_at", "devices", *ProfileFields.Meta.fields]
        ref_name = "DeviceProfile"

    def get_devices(self, profile: DeviceProfile) -> list[str]:
        return sorted(device.device_id for device in profile.devices.all())


class DeviceNameSerializer(serializers.Serializer[Any]):
    device = serializers.CharField(max_length=64, help_text="device id")

    class Meta:
        swagger_schema_fields = {"example": {"device": "litein-1"}}


class PreviewSerializer(serializers.Serializer[Any]):
    """What a refused message would become by this profile."""

    received_at = serializers.DateTimeField()
    topic = serializers.CharField()
    text = serializers.CharField(help_text="its first 600 characters")
    measured_at = serializers.DateTimeField(allow_null=True)
    values = serializers.DictField(child=serializers.FloatField(), help_text="in our units")
    problem = serializers.CharField(allow_blank=True, help_text="why nothing of it would be stored; empty if it would")


class DeviceProfileViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """How messages of sensors are read that do not speak our format."""

    actions = {"GET": Action.VIEW_DEVICES, **dict.fromkeys(("POST", "PATCH", "DELETE"), Action.MANAGE_PROFILES)}
    queryset = DeviceProfile.objects.all()
    serializer_class = ProfileSerializer
    lookup_value_regex = "[0-9]{1,9}"
    inputs: ClassVar = {
        "create": NewProfileSerializer,
        "partial_update": ProfileFields,
        **dict.fromkeys(("assign", "unassign", "preview"), DeviceNameSerializer),
    }

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return profiles_for(self.request.user)

    def create(self, request: Request) -> Response:
        """Add a profile.

        Without mappings it lets a device send: its messages are refused, kept, and can be replayed.
        """
        given = self.given()
        organisation = organisation_to_write(request.user, given.pop("organisation", None))
        return self.shown(save_profile(organisation, ProfileInput(**given), user_of(request)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a profile: its next version.

        Stored readings stay as they are; messages from now on are read by the new version.
        """
        profile = profile_to_change(request.user, int(pk))
        given = {each.name: getattr(profile, each.name) for each in dataclass_fields(ProfileInput)} | self.given()
        return self.shown(save_profile(profile.organisation, ProfileInput(**given), user_of(request), profile))

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a profile that no device has. Its history stays."""
        delete_profile(profile_to_change(request.user, int(pk)))
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """A device speaks by this profile from now on.

        It may publish on the topics of the profile alone.
        """
        profile, device = self.get_object(), self._device()
        assign_profile(device, profile)
        return self.shown(self.get_object())

    @action(detail=True, methods=["post"])
    def unassign(self, request: Request, pk: str) -> Response:
        """A device speaks our own format from now on.

        It may publish below its own id again.
        """
        profile, device = self.get_object(), self._device()
        if device.profile_id == profile.pk:
            assign_profile(device, None)
        return self.shown(self.get_object())

    @swagger_auto_schema(responses={200: PreviewSerializer(many=True)})
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str) -> Response:
        """What the last ten refused messages of a device would become. Stores nothing."""
        profile, device = self.get_object(), self._device()
        results = [PreviewSerializer(asdict(each)).data for each in previews_of(device, profile)]
        return Response({"next": None, "previous": None, "results": results})

    def _device(self) -> MCUDevice:
        return device_to_assign(self.request.user, self.given()["device"])
