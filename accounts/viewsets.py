"""The one base of our read-only list endpoints: scope, rights, filters, CSV."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.permissions import visible_to
from accounts.roles import Action
from lib.exports import CHUNK_ROWS, chunks, csv_response, wants_whole_list
from lib.known_names import KnownNames

# Answers that every endpoint may give, for the schema.
REFUSALS = {400: "invalid", 401: "not_signed_in", 403: "forbidden", 404: "not_found"}


def validated(serializer_class: type[Serializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """The checked data of a request. Raises ValidationError, which answers 400 with the fields named."""
    serializer = serializer_class(data=request.data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class CsvListMixin(KnownNames):
    """A list that is also available as a CSV file: the same columns, and all rows."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        view: Any = self
        if not wants_whole_list(request):
            return super().list(request, *args, **kwargs)  # type: ignore[misc]
        found = view.filter_queryset(view.get_queryset()).iterator(chunk_size=CHUNK_ROWS)
        rows = (row for chunk in chunks(found) for row in view.get_serializer(chunk, many=True).data)
        return csv_response(request, rows, list(view.get_serializer_class()().fields), str(view.basename))


class ScopedReadOnlyViewSet(CsvListMixin, viewsets.ReadOnlyModelViewSet[Any]):
    """Lists and shows what the user may see: out of scope is 404, in scope without the right 403.

    A subclass names `actions` (HTTP method -> Action), `queryset` and `factory_path`.
    """

    actions: dict[str, Action]
    factory_path = "factory"

    def get_queryset(self) -> QuerySet[Model]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        return visible_to(self.request.user, queryset, factory_path=self.factory_path, action=self.actions["GET"])
