"""/api/energy-types/, /api/emission-factors/, /api/energy-entries/. Importing a sheet is in `import_api.py`."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet
from energy.choices import EntryKind, FactorGas
from energy.import_api import ImportMixin
from energy.models import EmissionFactor, EnergyEntry, EnergyType
from energy.own_factor_api import OwnFactorMixin, in_sight
from energy.serializers import (
    CorrectionSerializer,
    EmissionFactorSerializer,
    EnergyEntrySerializer,
    EnergyTypeSerializer,
    EntryEventSerializer,
    NewEntrySerializer,
)
from energy.services import energy_log
from factories.models import Factory
from lib.errors import invalid
from lib.exports import list_response
from logbook.api import (
    IDEMPOTENCY_KEY,
    REFUSALS,
    ReasonSerializer,
    asks_for_deleted,
    client_id_of,
    object_of,
    user_of,
    visible_factories,
)


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
    own = filters.BooleanFilter(
        field_name="organisation", lookup_expr="isnull", exclude=True, help_text="true: of your organisation"
    )
    on = filters.DateFilter(method="holding_on", help_text="factors that hold on this day")

    class Meta:
        model = EmissionFactor
        fields: list[str] = []

    def holding_on(self, queryset: QuerySet[EmissionFactor], _name: str, day: date) -> QuerySet[EmissionFactor]:
        return queryset.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)


class EmissionFactorViewSet(OwnFactorMixin, ReferenceViewSet):
    """Emission factors with source, dates and version. A changed factor is a new row: none is ever overwritten."""

    actions = {"GET": Action.VIEW_ENERGY, "POST": Action.MANAGE_FACTORS}
    queryset = EmissionFactor.objects.select_related("energy_type").order_by(
        "energy_type__code", "set_name", "per_unit", "country", "factor_type", "valid_from", "gas", "version", "id"
    )
    serializer_class = EmissionFactorSerializer
    filterset_class = EmissionFactorFilter
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        return in_sight(self.request.user, queryset)


class EnergyEntryFilter(filters.FilterSet):
    """A factory out of scope is as unknown as one that does not exist."""

    factory = filters.ModelChoiceFilter(queryset=visible_factories)
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

    def with_deleted(self, queryset: QuerySet[EnergyEntry], _name: str, _wanted: bool) -> QuerySet[EnergyEntry]:
        return queryset  # what it means is in `get_queryset`, which holds without the filter too


# `from` is a word of Python's, and the name that this API has for it.
EnergyEntryFilter.base_filters["from"] = EnergyEntryFilter.base_filters.pop("start")
EnergyEntryFilter.base_filters["to"] = EnergyEntryFilter.base_filters.pop("end")


class EnergyEntryViewSet(ImportMixin, ScopedReadOnlyViewSet):
    """Energy used, received, counted and read from meters. Corrections and deletions need a reason and stay visible."""

    # Whoever may see entries comes so far; each write asks for its right in the entry's own factory.
    actions = {
        "GET": Action.VIEW_ENERGY,
        "POST": Action.WRITE_ENERGY,
        "PATCH": Action.WRITE_ENERGY,
        "DELETE": Action.WRITE_ENERGY,
    }
    queryset = energy_log.entries().order_by("-timestamp", "-id")
    serializer_class = EnergyEntrySerializer
    filterset_class = EnergyEntryFilter
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if self.action == "list" and not (getattr(self, "request", None) and asks_for_deleted(self.request)):
            queryset = queryset.filter(deleted_at__isnull=True)
        return queryset

    @swagger_auto_schema(
        operation_id="energy-entries_create",
        operation_summary="Log one entry",
        manual_parameters=[IDEMPOTENCY_KEY],
        request_body=NewEntrySerializer,
        responses={201: EnergyEntrySerializer, **REFUSALS, 409: "key_conflict"},
    )
    def create(self, request: Request) -> Response:
        """Answers with what it emitted. With the same Idempotency-Key the same body answers the same entry."""
        client_id = client_id_of(request)
        serializer = NewEntrySerializer(data=object_of(request))
        serializer.is_valid(raise_exception=True)
        factory = get_visible(
            request.user,
            Factory.objects.select_related("organisation"),
            Action.WRITE_ENERGY,
            factory_path="",
            pk=serializer.validated_data["factory"],
        )
        recorded = energy_log.record(user_of(request), factory, serializer.to_input(), client_id=client_id)
        return Response(EnergyEntrySerializer(recorded.entry).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="energy-entries_partial_update",
        operation_summary="Correct an entry, with a reason",
        request_body=CorrectionSerializer,
        responses={200: EnergyEntrySerializer, **REFUSALS, 409: "entry_deleted"},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Values it anew when the amount, type, unit, time or set changes. What it was stays in its history."""
        entry = self._writable(request, pk)
        serializer = CorrectionSerializer(data=object_of(request), partial=True)
        serializer.is_valid(raise_exception=True)
        if "reason" not in serializer.validated_data:
            raise invalid("reason", "required", _("Say why: a change without a reason is not stored."))
        changed = energy_log.correct(
            user_of(request), entry.pk, serializer.changes(), serializer.validated_data["reason"]
        )
        return Response(EnergyEntrySerializer(changed).data)

    @swagger_auto_schema(
        operation_id="energy-entries_delete",
        operation_summary="Delete an entry, with a reason",
        request_body=ReasonSerializer,
        responses={200: EnergyEntrySerializer, **REFUSALS, 409: "entry_deleted"},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Takes it out of lists and totals; the row stays, with who, when and why."""
        entry = self._writable(request, pk)
        serializer = ReasonSerializer(data=object_of(request))
        serializer.is_valid(raise_exception=True)
        deleted = energy_log.delete(user_of(request), entry.pk, serializer.validated_data["reason"])
        return Response(EnergyEntrySerializer(deleted).data)

    @swagger_auto_schema(
        operation_id="energy-entries_undo",
        operation_summary="Take back your last change, within 10 minutes",
        request_body=no_body,
        responses={200: EnergyEntrySerializer, **REFUSALS, 409: "undo_expired"},
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """What was recorded goes, what was corrected or deleted returns. Undoing twice is undoing once."""
        entry = self._writable(request, pk)
        return Response(EnergyEntrySerializer(energy_log.undo(user_of(request), entry.pk)).data)

    @swagger_auto_schema(
        operation_id="energy-entries_history",
        operation_summary="All that an entry ever was, oldest first",
        responses={200: EntryEventSerializer(many=True), **REFUSALS},
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: Request, pk: str) -> HttpResponseBase:
        events = self.get_object().events.select_related("energy_type").order_by("pgh_id")
        rows = EntryEventSerializer(events, many=True).data
        return list_response(request, list(rows), list(EntryEventSerializer().fields), "energy-entry-history")

    @staticmethod
    def _writable(request: Request, pk: str) -> EnergyEntry:
        return get_visible(request.user, EnergyEntry.objects.select_related("factory"), Action.WRITE_ENERGY, pk=pk)
