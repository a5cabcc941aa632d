"""POST /api/energy-entries/import/: a sheet of one meter or fuel, as `manage.py import_energy` takes it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, visible_to
from accounts.roles import Action
from energy.importing import ImportPlan, ImportResult, import_sheet
from factories.models import Factory
from lib.decimals import plain
from lib.errors import ApiError, invalid
from logbook.notices import words
from logbook.sheets.read import SheetError, read_sheet
from logbook.sheets.time_axis import DateOrder, TimeIs

LARGEST_FILE_BYTES = 20 * 1024 * 1024
SHOWN_ERRORS = 1_000


class SheetUploadSerializer(serializers.Serializer[Any]):
    """A file and what its columns mean."""

    file = serializers.FileField(help_text="CSV or XLSX, up to 20 MiB and 200,000 rows")
    factory = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="id")
    energy_type = serializers.CharField(max_length=60)
    unit = serializers.CharField(max_length=40)
    time_column = serializers.CharField(max_length=100, default="timestamp")
    value_column = serializers.CharField(max_length=100, default="amount")
    time_zone = serializers.CharField(max_length=40, required=False, help_text="IANA name; default: the site's")
    time_is = serializers.ChoiceField(choices=[value.value for value in TimeIs], default=TimeIs.END.value)
    date_order = serializers.ChoiceField(
        choices=[value.value for value in DateOrder], default=DateOrder.AUTO.value, help_text="of 03/04/2026"
    )
    interval_min = serializers.IntegerField(
        required=False, min_value=1, max_value=1440, help_text="minutes of a row; default: from the spacing"
    )
    factor_set = serializers.CharField(max_length=40, required=False, help_text="default: the set in force")
    source: Any = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    dry_run = serializers.BooleanField(default=False, help_text="do all of it but store")


class RowErrorSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="of the file, the header is 1")
    column = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField(help_text="what is wrong and what to do")


class ImportNoticeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    params = serializers.DictField()


class ImportResultSerializer(serializers.Serializer[Any]):
    """received = stored + duplicate + rejected. Of a dry run `stored` is what would be stored."""

    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = serializers.IntegerField()
    errors: Any = RowErrorSerializer(many=True, help_text="the first 1,000")
    warnings = ImportNoticeSerializer(many=True)
    dry_run = serializers.BooleanField()
    amount = serializers.CharField(help_text="sum of rows stored now and before")
    unit = serializers.CharField()
    co2e_kg = serializers.CharField(help_text="of rows stored now")
    biogenic_co2_kg = serializers.CharField(help_text="of rows stored now")
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)


def result_row(result: ImportResult) -> dict[str, Any]:
    return {
        "received": result.received,
        "stored": result.stored,
        "duplicate": result.duplicate,
        "rejected": len(result.rejected),
        "errors": [
            {"row": error.row, "column": error.column, "value": error.value, "message": error.message}
            for error in result.rejected[:SHOWN_ERRORS]
        ],
        "warnings": [
            {"code": notice.code, "message": words(notice.code, notice.params), "params": notice.params}
            for notice in result.notices
        ],
        "dry_run": result.is_dry_run,
        "amount": plain(result.amount),
        "unit": result.unit,
        "co2e_kg": str(result.co2e_kg),
        "biogenic_co2_kg": str(result.biogenic_co2_kg),
        "period_start": result.period_start and result.period_start.isoformat().replace("+00:00", "Z"),
        "period_end": result.period_end and result.period_end.isoformat().replace("+00:00", "Z"),
    }


class ImportMixin:
    """The import as an action of the entries' viewset."""

    @swagger_auto_schema(
        operation_id="energy-entries_import",
        operation_summary="Import a CSV or XLSX sheet",
        request_body=SheetUploadSerializer,
        responses={
            200: ImportResultSerializer,
            400: "invalid",
            401: "not_signed_in",
            403: "forbidden",
            404: "not_found",
            413: "too_large",
        },
    )
    @action(detail=False, methods=["post"], url_path="import", url_name="import", parser_classes=[MultiPartParser])
    def import_file(self, request: Request) -> Response:
        """One row, one period. Bad rows are named and the others stored; the same file again adds nothing."""
        serializer = SheetUploadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = dict(serializer.validated_data)
        factory = get_visible(
            request.user,
            visible_to(request.user, Factory.objects.select_related("organisation"), factory_path=""),
            Action.WRITE_ENERGY,
            factory_path="",
            pk=said.pop("factory"),
        )
        file, dry_run = said.pop("file"), said.pop("dry_run")
        if file.size > LARGEST_FILE_BYTES:
            raise ApiError(
                413,
                "too_large",
                _("The file has %(size)d bytes, more than %(limit)d: split it.")
                % {"size": file.size, "limit": LARGEST_FILE_BYTES},
                params={"size": file.size, "limit": LARGEST_FILE_BYTES},
            )
        plan = ImportPlan(
            factory=factory,
            source_id=said.pop("source", None),
            time_is=TimeIs(said.pop("time_is")),
            date_order=DateOrder(said.pop("date_order")),
            **said,
        )
        try:
            result = import_sheet(request.user, plan, read_sheet(file), dry_run=dry_run)  # type: ignore[arg-type]
        except SheetError as error:
            raise invalid(error.field, "unreadable", str(error)) from None
        except DjangoValidationError as error:
            raise invalid("time_zone", "invalid", " ".join(error.messages)) from None
        return Response(result_row(result))
