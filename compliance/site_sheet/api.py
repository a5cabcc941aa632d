"""/api/site-sheets/: one sheet of sites, chimneys, managers' phones and targets; `tasks.py` does it in the worker."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from drf_yasg import openapi
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import organisations_of, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, validated
from compliance.models import SiteSheet
from compliance.site_sheet.columns import template_csv
from compliance.site_sheet.tasks import create_previewed, links_of, submit
from factories.queries import organisation_to_edit
from lib.known_names import KnownNames

LONGEST_WAIT_S = 20.0


class SiteSheetUploadSerializer(serializers.Serializer[Any]):
    """A sheet with the columns of the template."""

    file = serializers.FileField(help_text="CSV or XLSX, up to 5 MiB and 2,000 rows")
    organisation = serializers.IntegerField(required=False, min_value=1, help_text="id; default: your first")
    dry_run = serializers.BooleanField(default=False, help_text="do all of it but store")


class SheetAnswerField(serializers.DictField):
    """Counts are numbers and rows a list, so the schema takes any value."""

    class Meta:
        swagger_schema_fields = {"additionalProperties": True}


class SiteSheetSerializer(serializers.ModelSerializer[SiteSheet]):
    """A sheet and its answer: received = created + already_there + rejected, and each row with its errors."""

    dry_run = serializers.BooleanField(source="is_dry_run")
    answer: Any = SheetAnswerField(
        allow_null=True, help_text="counts of rows, sites, chimneys, targets and invitations, `rows`; or why not"
    )

    class Meta:
        model = SiteSheet
        fields: Any = "id organisation state dry_run created_at finished_at answer".split()
        read_only_fields = fields
        ref_name = "SiteSheet"


class SiteLinkSerializer(serializers.Serializer[Any]):
    factory = serializers.IntegerField()
    factory_name = serializers.CharField()
    phone = serializers.CharField()
    link = serializers.CharField(help_text="shown this once; it works once")
    expires_at = serializers.DateTimeField()


class SiteSheetViewSet(KnownNames, viewsets.GenericViewSet[Any]):
    """Sheets that were uploaded into organisations whose sites and members you manage."""

    actions = {"GET": Action.EDIT_FACTORY, "POST": Action.EDIT_FACTORY}
    queryset = SiteSheet.objects.order_by("-pk")
    serializer_class = SiteSheetSerializer
    lookup_value_regex = "[0-9]{1,9}"
    parser_classes = (MultiPartParser,)

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return rows.filter(organisation__in=organisations_of(self.request.user, Action.EDIT_FACTORY))

    @swagger_auto_schema(
        operation_id="site_sheets_create",
        operation_summary="Create sites, chimneys, targets and invitations from one sheet",
        request_body=SiteSheetUploadSerializer,
        responses={200: SiteSheetSerializer, 202: SiteSheetSerializer, **REFUSALS, 409: "import_running"},
    )
    def create(self, request: Request) -> Response:
        """Good rows are stored together, bad ones are listed with the cell at fault. The same sheet again adds nothing.
        What takes longer than 20 s is answered with 202, and `Location` says where its outcome will be."""
        given = validated(SiteSheetUploadSerializer, request)
        organisation = organisation_to_edit(request.user, given.get("organisation"))
        task = submit(user_of(request), organisation, given["file"], dry_run=given["dry_run"], path=request.path)
        return self._outcome(request, task)

    def _outcome(self, request: Request, task: SiteSheet) -> Response:
        is_over = task.wait(LONGEST_WAIT_S)
        task.refresh_from_db()
        location = request.build_absolute_uri(reverse("site-sheets-detail", args=[task.pk]))
        status = task.status_code if is_over and task.status_code else 202
        body = SiteSheetSerializer(task).data if status in (200, 202) else task.answer
        return Response(body, status=status, headers={"Location": location})

    @swagger_auto_schema(
        operation_id="site_sheets_template",
        operation_summary="The column names with an example, as CSV",
        responses={200: openapi.Response("the template", openapi.Schema(type=openapi.TYPE_FILE)), **REFUSALS},
        produces=["text/csv", "application/json"],
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def template(self, request: Request) -> HttpResponseBase:
        """Fill it in with any spreadsheet, and save it as CSV or XLSX."""
        headers = {"Content-Disposition": 'attachment; filename="sites.csv"'}
        return HttpResponse(template_csv(), content_type="text/csv; charset=utf-8", headers=headers)

    @swagger_auto_schema(
        operation_id="site_sheets_read",
        operation_summary="What became of a sheet",
        responses={200: SiteSheetSerializer, **REFUSALS},
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """For 30 days."""
        return Response(SiteSheetSerializer(self.get_object()).data)

    @swagger_auto_schema(
        operation_id="site_sheets_confirm",
        operation_summary="Create what a dry run showed",
        request_body=no_body,
        responses={200: SiteSheetSerializer, 202: SiteSheetSerializer, **REFUSALS, 409: "preview_over"},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def confirm(self, request: Request, pk: str) -> Response:
        """Within a day of the dry run."""
        return self._outcome(request, create_previewed(user_of(request), self.get_object(), request.path))

    @swagger_auto_schema(
        operation_id="site_sheets_links",
        operation_summary="New links for the invitations of a sheet",
        request_body=no_body,
        responses={200: SiteLinkSerializer(many=True), **REFUSALS},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def links(self, request: Request, pk: str) -> Response:
        """For those who did not join yet. Links that were made before end."""
        rows = [
            {
                "factory": invitation.factory_id,
                "factory_name": invitation.factory.name,
                "phone": invitation.phone,
                "link": request.build_absolute_uri(reverse("join", args=[token])),
                "expires_at": invitation.expires_at,
            }
            for invitation, token in links_of(self.get_object())
            if invitation.factory is not None
        ]
        answer = {"next": None, "previous": None, "results": SiteLinkSerializer(rows, many=True).data}
        return Response(answer, headers={"Cache-Control": "no-store"})
