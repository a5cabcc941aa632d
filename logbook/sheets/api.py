"""POST .../import/ of any log: a sheet as a form, with the arguments of the management commands."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import user_of
from accounts.viewsets import validated
from lib.errors import ApiError, invalid
from logbook.api import EntryViewSet, PlainDecimalField, ToFactory, factory_to_write, operation
from logbook.sheets.amounts import DecimalMark
from logbook.sheets.importing import SheetImport
from logbook.sheets.read import SheetError, read_sheet
from logbook.sheets.time_axis import DateOrder, TimeIs

LARGEST_FILE_BYTES = 20 * 1024 * 1024


class SheetUpload(ToFactory):
    """A file and the meaning of its columns; the names are those of `SheetImport`."""

    file = serializers.FileField(help_text="CSV or XLSX, up to 20 MiB and 200,000 rows")
    time_column = serializers.CharField(max_length=100, default="timestamp")
    value_column = serializers.CharField(max_length=100, default="amount")
    time_zone = serializers.CharField(max_length=40, required=False, help_text="IANA name; default: the site's")
    time_is = serializers.ChoiceField(choices=[value.value for value in TimeIs], default=TimeIs.END.value)
    date_order = serializers.ChoiceField(
        choices=[value.value for value in DateOrder], default=DateOrder.AUTO.value, help_text="of 03/04/2026"
    )
    decimal_mark = serializers.ChoiceField(
        choices=[value.value for value in DecimalMark], default=DecimalMark.AUTO.value, help_text="of 2,070"
    )
    interval_min = serializers.IntegerField(
        required=False, min_value=1, max_value=1440, help_text="minutes of a row; default: from the spacing"
    )
    dry_run = serializers.BooleanField(default=False, help_text="do all of it but store")


class RowErrorSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="of the file, the header is 1")
    column = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField(help_text="what is wrong and what to do")


class RowWarningSerializer(RowErrorSerializer):
    code = serializers.CharField()


class NoticeParams(serializers.DictField):
    """Counts are numbers and amounts texts, so the schema takes any value."""

    class Meta:
        swagger_schema_fields = {"additionalProperties": True}


class ImportNoticeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    params = NoticeParams()


class ImportResultSerializer(serializers.Serializer[Any]):
    """received = stored + duplicate + rejected. In a dry run `stored` counts the rows that would be stored."""

    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = serializers.IntegerField()
    errors: Any = RowErrorSerializer(source="shown_errors", many=True, help_text="the first 1,000")
    warnings = ImportNoticeSerializer(many=True)
    row_warnings: Any = RowWarningSerializer(
        source="shown_row_warnings", many=True, help_text="rows that are stored and need a look, the first 1,000"
    )
    dry_run = serializers.BooleanField(source="is_dry_run")
    amount = PlainDecimalField(help_text="sum of rows stored now and before")
    unit = serializers.CharField()
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)


class SheetViewSet(EntryViewSet):
    """A log that also accepts sheets."""

    sheet_class: type[SheetImport]
    upload_class: type[SheetUpload]
    result_class: type[ImportResultSerializer] = ImportResultSerializer

    @classmethod
    def operations(cls) -> dict[str, dict[str, Any]]:
        answers = {200: cls.result_class, 413: "too_large"}
        return super().operations() | {
            "import_file": operation("Import a CSV or XLSX sheet", cls.upload_class, answers)
        }

    @action(detail=False, methods=["post"], url_path="import", url_name="import", parser_classes=[MultiPartParser])
    def import_file(self, request: Request) -> Response:
        """One row, one period. Bad rows are listed and the others are stored; the same file again adds nothing."""
        meaning = validated(self.upload_class, request)
        factory = factory_to_write(request, self.writes, meaning.pop("factory"))
        file, dry_run = meaning.pop("file"), meaning.pop("dry_run")
        if file.size > LARGEST_FILE_BYTES:
            raise ApiError(
                413,
                "too_large",
                _("The file has %(size)d bytes, more than %(limit)d: split it.")
                % {"size": file.size, "limit": LARGEST_FILE_BYTES},
                params={"size": file.size, "limit": LARGEST_FILE_BYTES},
            )
        for name, kind in (("time_is", TimeIs), ("date_order", DateOrder), ("decimal_mark", DecimalMark)):
            meaning[name] = kind(meaning[name])
        try:
            plan = self.sheet_class(factory=factory, **meaning)
            result = plan.run(user_of(request), read_sheet(file), dry_run=dry_run)
        except SheetError as error:
            raise invalid(error.field, "unreadable", str(error)) from None
        except DjangoValidationError as error:
            raise invalid("time_zone", "invalid", " ".join(error.messages)) from None
        return Response(self.result_class(result).data)
