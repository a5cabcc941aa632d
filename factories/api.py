"""/api/factories/, /api/chimneys/, /api/emission-sources/ and /api/site-events/.

A change of figures of the past answers 202 with what it makes of them, and stores nothing until the same request comes
again with its `confirm`. Nothing is deleted: DELETE archives a chimney or an event and ends a source.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django_filters import rest_framework as filters
from drf_yasg import openapi
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.permissions import get_visible, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, validated
from factories import services
from factories.choices import SourceKind
from factories.corrections import Confirmation, store
from factories.models import Chimney, EmissionSource, Factory, SiteEvent
from factories.queries import choosable_factories, organisation_to_edit
from factories.serializers import (
    ChimneyChangeSerializer,
    ChimneySerializer,
    EffectSerializer,
    EmissionSourceSerializer,
    EventChangeSerializer,
    FactoryChangeSerializer,
    FactorySerializer,
    NewChimneySerializer,
    NewEventSerializer,
    NewFactorySerializer,
    NewSourceSerializer,
    SiteEventSerializer,
    SourceChangeSerializer,
)
from lib.known_names import ListSchema
from lib.parameters import flag, parameter

ARCHIVED = parameter("archived", "true: those that are archived instead of those in use", type="boolean")


class _Schema(ListSchema):
    """A write takes the body that its view names, and answers with the row, or with what it makes of the past.

    The words of each operation stand in the docstring of its view: a summary, and what it does.
    """

    def get_request_serializer(self) -> Any:
        body = self.view.bodies.get(self.view.action)
        return body and body()

    def get_query_parameters(self) -> list[openapi.Parameter]:
        is_list = self.view.action == "list" and isinstance(self.view, _Archived)
        return [*super().get_query_parameters(), *([ARCHIVED] if is_list else [])]

    def get_response_serializers(self) -> dict[str, Any]:
        if self.method == "GET":
            found: dict[str, Any] = super().get_response_serializers()
            return found
        name, body = self.view.action, self.get_request_serializer()
        success = {"create": 201, "destroy": 204}.get(name, 200)
        answers = {success: "" if success == 204 else self.view.serializer_class, **REFUSALS}
        if body and "confirm" in body.fields:
            answers[202] = EffectSerializer
        return {str(status): answer for status, answer in (answers | self.view.conflicts.get(name, {})).items()}

    def split_summary_from_description(self, description: str) -> tuple[str | None, str]:
        if self.method == "GET":
            return None, description
        summary, _stop, rest = description.partition(". ")
        return summary, rest


class _Writing(ScopedReadOnlyViewSet):
    """Changes a row of a site. 404: the user does not see it; 403: the user sees it and has no right to change it."""

    swagger_schema = _Schema
    queryset: Any
    bodies: ClassVar[dict[str, type[Serializer[Any]]]]
    conflicts: ClassVar[dict[str, dict[int, str]]] = {}
    change: Callable[..., Model] = staticmethod(store)
    lookup_value_regex = "[0-9]{1,9}"

    def one(self, pk: str) -> Any:
        right = self.actions[str(self.request.method)]
        return get_visible(self.request.user, self.queryset.all(), right, factory_path=self.factory_path, pk=pk)

    def answer(self, row: Model, status: int = 200) -> Response:
        return Response(self.get_serializer(row).data, status=status)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.one(pk)
        changes = validated(self.bodies["partial_update"], request, partial=True)
        confirm = Confirmation(request.user.pk, changes.pop("confirm", ""))
        return self.answer(self.change(row, changes, confirm=confirm))


class _Archived(_Writing):
    """Lists what is in use, or with `?archived=true` what is archived. A single row answers either way."""

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        if self.action != "list" or getattr(self, "swagger_fake_view", False):
            return rows
        return rows.filter(archived_at__isnull=not flag(self.request.query_params, "archived"))

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Restore. It is back as it was."""
        row = self.one(pk)
        services.restore(row)
        return self.answer(row)


class _OfSite(_Writing):
    """What stands at a site or happened there. It is taken out of use, never deleted."""

    conflicts: ClassVar = {"create": {409: "factory_archived"}}

    def add(self, factory: Factory, given: dict[str, Any]) -> Model:
        raise NotImplementedError

    take_out: Callable[[Any], object] = staticmethod(services.archive)

    def create(self, request: Request) -> Response:
        given = validated(self.bodies["create"], request)
        sites = Factory.objects.all()
        factory = get_visible(request.user, sites, self.actions["POST"], factory_path="", pk=given.pop("factory"))
        return self.answer(self.add(factory, given), 201)

    def destroy(self, request: Request, pk: str) -> Response:
        self.take_out(self.one(pk))
        return Response(status=204)


class SiteFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)


# --- Factories -------------------------------------------------------------------------------------
class FactoryFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains", help_text="part of the name, in any case")

    class Meta:
        model = Factory
        fields: Any = ["county", "sector"]


class FactoryViewSet(_Archived):
    """Factories and mines that you may see, with their chimneys and emission sources.

    create: Add a site. Country, currency and time zone follow from the organisation, sources from its sector.
    partial_update: Change a site. Altitude, time zone, start of the day and sector decide figures of the past.
    archive: Archive. The site leaves lists, rankings and the log. Its history and reports stay.
    """

    actions = {"GET": Action.VIEW_FACTORY, "POST": Action.EDIT_FACTORY, "PATCH": Action.EDIT_FACTORY}
    factory_path = ""
    queryset = (
        Factory.objects.select_related("organisation")
        .prefetch_related("chimneys", "emission_sources")
        .order_by("name", "id")
    )
    serializer_class = FactorySerializer
    filterset_class = FactoryFilter
    bodies: ClassVar = {"create": NewFactorySerializer, "partial_update": FactoryChangeSerializer}
    change = staticmethod(services.change_factory)

    def create(self, request: Request) -> Response:
        fields = validated(NewFactorySerializer, request)
        organisation = organisation_to_edit(request.user, fields.pop("organisation", None))
        return self.answer(services.create_factory(organisation, **fields), 201)

    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        factory = self.one(pk)
        services.archive(factory)
        return self.answer(factory)


# --- What stands there -----------------------------------------------------------------------------
class ChimneyViewSet(_OfSite, _Archived):
    """Chimneys with their inner dimensions. Without a shape the geometry waits, and readings have no mass.

    create: Add a chimney. It gets the site's boiler if that is the only one and has no chimney.
    partial_update: Change a chimney. A measured mass is proportional to the area and to the profile factor.
    destroy: Archive a chimney. What it measured stays. 409 while a sensor is in it.
    """

    actions = {"GET": Action.VIEW_FACTORY, **dict.fromkeys(("POST", "PATCH", "DELETE"), Action.EDIT_GEOMETRY)}
    queryset = Chimney.objects.select_related("factory").order_by("factory", "name")
    serializer_class = ChimneySerializer
    filterset_class = SiteFilter
    bodies: ClassVar = {"create": NewChimneySerializer, "partial_update": ChimneyChangeSerializer}
    conflicts: ClassVar = _OfSite.conflicts | {"destroy": {409: "chimney_in_use"}}
    change = staticmethod(services.change_chimney)

    def add(self, factory: Factory, given: dict[str, Any]) -> Chimney:
        return services.add_chimney(factory, **given)


class SourceFilter(SiteFilter):
    kind = filters.ChoiceFilter(choices=SourceKind.choices)


class EmissionSourceViewSet(_OfSite):
    """What emits at the sites, with the days of its use; ended ones too.

    create: Add a source. It counts from the running day on unless `first_day` is given. `replaces` ends another one.
    partial_update: Change a source. Kind, chimney, fuels, methane and days decide figures of the past.
    destroy: End a source. Its last day is the running one; what it emitted stays.
    """

    actions = {"GET": Action.VIEW_FACTORY, **dict.fromkeys(("POST", "PATCH", "DELETE"), Action.EDIT_FACTORY)}
    queryset = EmissionSource.objects.select_related("factory").order_by("factory", "name", "id")
    serializer_class = EmissionSourceSerializer
    filterset_class = SourceFilter
    bodies: ClassVar = {"create": NewSourceSerializer, "partial_update": SourceChangeSerializer}
    take_out = staticmethod(services.end_source)

    def add(self, factory: Factory, given: dict[str, Any]) -> EmissionSource:
        confirm, asked = Confirmation(self.request.user.pk, given.pop("confirm", "")), given.pop("replaces", None)
        if asked is not None:
            given["replaces"] = get_visible(self.request.user, self.queryset.all(), Action.EDIT_FACTORY, pk=asked)
        return services.add_source(factory, confirm=confirm, **given)


class SiteEventViewSet(_OfSite, _Archived):
    """What happened at the sites and explains their figures: new fan blades, a boiler cleaned.

    create: Write an event. It changes no figure.
    partial_update: Correct an event. The history keeps the old words.
    destroy: Archive an event. It leaves the list and stays in the history.
    """

    actions = {"GET": Action.VIEW_FACTORY, **dict.fromkeys(("POST", "PATCH", "DELETE"), Action.WRITE_SITE_EVENTS)}
    queryset = SiteEvent.objects.select_related("factory").order_by("-happened_at", "-id")
    serializer_class = SiteEventSerializer
    filterset_class = SiteFilter
    bodies: ClassVar = {"create": NewEventSerializer, "partial_update": EventChangeSerializer}

    def add(self, factory: Factory, given: dict[str, Any]) -> SiteEvent:
        return services.record_event(user_of(self.request), factory, **given)
