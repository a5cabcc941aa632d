"""/api/evidence/: files that prove entries, calibrations and reports."""

from typing import Any

from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, CsvListMixin, validated
from factories.queries import choosable_factories
from lib.files import CONTENT_TYPES, JPEG, ReceivedFile, as_download
from logbook import evidence
from logbook.models import EvidenceFile


class EvidenceSerializer(serializers.ModelSerializer[EvidenceFile]):
    """A file. Its bytes are at `{id}/file/`, a small picture of it at `{id}/thumbnail/`."""

    about = serializers.CharField(help_text="kind of row: energy_entry, production_entry, calibration, report")
    about_id = serializers.IntegerField(help_text="id of that row")
    factory = serializers.IntegerField(source="factory_id", allow_null=True, help_text="null: of the organisation")
    sha256 = serializers.CharField(help_text="of the bytes as they were uploaded")
    added_by = serializers.CharField()
    removed_by = serializers.CharField(allow_null=True)

    class Meta:
        model = EvidenceFile
        fields = (
            "id about about_id factory name content_type size_bytes sha256 note added_by added_at "
            "removed_by removed_at removal_reason"
        ).split()
        ref_name = "EvidenceFile"


class EvidenceUploadSerializer(serializers.Serializer[Any]):
    about = serializers.CharField(max_length=20, help_text="energy_entry, production_entry, calibration or report")
    about_id = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    file = serializers.FileField(help_text="PDF, PNG or JPEG, at most 5 MB")


class RemovalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)

    class Meta:
        swagger_schema_fields = {"example": {"reason": "the photo shows another stack"}}


class EvidenceFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)
    about = filters.CharFilter()
    about_id = filters.NumberFilter(min_value=1, max_value=2**31 - 1)
    removed = filters.BooleanFilter(field_name="removed_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = EvidenceFile
        fields: list[str] = []


class EvidenceViewSet(CsvListMixin, viewsets.ReadOnlyModelViewSet[Any]):
    """Files as proof. They are added and removed with a reason, never replaced."""

    # The right is that of the row which a file is about; whoever may see a site may ask.
    actions = {"GET": Action.VIEW_FACTORY, "POST": Action.VIEW_FACTORY}
    queryset = EvidenceFile.objects.order_by("id")
    serializer_class = EvidenceSerializer
    lookup_value_regex = "[0-9]{1,9}"
    filterset_class = EvidenceFilter
    parser_classes = [MultiPartParser]

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return EvidenceFile.objects.none()
        return evidence.visible(self.request.user).order_by("id")

    def get_object(self) -> EvidenceFile:
        return evidence.file_of(self.request.user, int(self.kwargs["pk"]))

    @swagger_auto_schema(
        operation_id="evidence_create",
        operation_summary="Add a file",
        request_body=EvidenceUploadSerializer,
        responses={201: EvidenceSerializer, **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """The same bytes at the same row are stored once: the answer is the file that is there."""
        given = validated(EvidenceUploadSerializer, request)
        received = ReceivedFile.read(given.pop("file"))
        stored = evidence.add(user_of(request), received=received, **given)
        return Response(self.get_serializer(stored).data, status=201)

    @swagger_auto_schema(
        operation_id="evidence_remove",
        operation_summary="Remove a file with a reason; it stays stored",
        request_body=RemovalSerializer,
        responses={200: EvidenceSerializer, **REFUSALS},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def remove(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        evidence.require_write(request.user, row)
        reason = validated(RemovalSerializer, request)["reason"]
        return Response(self.get_serializer(evidence.remove(user_of(request), row, reason)).data)

    @swagger_auto_schema(
        operation_id="evidence_file",
        operation_summary="The file as it was uploaded",
        produces=[*CONTENT_TYPES, "application/json"],
        responses={200: openapi.Response("the file", openapi.Schema(type=openapi.TYPE_FILE)), **REFUSALS},
    )
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> HttpResponse:
        row = self.get_object()
        return as_download(row.stored.content, row.content_type, row.name)

    @swagger_auto_schema(
        operation_id="evidence_thumbnail",
        operation_summary="A small picture of the file; 404 of a PDF",
        produces=[JPEG, "application/json"],
        responses={200: openapi.Response("the picture", openapi.Schema(type=openapi.TYPE_FILE)), **REFUSALS},
    )
    @action(detail=True, methods=["get"])
    def thumbnail(self, request: Request, pk: str) -> HttpResponse:
        return thumbnail_of(self.get_object())


def thumbnail_of(row: EvidenceFile) -> HttpResponse:
    if row.stored.thumbnail is None:
        raise Http404
    return HttpResponse(bytes(row.stored.thumbnail), content_type=JPEG)
