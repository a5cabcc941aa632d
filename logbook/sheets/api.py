"""POST .../import/ of any log: a sheet as a form, with the arguments of the management commands; and what became of
it. `tasks.py` does the import in the worker."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_yasg import openapi
from drf_yasg.utils import no_body, swagger_serializer_method
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, may, organisations_of, user_of
from accounts.viewsets import validated
from lib.background import TaskState
from lib.errors import ApiError
from logbook.api import EntryViewSet, PlainDecimalField, ReadOnlySerializer, ToFactory, factory_to_write, operation
from logbook.models import SheetImport
from logbook.sheets.importing import SheetPlan
from logbook.sheets.options import CHOICES, NAMES
from logbook.sheets.tasks import cancel, submit

LARGEST_FILE_BYTES = 20 * 1024 * 1024
LONGEST_WAIT_S = 20.0
WORKER_IS_LATE_S = 60
PREFER = openapi.Parameter(
    "Prefer",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="respond-async: answer 202 at once and do not wait for the outcome",
)


class SheetUpload(ToFactory):
    """A file and the meaning of its columns; the names are those of `SheetPlan`. What is left out is decided by the
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


class ProgressSerializer(serializers.Serializer[Any]):
    step = serializers.ChoiceField(["waiting", "reading", "storing", "over"])
    rows_done = serializers.IntegerField(help_text="of the step")
    rows_total = serializers.IntegerField(allow_null=True, help_text="null while the file is read")


class ImportStateSerializer(ReadOnlySerializer):
    """An import and its outcome: `status_code` and `answer` are what the upload answers when it waits long enough."""

    progress = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField(help_text="for people: what it waits for, or how far it is")

    class Meta:
        model = SheetImport
        fields = (
            "id factory state is_dry_run progress message created_at started_at finished_at status_code answer".split()
        )

    @swagger_serializer_method(ProgressSerializer)
    def get_progress(self, task: SheetImport) -> dict[str, Any]:
        step = "storing" if task.total_count else "reading"
        if task.state != TaskState.RUNNING:
            step = "over" if task.is_over else "waiting"
        return {"step": step, "rows_done": task.done_count, "rows_total": task.total_count or None}

    def get_message(self, task: SheetImport) -> str:
        if task.is_over:
            return str((task.answer or {}).get("message", _("The import is over.")))
        if task.total_count:
            words = _("%(done)d of %(total)d new rows are computed; nothing is stored before all are.")
            return words % {"done": task.done_count, "total": task.total_count}
        if task.state == TaskState.RUNNING:
            return _("The file is read: %d rows so far.") % task.done_count
        waiting_s = (timezone.now() - task.created_at).total_seconds()
        if waiting_s < WORKER_IS_LATE_S:
            return _("The import waits for the worker.")
        words = _("The import waits for the worker, since %d s: does `run_worker` run? Ask whoever runs the server.")
        return words % waiting_s


class MayWrite(BasePermission):
    """Who may import may see what became of it, also with a token that only writes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated) and may(request.user, view.writes)


class SheetViewSet(EntryViewSet):
    """A log that also accepts sheets."""

    sheet_app: str  # of the entries
    sheet_class: type[SheetPlan]
    upload_class: type[SheetUpload]
    result_class: type[ImportResultSerializer] = ImportResultSerializer

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.sheet_app = cls.sheet_class.model._meta.app_label

    @classmethod
    def operations(cls) -> dict[str, dict[str, Any]]:
        answers = {200: cls.result_class, 202: ImportStateSerializer, 409: "import_running", 413: "too_large"}
        return super().operations() | {
            "import_file": operation(
                "Import a CSV or XLSX sheet", cls.upload_class, answers, manual_parameters=[PREFER]
            ),
            "import_state": operation("What became of an import, or how far it is", None, {200: ImportStateSerializer}),
            "import_cancel": operation(
                "Cancel an import that is not over", no_body, {200: ImportStateSerializer, 409: "import_over"}
            ),
        }

    @action(detail=False, methods=["post"], url_path="import", url_name="import", parser_classes=[MultiPartParser])
    def import_file(self, request: Request) -> Response:
        """One row, one period. Each column is decided as a whole; what it leaves open is asked with 400 `undecided`:
        the named parameter decides, and `readings` show what each choice would store. Bad rows are listed and the
        others are stored; the same file again adds nothing.

        The worker reads the file. What takes longer than 20 s is answered with 202, and `Location` says where its
        outcome will be. One import at a time for each user."""
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
        task = submit(
            user_of(request), factory, self.sheet_app, meaning, content=file.read(), dry_run=dry_run, path=request.path
        )
        is_async = "respond-async" in request.headers.get("Prefer", "").lower()
        if not is_async and task.wait(LONGEST_WAIT_S):
            task.refresh_from_db(fields=["status_code", "answer"])
            return Response(task.answer, status=task.status_code)
        location = request.build_absolute_uri(reverse(f"{self.basename}-import-state", args=[task.pk]))
        headers = {"Location": location} | ({"Preference-Applied": "respond-async"} if is_async else {})
        return Response(ImportStateSerializer(task).data, status=202, headers=headers)

    @action(
        detail=False,
        methods=["get"],
        url_path="imports/(?P<import_id>[0-9]{1,9})",
        url_name="import-state",
        permission_classes=[MayWrite],
        filterset_class=None,
        pagination_class=None,
    )
    def import_state(self, request: Request, import_id: str) -> Response:
        """For who uploaded it and for headquarters, 30 days long."""
        return Response(ImportStateSerializer(self._import(request, import_id)).data)

    @action(
        detail=False,
        methods=["post"],
        url_path="imports/(?P<import_id>[0-9]{1,9})/cancel",
        url_name="import-cancel",
        permission_classes=[MayWrite],
        parser_classes=[JSONParser],
    )
    def import_cancel(self, request: Request, import_id: str) -> Response:
        """Nothing of it is stored."""
        cancel(self._import(request, import_id))
        return Response(ImportStateSerializer(self._import(request, import_id)).data)

    def _import(self, request: Request, import_id: str) -> SheetImport:
        """An import of the user, or of an organisation where the user may write everywhere; else 404."""
        user = user_of(request)
        whose = Q(user=user) | Q(factory__organisation__in=organisations_of(user, self.writes))
        tasks = SheetImport.objects.select_related("factory").filter(whose, app=self.sheet_app)
        return get_visible(user, tasks.defer("content"), self.writes, pk=import_id)
