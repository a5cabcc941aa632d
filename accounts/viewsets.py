"""The bases of our list endpoints: scope, rights, filters, CSV, and what an action takes and shows."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.permissions import visible_to
from accounts.roles import Action
from lib.exports import CHUNK_ROWS, chunks, csv_response, wants_whole_list
from lib.known_names import REFUSALS, KnownNames

__all__ = ["REFUSALS", "CsvListMixin", "ScopedReadOnlyViewSet", "WritingMixin", "validated"]


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

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        return queryset.none() if getattr(self, "swagger_fake_view", False) else self.rows(queryset)

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those that the user sees."""
        return visible_to(self.request.user, queryset, factory_path=self.factory_path, action=self.actions["GET"])


class WritingMixin:
    """For endpoints that write: `inputs` names what each action takes, `serializer_class` shows what came of it."""

    inputs: ClassVar[dict[str, type[Serializer[Any]] | None]] = {}

    def given(self) -> dict[str, Any]:
        """The checked body. Raises ValidationError, which answers 400 with the fields named."""
        view: Any = self
        body = self.inputs[view.action]
        assert body is not None, f"{view.action} takes no body"
        return validated(body, view.request, partial=view.action == "partial_update")

    def shown(self, row: Any, status: int = 200) -> Response:
        view: Any = self
        return Response(view.serializer_class(row).data, status)
