"""/api/energy-types/, /api/emission-factors/, /api/energy-entries/. Importing a sheet is in `import_api.py`."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import get_visible, visible_to
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet
from carbontrack.errors import ApiError, invalid
from energy import services
from energy.choices import EntryKind, FactorGas
from energy.import_api import ImportMixin
from energy.models import EmissionFactor, EnergyEntry, EnergyType
from energy.serializers import (
    CorrectionSerializer,
    EmissionFactorSerializer,
    EnergyEntrySerializer,
    EnergyTypeSerializer,
    EntryEventSerializer,
    NewEntrySerializer,
    ReasonSerializer,
)
from factories.models import Factory

IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key", openapi.IN_HEADER, type=openapi.TYPE_STRING, format=openapi.FORMAT_UUID,
    description="a UUID: the same key and body again answers the same entry, another body 409",
)  # fmt: skip
REFUSALS = {400: "invalid", 401: "not_signed_in", 403: "forbidden", 404: "not_found"}


class ReferenceViewSet(ScopedReadOnlyViewSet):
    """Rows that belong to no factory: whoever has the right somewhere sees all of them."""

    def get_queryset(self) -> QuerySet[Any]:
        return super(ScopedReadOnlyViewSet, self).get_queryset()


class EnergyTypeViewSet(ReferenceViewSet):
    """Energy types: what can be logged."""

    actions = {"GET": Action.VIEW_ENERGY}
    queryset = EnergyType.objects.order_by("code")
    serializer_class = EnergyTypeSerializer
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9_]+"
    filterset_fields = ["scope", "carrier", "is_biogenic"]


class EmissionFactorFilter(filters.FilterSet):
    energy_type = filters.CharFilter(field_name="energy_type__code", help_text="code")
    gas = filters.ChoiceFilter(choices=FactorGas.choices)
    country = filters.CharFilter(help_text="two letters")
    set_name = filters.CharFilter()
    is_default = filters.BooleanFilter()
    on = filters.DateFilter(method="holding_on", help_text="factors that hold on this day")

    class Meta:
        model = EmissionFactor
        fields: list[str] = []

    def holding_on(
        self, queryset: QuerySet[EmissionFactor], _name: str, day: date
    ) -> QuerySet[EmissionFactor]:
        return queryset.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)


class EmissionFactorViewSet(ReferenceViewSet):
    """Emission factors with source, dates and version. A changed factor is a new row: none is ever overwritten."""

    actions = {"GET": Action.VIEW_ENERGY}
    queryset = EmissionFactor.objects.select_related("energy_type").order_by(
        "energy_type__code",
        "set_name",
        "per_unit",
        "country",
        "factor_type",
        "valid_from",
        "gas",
        "version",
        "id",
    )
    serializer_class = EmissionFactorSerializer
    filterset_class = EmissionFactorFilter
    lookup_value_regex = "[0-9]{1,9}"


def _visible_factories(request: Request | None) -> QuerySet[Factory]:
    # No request while the schema is written.
    if request is None:
        return Factory.objects.none()
    return visible_to(request.user, Factory.objects.all(), factory_path="")


class EnergyEntryFilter(filters.FilterSet):
    """A factory out of scope is as unknown as one that does not exist."""

    factory = filters.ModelChoiceFilter(queryset=_visible_factories)
    energy_type = filters.CharFilter(field_name="energy_type__code", help_text="code")
    kind = filters.ChoiceFilter(choices=EntryKind.choices)
    scope = filters.NumberFilter(min_value=1, max_value=3)
    source = filters.NumberFilter(field_name="source_id", min_value=1, max_value=2**31 - 1)
    start = filters.IsoDateTimeFilter(field_name="timestamp", lookup_expr="gte")
    end = filters.IsoDateTimeFilter(field_name="timestamp", lookup_expr="lt")
    deleted = filters.BooleanFilter(method="with_deleted", help_text="true: deleted entries too")

    class Meta:
        model = EnergyEntry
        fields: list[str] = []

    def with_deleted(
        self, queryset: QuerySet[EnergyEntry], _name: str, _wanted: bool
    ) -> QuerySet[EnergyEntry]:
        return queryset  # what it means is in `get_queryset`, which holds without the filter too


# `from` is a word of Python's, and the name that this API has for it.
EnergyEntryFilter.base_filters["from"] = EnergyEntryFilter.base_filters.pop("start")
EnergyEntryFilter.base_filters["to"] = EnergyEntryFilter.base_filters.pop("end")


class EnergyEntryViewSet(ImportMixin, ScopedReadOnlyViewSet):
    """Energy used, received, counted and read from meters. Corrections and deletions need a reason and stay visible."""

    # Whoever may see entries comes so far; each write asks for its right in the entry's own factory.
    actions = {
        "GET": Action.VIEW_ENERGY, "POST": Action.WRITE_ENERGY, "PATCH": Action.WRITE_ENERGY,
        "DELETE": Action.WRITE_ENERGY,
    }  # fmt: skip
    queryset = services.entries().order_by("-timestamp", "-id")
    serializer_class = EnergyEntrySerializer
    filterset_class = EnergyEntryFilter
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        asked = self.request.query_params.get("deleted", "") if getattr(self, "request", None) else ""
        if self.action == "list" and asked.lower() not in ("true", "1"):
            queryset = queryset.filter(deleted_at__isnull=True)
        return queryset

    @swagger_auto_schema(
        operation_id="energy-entries_create", operation_summary="Log one entry",
        manual_parameters=[IDEMPOTENCY_KEY], request_body=NewEntrySerializer,
        responses={201: EnergyEntrySerializer, **REFUSALS, 409: "key_conflict"},
    )  # fmt: skip
    def create(self, request: Request) -> Response:
        """Answers with what it emitted. With the same Idempotency-Key the same body answers the same entry."""
        client_id = _client_id(request)
        serializer = NewEntrySerializer(data=_object(request))
        serializer.is_valid(raise_exception=True)
        factory = get_visible(
            request.user, Factory.objects.select_related("organisation"), Action.WRITE_ENERGY, factory_path="",
            pk=serializer.validated_data["factory"],
        )  # fmt: skip
        recorded = services.record_entry(_user(request), factory, serializer.to_input(), client_id=client_id)
        return Response(EnergyEntrySerializer(recorded.entry).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="energy-entries_partial_update", operation_summary="Correct an entry, with a reason",
        request_body=CorrectionSerializer,
        responses={200: EnergyEntrySerializer, **REFUSALS, 409: "entry_deleted"},
    )  # fmt: skip
    def partial_update(self, request: Request, pk: str) -> Response:
        """Values it anew when the amount, type, unit, time or set changes. What it was stays in its history."""
        entry = self._writable(request, pk)
        serializer = CorrectionSerializer(data=_object(request), partial=True)
        serializer.is_valid(raise_exception=True)
        if "reason" not in serializer.validated_data:
            raise invalid("reason", "required", _("Say why: a change without a reason is not stored."))
        changed = services.correct_entry(
            _user(request), entry.pk, serializer.changes(), serializer.validated_data["reason"]
        )
        return Response(EnergyEntrySerializer(changed).data)

    @swagger_auto_schema(
        operation_id="energy-entries_delete", operation_summary="Delete an entry, with a reason",
        request_body=ReasonSerializer,
        responses={200: EnergyEntrySerializer, **REFUSALS, 409: "entry_deleted"},
    )  # fmt: skip
    def destroy(self, request: Request, pk: str) -> Response:
        """Takes it out of lists and totals; the row stays, with who, when and why."""
        entry = self._writable(request, pk)
        serializer = ReasonSerializer(data=_object(request))
        serializer.is_valid(raise_exception=True)
        deleted = services.delete_entry(_user(request), entry.pk, serializer.validated_data["reason"])
        return Response(EnergyEntrySerializer(deleted).data)

    @swagger_auto_schema(
        operation_id="energy-entries_undo", operation_summary="Take back your last change, within 10 minutes",
        request_body=None,
        responses={200: EnergyEntrySerializer, **REFUSALS, 409: "undo_expired"},
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """What was recorded goes, what was corrected or deleted returns. Undoing twice is undoing once."""
        entry = self._writable(request, pk)
        return Response(EnergyEntrySerializer(services.undo(_user(request), entry.pk)).data)

    @swagger_auto_schema(
        operation_id="energy-entries_history", operation_summary="All that an entry ever was, oldest first",
        responses={200: EntryEventSerializer(many=True), **REFUSALS},
    )  # fmt: skip
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: Request, pk: str) -> Response:
        events = self.get_object().events.select_related("energy_type").order_by("pgh_id")
        return Response(
            {"next": None, "previous": None, "results": EntryEventSerializer(events, many=True).data}
        )

    @staticmethod
    def _writable(request: Request, pk: str) -> EnergyEntry:
        return get_visible(
            request.user, EnergyEntry.objects.select_related("factory"), Action.WRITE_ENERGY, pk=pk
        )


def _user(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _object(request: Request) -> Any:
    if not isinstance(request.data, dict):
        raise invalid("non_field_errors", "invalid_shape", _("Send one object."))
    return request.data


def _client_id(request: Request) -> UUID | None:
    text = request.headers.get("Idempotency-Key", "").strip()
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise ApiError(
            400, "invalid", _("Please correct the fields named."),
            fields={"Idempotency-Key": [
                {"code": "invalid", "message": _("Idempotency-Key=%r is no UUID.") % text[:60], "params": {}}
            ]},
        ) from None  # fmt: skip
