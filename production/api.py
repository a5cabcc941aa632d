"""/api/production/: what a site made. Its rules are in `production.py`."""

from typing import Any

from django.db.models import QuerySet
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
from factories.choices import Product
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
from production.models import ProductionEntry
from production.serializers import (
    NewProductionSerializer,
    ProductionCorrectionSerializer,
    ProductionEntrySerializer,
    ProductionEventSerializer,
)
from production.services import production_log


class ProductionFilter(filters.FilterSet):
    """A factory out of scope is as unknown as one that does not exist."""

    factory = filters.ModelChoiceFilter(queryset=visible_factories)
    product = filters.ChoiceFilter(choices=Product.choices)
    start = filters.IsoDateTimeFilter(field_name="period_start", lookup_expr="gte")
    end = filters.IsoDateTimeFilter(field_name="period_start", lookup_expr="lt")
    deleted = filters.BooleanFilter(method="with_deleted", help_text="true: deleted entries too")

    class Meta:
        model = ProductionEntry
        fields: list[str] = []

    def with_deleted(self, queryset: QuerySet[ProductionEntry], _name: str, _wanted: bool) -> QuerySet[ProductionEntry]:
        return queryset  # what it means is in `get_queryset`, which holds without the filter too


# `from` is a word of Python's, and the name that this API has for it.
ProductionFilter.base_filters["from"] = ProductionFilter.base_filters.pop("start")
ProductionFilter.base_filters["to"] = ProductionFilter.base_filters.pop("end")


class ProductionViewSet(ScopedReadOnlyViewSet):
    """Made tea, green leaf, coal. Corrections and deletions need a reason and stay visible."""

    # Whoever may see production comes so far; each write asks for its right in the entry's own factory.
    actions = {
        "GET": Action.VIEW_PRODUCTION,
        "POST": Action.WRITE_PRODUCTION,
        "PATCH": Action.WRITE_PRODUCTION,
        "DELETE": Action.WRITE_PRODUCTION,
    }
    queryset = ProductionEntry.objects.order_by("-period_start", "-id")
    serializer_class = ProductionEntrySerializer
    filterset_class = ProductionFilter
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if self.action == "list" and not (getattr(self, "request", None) and asks_for_deleted(self.request)):
            queryset = queryset.filter(deleted_at__isnull=True)
        return queryset

    @swagger_auto_schema(
        operation_id="production_create",
        operation_summary="Log what was made",
        manual_parameters=[IDEMPOTENCY_KEY],
        request_body=NewProductionSerializer,
        responses={201: ProductionEntrySerializer, **REFUSALS, 409: "key_conflict"},
    )
    def create(self, request: Request) -> Response:
        """Without a period it fills the factory day that holds `timestamp`. 0 says that nothing was made."""
        client_id = client_id_of(request)
        serializer = NewProductionSerializer(data=object_of(request))
        serializer.is_valid(raise_exception=True)
        factory = get_visible(
            request.user,
            Factory.objects.all(),
            Action.WRITE_PRODUCTION,
            factory_path="",
            pk=serializer.validated_data["factory"],
        )
        recorded = production_log.record(user_of(request), factory, serializer.to_input(), client_id=client_id)
        return Response(ProductionEntrySerializer(recorded.entry).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="production_partial_update",
        operation_summary="Correct an entry, with a reason",
        request_body=ProductionCorrectionSerializer,
        responses={200: ProductionEntrySerializer, **REFUSALS, 409: "entry_deleted"},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """What it was stays in its history."""
        entry = self._writable(request, pk)
        serializer = ProductionCorrectionSerializer(data=object_of(request), partial=True)
        serializer.is_valid(raise_exception=True)
        if "reason" not in serializer.validated_data:
            raise invalid("reason", "required", _("Say why: a change without a reason is not stored."))
        changed = production_log.correct(
            user_of(request), entry.pk, serializer.changes(), serializer.validated_data["reason"]
        )
        return Response(ProductionEntrySerializer(changed).data)

    @swagger_auto_schema(
        operation_id="production_delete",
        operation_summary="Delete an entry, with a reason",
        request_body=ReasonSerializer,
        responses={200: ProductionEntrySerializer, **REFUSALS, 409: "entry_deleted"},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Takes it out of lists and totals; the row stays, with who, when and why."""
        entry = self._writable(request, pk)
        serializer = ReasonSerializer(data=object_of(request))
        serializer.is_valid(raise_exception=True)
        deleted = production_log.delete(user_of(request), entry.pk, serializer.validated_data["reason"])
        return Response(ProductionEntrySerializer(deleted).data)

    @swagger_auto_schema(
        operation_id="production_undo",
        operation_summary="Take back your last change, within 10 minutes",
        request_body=no_body,
        responses={200: ProductionEntrySerializer, **REFUSALS, 409: "undo_expired"},
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """What was recorded goes, what was corrected or deleted returns. Undoing twice is undoing once."""
        entry = self._writable(request, pk)
        return Response(ProductionEntrySerializer(production_log.undo(user_of(request), entry.pk)).data)

    @swagger_auto_schema(
        operation_id="production_history",
        operation_summary="All that an entry ever was, oldest first",
        responses={200: ProductionEventSerializer(many=True), **REFUSALS},
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: Request, pk: str) -> HttpResponseBase:
        events = self.get_object().events.order_by("pgh_id")
        rows = ProductionEventSerializer(events, many=True).data
        return list_response(request, list(rows), list(ProductionEventSerializer().fields), "production-history")

    @staticmethod
    def _writable(request: Request, pk: str) -> ProductionEntry:
        return get_visible(
            request.user, ProductionEntry.objects.select_related("factory"), Action.WRITE_PRODUCTION, pk=pk
        )
