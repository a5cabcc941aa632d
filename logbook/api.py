"""The API of every log: its requests, its shapes, and the shared viewset of energy and production."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg import openapi
from drf_yasg.utils import no_body
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, validated
from factories.days import EARLIEST_START, LATEST_START, start_of_day
from factories.models import Factory
from factories.queries import choosable_factories
from factories.services import require_in_use
from lib.decimals import plain
from lib.errors import invalid
from lib.exports import list_response
from lib.known_names import ListSchema
from lib.numbers import NumberError, parse_number
from lib.parameters import AS_CSV, flag, flag_filter, require_forward
from lib.times import MomentOrDayField, read_moment_or_day
from logbook.models import LoggedEntry
from logbook.notices import shown
from logbook.periods import with_days_placed
from logbook.services import EntryLog

IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    format=openapi.FORMAT_UUID,
    description="a UUID: the same key and body again answers the same entry, another body 409",
)


# --- Requests ----------------------------------------------------------------------------------
def client_id_of(request: Request) -> UUID | None:
    """The header `Idempotency-Key`. Raises ApiError 400 when it is not a UUID."""
    text = request.headers.get("Idempotency-Key", "").strip()
    try:
        return UUID(text) if text else None
    except ValueError:
        raise invalid("Idempotency-Key", "invalid", _("Idempotency-Key=%r is not a UUID.") % text[:60]) from None


def factory_to_write(request: Request, right: Action, pk: int) -> Factory:
    """The factory that a body names: 404 out of scope, 403 without the right."""
    factories = Factory.objects.select_related("organisation")
    factory = get_visible(request.user, factories, right, factory_path="", pk=pk)
    require_in_use(factory)
    return factory


# --- Shapes ------------------------------------------------------------------------------------
class PlainDecimalField(serializers.DecimalField):
    """A decimal without the trailing zeros of its column: 1.7472, not 1.747200000000."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=options.pop("max_digits", None), decimal_places=None, **options)

    def to_representation(self, value: Any) -> Any:
        return plain(Decimal(value))


class AmountField(serializers.DecimalField):
    """A JSON number or a text. In a text a point is a decimal point, as in our answers; other marks are read by
    `parse_number`.

    A field of fewer than three decimals knows that three digits after a comma are thousands.
    """

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {"max_digits": 18, "decimal_places": 6, "min_value": Decimal(0)}
        super().__init__(**defaults | options)

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            Decimal(data)
        except (InvalidOperation, TypeError, ValueError):
            data = self._as_typed(str(data))
        return super().to_internal_value(data)

    def _as_typed(self, text: str) -> Decimal:
        try:
            # Three and more decimals leave `2,070` open: the API asks then, where a form would guess.
            return parse_number(text, decimals=self.decimal_places if self.decimal_places in (0, 1, 2) else None)
        except NumberError as error:
            if error.code == "two_readings":
                raise serializers.ValidationError(str(error), code=error.code) from None
            self.fail("invalid")


class ReadOnlySerializer(serializers.ModelSerializer[Any]):
    """A row of an answer; requests have a serializer of their own."""

    def get_fields(self) -> Any:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields


class EntrySerializer(ReadOnlySerializer):
    amount = PlainDecimalField(help_text="in `unit`, as entered")
    warnings = serializers.SerializerMethodField()

    class Meta:
        exclude: Any = ["request_sha256"]  # identifies a double tap; other readers do not need it

    def get_warnings(self, entry: LoggedEntry) -> list[dict[str, Any]]:
        return shown(entry.all_warnings)


class EntryFields(serializers.Serializer[Any]):
    """The fields of an entry that a person gives."""

    amount = AmountField(help_text='"24", "24.5", 24.5; 0 says that there was none')
    timestamp = MomentOrDayField(
        required=False,
        help_text="with its offset, or a bare date for that factory day; default: period_start; names the factory day, "
        "when no period is given",
    )
    period_start = MomentOrDayField(
        required=False, allow_null=True, help_text="with its offset, or a bare date for the start of that factory day"
    )
    period_end = MomentOrDayField(required=False, allow_null=True, help_text="exclusive; written in the same way")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ToFactory(serializers.Serializer[Any]):
    """With `EntryFields`: a new entry of one factory."""

    factory = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="id")


class ReasonSerializer(serializers.Serializer[Any]):
    """Alone it is the reason of a deletion. With `EntryFields` it is a correction: the changes and their reason;
    other fields stay."""

    reason = serializers.CharField(max_length=300, help_text="why; kept in the history")

    class Meta:
        swagger_schema_fields = {"example": {"reason": "logged twice"}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "reason" not in attrs:
            words = _("Say why: a change without a reason is not stored.")
            raise serializers.ValidationError({"reason": words}, code="required")
        return attrs


class EventSerializer(serializers.Serializer[Any]):
    """An entry after one action, from the audit history in the database."""

    happened_at = serializers.DateTimeField(source="pgh_created_at")
    act = serializers.CharField(source="last_act")
    by = serializers.IntegerField(source="changed_by_id", allow_null=True)
    reason = serializers.CharField(source="change_reason")
    unit = serializers.CharField()
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    deleted_at = serializers.DateTimeField(allow_null=True)


_TIME = "moment with its offset, or factory day of the site"


class SiteTimeFilter(filters.CharFilter):
    """Entries from or before a moment with its offset, or from or before a day: the factory day of the entry's site."""

    def __init__(self, parameter: str, column: str, lookup: str, **options: Any) -> None:
        super().__init__(field_name=column, lookup_expr=lookup, **options)
        self.parameter = parameter

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        day = read_moment_or_day(self.parameter, value)
        if isinstance(day, datetime):
            return super().filter(queryset, day)
        # Days of two sites may begin at two moments; the bound holds for all sites and rides the index.
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        bound = midnight - EARLIEST_START if self.lookup_expr == "gte" else midnight + LATEST_START
        return super().filter(super().filter(queryset, bound), start_of_day(day))


class _EntryFilter(filters.FilterSet):
    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        ends = [read_moment_or_day(name, text) for name in ("from", "to") if (text := self.form.cleaned_data[name])]
        if len({type(end) for end in ends}) == 1:  # a day and a moment are compared site by site
            require_forward(ends[0], ends[-1] if ends[1:] else None)
        return super().filter_queryset(queryset)


def entry_filter(time: str, **of_kind: filters.Filter) -> type[filters.FilterSet]:
    """The filters of every log, and those of one; `from` and `to` filter the column `time`."""
    of_all = {
        "factory": filters.ModelChoiceFilter(queryset=choosable_factories),
        # `from` is a word of Python's, so it cannot be an attribute in a class body.
        "from": SiteTimeFilter("from", time, "gte", help_text=f"first {_TIME}, inclusive"),
        "to": SiteTimeFilter("to", time, "lt", help_text=f"last {_TIME}, exclusive"),
        "deleted": flag_filter(method=_nothing_more, help_text="true: deleted entries too"),
    }
    return type("EntryFilter", (_EntryFilter,), of_all | of_kind)


def _nothing_more(queryset: QuerySet[Any], _name: str, _wanted: bool) -> QuerySet[Any]:
    return queryset  # `EntryViewSet.get_queryset` hides deleted entries also without this filter


# --- The viewset -------------------------------------------------------------------------------
def operation(summary: str, body: Any, responses: dict[int, Any], **more: Any) -> dict[str, Any]:
    """The schema of one action."""
    return {"operation_summary": summary, "request_body": body, "responses": {**REFUSALS, **responses}, **more}


class EntrySchema(ListSchema):
    """Each kind of entry has shapes of its own for the same actions: `EntryViewSet.operations` names them."""

    def __init__(self, view: Any, path: Any, method: Any, components: Any, request: Any, overrides: Any, *keys: Any):
        super().__init__(
            view, path, method, components, request, overrides | view.operations().get(view.action, {}), *keys
        )

    def get_operation_id(self, operation_keys: Any = None) -> str:
        """`import` is a word of Python's, so the method has another name than the operation."""
        return str(super().get_operation_id(operation_keys)).removesuffix("_file")


class EntryViewSet(ScopedReadOnlyViewSet):
    """Log, correct, delete, undo. A subclass names its log, its rights and its shapes."""

    log: EntryLog[Any, Any]
    reads: Action
    writes: Action
    new_class: type[serializers.Serializer[Any]]
    correction_class: type[serializers.Serializer[Any]]
    event_class: type[serializers.Serializer[Any]]
    lookup_value_regex = "[0-9]{1,9}"
    swagger_schema = EntrySchema

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if hasattr(cls, "reads"):
            # This lets in users who may see entries; each write checks the right in the entry's own factory.
            cls.actions = {"GET": cls.reads, **dict.fromkeys(("POST", "PATCH", "DELETE"), cls.writes)}

    @classmethod
    def operations(cls) -> dict[str, dict[str, Any]]:
        entry, change, undo = cls.serializer_class, "entry_deleted, imported_twice", "undo_expired, imported_twice"
        key = [IDEMPOTENCY_KEY]
        return {
            "create": operation(
                "Log one entry", cls.new_class, {201: entry, 409: "key_conflict"}, manual_parameters=key
            ),
            "partial_update": operation(
                "Correct an entry, with a reason", cls.correction_class, {200: entry, 409: change}
            ),
            "destroy": operation(
                "Delete an entry, with a reason", ReasonSerializer, {200: entry, 409: "entry_deleted"}
            ),
            "undo": operation("Take back your last change, within 10 minutes", no_body, {200: entry, 409: undo}),
            "history": operation(
                "All earlier states of an entry, oldest first",
                None,
                {200: cls.event_class(many=True)},
                manual_parameters=[AS_CSV],
            ),
        }

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        query = self.request.query_params if getattr(self, "request", None) else {}
        if self.action == "list" and not flag(query, "deleted"):
            queryset = queryset.filter(deleted_at__isnull=True)
        return queryset

    def create(self, request: Request) -> Response:
        """Without a period it fills the factory day that holds `timestamp`. With the same Idempotency-Key the same
        body answers the same entry."""
        client_id = client_id_of(request)
        given = validated(self.new_class, request)
        factory = factory_to_write(request, self.writes, given.pop("factory"))
        given = with_days_placed(factory, given)
        recorded = self.log.record(user_of(request), factory, self.log.input_class(**given), client_id=client_id)
        return self._answer(recorded.entry, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Values that depend on the amount, unit, kind or time are computed again. Its history keeps the old values."""
        entry = self._writable(request, pk)
        changes = with_days_placed(entry.factory, validated(self.correction_class, request, partial=True))
        reason = changes.pop("reason")
        return self._answer(self.log.correct(user_of(request), entry.pk, changes, reason))

    def destroy(self, request: Request, pk: str) -> Response:
        """Removes it from lists and totals; the row stays, with person, time and reason."""
        entry_id = self._writable(request, pk).pk
        reason = validated(ReasonSerializer, request)["reason"]
        return self._answer(self.log.delete(user_of(request), entry_id, reason))

    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """A new entry is removed; a correction or deletion is reverted. A second undo changes nothing."""
        return self._answer(self.log.undo(user_of(request), self._writable(request, pk).pk))

    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: Request, pk: str) -> HttpResponseBase:
        rows = self.event_class(self.log.history(self.get_object()), many=True).data
        return list_response(request, list(rows), list(self.event_class().fields), f"{self.basename}-history")

    def _writable(self, request: Request, pk: str) -> Any:
        """An entry that the user may change: 404 out of scope, 403 without the right."""
        entries = self.log.model._default_manager.select_related("factory")
        return get_visible(request.user, entries, self.writes, pk=pk)

    def _answer(self, entry: LoggedEntry, status_code: int = status.HTTP_200_OK) -> Response:
        assert self.serializer_class is not None
        return Response(self.serializer_class(entry).data, status=status_code)
