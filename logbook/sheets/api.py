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
from lib.errors import body as error_body
from logbook.api import EntryViewSet, PlainDecimalField, ToFactory, factory_to_write, operation
from logbook.sheets.importing import SheetImport
from logbook.sheets.options import CHOICES, NAMES
from logbook.sheets.questions import SheetError, UndecidedError
from logbook.sheets.read import read_sheet

LARGEST_FILE_BYTES = 20 * 1024 * 1024


class SheetUpload(ToFactory):
    """A file and the meaning of its columns; the names are those of `SheetImport`. What is left out is decided by the
    whole column, or asked: then the answer is 400 `undecided`, and nothing is stored."""

    file = serializers.FileField(help_text="CSV or XLSX, up to 20 MiB and 200,000 rows")
    time_column = serializers.CharField(max_length=100, default="timestamp")
    value_column = serializers.CharField(max_length=100, default="amount")
    unit = serializers.CharField(max_length=40, required=False, help_text="default: the one that the sheet names")
    time_zone = serializers.CharField(max_length=40, required=False, help_text="IANA name; default: the site's")
    interval_min = serializers.IntegerField(
        required=False, min_value=1, max_value=1440, help_text="minutes of a row; default: from the spacing"
    )
    register_digits = serializers.IntegerField(
        required=False, min_value=0, max_value=18, help_text="digits of a register; 0: it was reset, not rolled over"
    )
    dry_run = serializers.BooleanField(default=False, help_text="do all of it but store")

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {
            **{
                name: serializers.CharField(max_length=300, required=False, help_text=what)
                for name, what in NAMES.items()
            },
            **{
                name: serializers.ChoiceField([*kind], default=next(iter(kind)).value, help_text=what)
                for name, (kind, what) in CHOICES.items()
            },
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs | {name: kind(attrs[name]) for name, (kind, _what) in CHOICES.items()}


class RowErrorSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="of the file, the first row is 1")
    sheet = serializers.CharField(help_text="of the workbook; empty for CSV")
    column = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField(help_text="what is wrong and what to do")


class RowWarningSerializer(RowErrorSerializer):
    code = serializers.CharField()


class ChangeSerializer(serializers.Serializer[Any]):
    """A row that was imported before with another amount."""

    row = serializers.IntegerField()
    entry = serializers.IntegerField(help_text="id of the entry")
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    before = serializers.CharField(help_text="as stored, with its unit")
    now = serializers.CharField(help_text="as in the sheet, with its unit")


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
    changed = serializers.IntegerField(help_text="of `stored`: entries that took over another amount, with the reason")
    changes: Any = ChangeSerializer(source="shown_changes", many=True, help_text="the first 1,000")
    errors: Any = RowErrorSerializer(source="shown_errors", many=True, help_text="the first 1,000")
    warnings = ImportNoticeSerializer(many=True)
    row_warnings: Any = RowWarningSerializer(
        source="shown_row_warnings", many=True, help_text="rows that are stored and need a look, the first 1,000"
    )
    dry_run = serializers.BooleanField(source="is_dry_run")
    amount = PlainDecimalField(allow_null=True, help_text="sum of rows stored now and before; null with several units")
    totals = serializers.DictField(child=PlainDecimalField(), help_text="the same by unit")
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
        """One row, one period. Each column is decided as a whole; what it leaves open is asked with 400 `undecided`:
        the named parameter decides, and `readings` show what each choice would store. Bad rows are listed and the
        others are stored; the same file again adds nothing."""
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
        try:
            plan = self.sheet_class(factory=factory, **meaning)
            result = plan.run(user_of(request), read_sheet(file), dry_run=dry_run)
        except UndecidedError as error:
            # The warnings of an import stand beside its questions.
            asked = error_body(error.code, error.message, error.params, error.fields)
            return Response(asked | {"warnings": error.warnings}, status=error.status_code)
        except SheetError as error:
            raise invalid(error.field, "unreadable", str(error)) from None
        except DjangoValidationError as error:
            raise invalid("time_zone", "invalid", " ".join(error.messages)) from None
        return Response(self.result_class(result).data)
