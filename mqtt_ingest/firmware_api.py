"""/api/firmware-images/: the registry of firmware, and the roll-out of an image to an organisation's devices."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.permissions import AnyUser, organisations_of, require, user_of, visible_to
from accounts.roles import Action
from accounts.viewsets import REFUSALS, CsvListMixin, validated
from devices.models import MCUDevice
from factories.models import Organisation
from lib.errors import ApiError, invalid
from lib.exports import csv_response, wants_csv
from lib.parameters import AS_CSV
from lib.parsers import Utf8JSONParser
from mqtt_ingest.choices import UpdateProblem
from mqtt_ingest.images import LARGEST_BYTES, LONGEST_VERSION, add_image
from mqtt_ingest.models import DeviceUpdate, FirmwareImage, RollOut
from mqtt_ingest.roll_out import LONGEST_WATCH_S, SHORTEST_WATCH_S, RollOutPlan, halt_by_person, start_roll_out

MOST_DEVICES = 10_000


class FirmwareImageSerializer(serializers.ModelSerializer[FirmwareImage]):
    """An image whose signature was checked; it is never replaced."""

    added_by = serializers.CharField()

    class Meta:
        model = FirmwareImage
        fields: Any = "id organisation version sha256 signature size_bytes notes added_by created_at".split()
        read_only_fields = fields
        ref_name = "FirmwareImage"


class ImageInputSerializer(serializers.Serializer[Any]):
    """A file with its version and its Ed25519 signature."""

    file = serializers.FileField(help_text=f"to {LARGEST_BYTES} bytes")
    version = serializers.CharField(max_length=LONGEST_VERSION, help_text="as the device reports it in its status")
    signature = serializers.CharField(max_length=88, help_text="Ed25519 of the file, base64")
    notes = serializers.CharField(required=False, allow_blank=True, max_length=1_000)
    organisation = serializers.IntegerField(required=False, help_text="default: yours")

    class Meta:
        swagger_schema_fields = {"example": {"version": "1.1.0", "signature": "", "notes": "Reads the new sensor."}}


class DeviceUpdateSerializer(serializers.ModelSerializer[DeviceUpdate]):
    """A device in a roll-out. Shares are of readings, 0 to 1: good ones, and time covered."""

    device = serializers.CharField(source="device.device_id")

    class Meta:
        model = DeviceUpdate
        fields: Any = (
            "device is_first state problem version_before back_at good_before received_before good_after received_after"
        ).split()
        ref_name = "DeviceUpdate"


class RollOutSerializer(serializers.ModelSerializer[RollOut]):
    """A roll-out with its devices."""

    version = serializers.CharField(source="image.version")
    started_by = serializers.CharField()
    halted_by = serializers.CharField(allow_null=True)
    problem = serializers.ChoiceField([("", ""), *UpdateProblem.choices])
    devices = DeviceUpdateSerializer(source="updates", many=True)

    class Meta:
        model = RollOut
        fields: Any = (
            "id image version state problem reason watch_s started_by started_at halted_by ended_at devices"
        ).split()
        ref_name = "RollOut"


class RollOutInputSerializer(serializers.Serializer[Any]):
    """Which devices, and which of them first."""

    first = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=100, help_text="device ids that get it first"
    )
    devices = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=MOST_DEVICES,
        help_text="device ids that follow; default: all others of the organisation",
    )
    watch_minutes = serializers.IntegerField(
        required=False, default=60, help_text=f"{SHORTEST_WATCH_S // 60} to {LONGEST_WATCH_S // 60}"
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")

    class Meta:
        swagger_schema_fields = {
            "example": {"first": ["litein-1"], "watch_minutes": 60, "reason": "Reads the new sensor."}
        }


def plan_of(user: AnyUser, image: FirmwareImage, given: dict[str, Any]) -> RollOutPlan:
    """Raises ApiError 400 for devices that are not yours in this organisation."""
    mine = visible_to(user, MCUDevice.objects.select_related("factory"), action=Action.MANAGE_FIRMWARE)
    # A foreign sensor (one with a profile) takes no commands: it would hold the roll-out up, and then halt it.
    usable = mine.filter(factory__organisation=image.organisation_id, revoked_at=None, profile=None)
    found = {one.device_id: one for one in usable}
    for name in ("first", "devices"):
        if unknown := sorted(set(given.get(name) or ()) - found.keys()):
            words = _("There is no device %(names)s in use among yours: check the names.")
            raise invalid(name, "unknown_device", words % {"names": ", ".join(unknown[:5])}, names=unknown[:5])
    first = dict.fromkeys(given["first"])
    rest = [name for name in dict.fromkeys(given.get("devices", found)) if name not in first]
    return RollOutPlan(
        first=[found[name] for name in first],
        rest=[found[name] for name in rest],
        watch_s=60 * given["watch_minutes"],
        reason=given["reason"],
    )


class FirmwareImageViewSet(CsvListMixin, ReadOnlyModelViewSet[Any]):
    """Firmware images of your organisation, newest first."""

    actions = {"GET": Action.VIEW_DEVICES, "POST": Action.MANAGE_FIRMWARE}
    queryset = FirmwareImage.objects.select_related("added_by").defer("content")
    serializer_class = FirmwareImageSerializer
    lookup_value_regex = "[0-9]{1,9}"
    parser_classes = (MultiPartParser,)

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        right = self.actions["GET" if self.request.method == "HEAD" else str(self.request.method)]
        return queryset.filter(organisation__in=organisations_of(self.request.user, right))

    @swagger_auto_schema(
        operation_id="firmware-images_create",
        operation_summary="Register an image",
        request_body=ImageInputSerializer,
        responses={201: FirmwareImageSerializer, **REFUSALS, 409: "image_exists", 415: "unsupported_media_type"},
    )
    def create(self, request: Request) -> Response:
        """A form with a file. The signature is checked with the key of this server, then the image never changes."""
        managed = organisations_of(request.user, Action.MANAGE_FIRMWARE)
        given = validated(ImageInputSerializer, request)
        wanted = given.pop("organisation", None) or next(iter(managed), None)
        organisation = Organisation.objects.filter(pk=wanted).first() if wanted in managed else None
        if organisation is None:
            require(request.user, Action.MANAGE_FIRMWARE)
            words = _("organisation=%(value)s is not one whose firmware you manage.")
            raise invalid("organisation", "unknown", words % {"value": wanted}, value=wanted)
        image = add_image(organisation, user_of(request), **given)
        return Response(FirmwareImageSerializer(image).data, status=201)

    @swagger_auto_schema(
        method="get",
        operation_id="firmware-images_roll-out_list",
        operation_summary="Roll-outs of an image, newest first, with their devices",
        manual_parameters=[AS_CSV],
        responses={200: RollOutSerializer(many=True), **REFUSALS},
    )
    @swagger_auto_schema(
        method="post",
        operation_id="firmware-images_roll-out_create",
        operation_summary="Give it to the first devices; the others follow when these run it well",
        request_body=RollOutInputSerializer,
        responses={201: RollOutSerializer, **REFUSALS, 409: "roll_out_running"},
    )
    @action(detail=True, methods=["get", "post"], url_path="roll-out", parser_classes=(Utf8JSONParser,))
    def roll_out(self, request: Request, pk: str) -> HttpResponseBase:
        image = self.get_object()
        if request.method == "POST":
            given = validated(RollOutInputSerializer, request)
            made = start_roll_out(image, plan_of(request.user, image, given), user_of(request))
            return Response(RollOutSerializer(made).data, status=201)
        rows = image.roll_outs.select_related("image", "started_by", "halted_by").defer("image__content")
        rows = rows.prefetch_related("updates__device")
        found = RollOutSerializer(rows, many=True).data
        if wants_csv(request):
            return csv_response(request, found, list(RollOutSerializer().fields), "roll-outs")
        return Response({"next": None, "previous": None, "results": found})

    @swagger_auto_schema(
        operation_id="firmware-images_roll-out_halt",
        operation_summary="Halt the running roll-out of this image, and roll it back",
        request_body=no_body,
        responses={200: RollOutSerializer, **REFUSALS, 409: "roll_out_ended"},
    )
    @action(detail=True, methods=["post"], url_path="roll-out/halt", parser_classes=(Utf8JSONParser,))
    def halt(self, request: Request, pk: str) -> Response:
        roll_out = self.get_object().roll_outs.first()
        if roll_out is None:
            raise ApiError(409, "roll_out_ended", _("This image was not rolled out yet."))
        return Response(RollOutSerializer(halt_by_person(roll_out, user_of(request))).data)
