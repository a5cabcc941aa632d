"""/api/factories/, /api/chimneys/, /api/emission-sources/ and /api/site-events/.

A change of figures of the past answers 202 with what it makes of them, and stores nothing until the same request comes
again with its `confirm`. Nothing is deleted: DELETE archives a chimney or an event and ends a source.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.permissions import get_visible, organisations_of, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, validated
from factories import services
from factories.corrections import Confirmation
from factories.models import Chimney, EmissionSource, Factory, Organisation, SiteEvent
from factories.queries import choosable_factories
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
from lib.errors import invalid
from lib.parameters import flag, parameter

ARCHIVED = parameter("archived", "true: those that are archived instead of those in use", type="boolean")
_ID = "[0-9]{1,9}"


def _changed(shape: type[Serializer[Any]]) -> dict[int, Any]:
    return {200: shape, 202: EffectSerializer, **REFUSALS}


def _told(request: Request, given: dict[str, Any]) -> Confirmation:
    return Confirmation(request.user.pk, given.pop("confirm", ""))


class _ArchivableViewSet(ScopedReadOnlyViewSet):
    """Lists what is in use, or with `?archived=true` what is archived. A single row answers either way."""

    queryset: Any
    lookup_value_regex = _ID

    @swagger_auto_schema(manual_parameters=[ARCHIVED])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return super().list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        if self.action != "list" or getattr(self, "swagger_fake_view", False):
            return rows
        return rows.filter(archived_at__isnull=not flag(self.request.query_params, "archived"))

    def one(self, request: Request, pk: str) -> Any:
        """The row that a request changes: 404 out of scope, 403 without the right."""
        right = self.actions[str(request.method)]
        return get_visible(request.user, self.queryset.all(), right, factory_path=self.factory_path, pk=pk)

    def site(self, request: Request, pk: int) -> Factory:
        right = self.actions[str(request.method)]
        return get_visible(request.user, Factory.objects.all(), right, factory_path="", pk=pk)


# --- Factories -------------------------------------------------------------------------------------
class FactoryFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains", help_text="part of the name, in any case")

    class Meta:
        model = Factory
        fields: Any = ["county", "sector"]


class FactoryViewSet(_ArchivableViewSet):
    """Factories and mines that you may see, with their chimneys and emission sources."""

    actions = {"GET": Action.VIEW_FACTORY, "POST": Action.EDIT_FACTORY, "PATCH": Action.EDIT_FACTORY}
    factory_path = ""
    queryset = (
        Factory.objects.select_related("organisation")
        .prefetch_related("chimneys", "emission_sources")
        .order_by("name", "id")
    )
    serializer_class = FactorySerializer
    filterset_class = FactoryFilter

    @swagger_auto_schema(
        operation_id="factories_create",
        operation_summary="Add a factory or mine",
        request_body=NewFactorySerializer,
        responses={201: FactorySerializer, 400: "invalid", 401: "not_signed_in", 403: "forbidden"},
    )
    def create(self, request: Request) -> Response:
        """Country, currency and time zone follow from the organisation; the emission sources from the sector."""
        fields = validated(NewFactorySerializer, request)
        organisation = _organisation(request, fields.pop("organisation", None))
        factory = services.create_factory(organisation, **fields)
        return Response(FactorySerializer(factory).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="factories_partial_update",
        operation_summary="Change a factory or mine",
        request_body=FactoryChangeSerializer,
        responses=_changed(FactorySerializer),
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Altitude, time zone, start of the day and sector decide figures of the past."""
        factory = self.one(request, pk)
        changes = validated(FactoryChangeSerializer, request, partial=True)
        changed = services.change_factory(factory, changes, confirm=_told(request, changes))
        return Response(FactorySerializer(changed).data)

    @swagger_auto_schema(
        operation_summary="Archive", request_body=no_body, responses={200: FactorySerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """The site leaves lists, rankings and the log. Its history and reports stay."""
        factory = self.one(request, pk)
        services.archive(factory)
        return Response(FactorySerializer(factory).data)

    @swagger_auto_schema(
        operation_summary="Restore", request_body=no_body, responses={200: FactorySerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived site back as it was."""
        factory = self.one(request, pk)
        services.restore(factory)
        return Response(FactorySerializer(factory).data)


def _organisation(request: Request, asked: int | None) -> Organisation:
    """The organisation asked for, or the first in which the user may add sites."""
    allowed = organisations_of(request.user, Action.EDIT_FACTORY)
    if not allowed:
        raise PermissionDenied
    if asked is not None and asked not in allowed:
        words = _("organisation=%(id)s is not an organisation whose factories you manage.") % {"id": asked}
        raise invalid("organisation", "unknown_organisation", words)
    return Organisation.objects.get(pk=asked or allowed[0])


# --- Chimneys --------------------------------------------------------------------------------------
class ChimneyFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)

    class Meta:
        model = Chimney
        fields: list[str] = []


class ChimneyViewSet(_ArchivableViewSet):
    """Chimneys with their inner dimensions. Without a shape the geometry waits, and readings have no mass."""

    actions = {"GET": Action.VIEW_FACTORY, **dict.fromkeys(("POST", "PATCH", "DELETE"), Action.EDIT_GEOMETRY)}
    queryset = Chimney.objects.select_related("factory").order_by("factory", "name")
    serializer_class = ChimneySerializer
    filterset_class = ChimneyFilter

    @swagger_auto_schema(
        operation_id="chimneys_create",
        operation_summary="Add a chimney",
        request_body=NewChimneySerializer,
        responses={201: ChimneySerializer, 409: "factory_archived", **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """It gets the site's boiler if that is the only one and has no chimney."""
        fields = validated(NewChimneySerializer, request)
        factory = self.site(request, fields.pop("factory"))
        chimney = services.add_chimney(factory, **fields)
        return Response(ChimneySerializer(chimney).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="chimneys_partial_update",
        operation_summary="Change a chimney",
        request_body=ChimneyChangeSerializer,
        responses=_changed(ChimneySerializer),
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """A measured mass is proportional to the area and to the profile factor."""
        chimney = self.one(request, pk)
        changes = validated(ChimneyChangeSerializer, request, partial=True)
        changed = services.change_chimney(chimney, changes, confirm=_told(request, changes))
        return Response(ChimneySerializer(changed).data)

    @swagger_auto_schema(operation_summary="Archive a chimney", responses={204: "", 409: "chimney_in_use", **REFUSALS})
    def destroy(self, request: Request, pk: str) -> Response:
        """What it measured stays. 409 while a sensor is in it."""
        services.archive(self.one(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @swagger_auto_schema(
        operation_summary="Restore", request_body=no_body, responses={200: ChimneySerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived chimney back."""
        chimney = self.one(request, pk)
        services.restore(chimney)
        return Response(ChimneySerializer(chimney).data)


# --- Emission sources ------------------------------------------------------------------------------
class SourceFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)

    class Meta:
        model = EmissionSource
        fields: Any = ["kind"]


class EmissionSourceViewSet(_ArchivableViewSet):
    """What emits at the sites, with the days of its use; ended ones too."""

    actions = {"GET": Action.VIEW_FACTORY, **dict.fromkeys(("POST", "PATCH", "DELETE"), Action.EDIT_FACTORY)}
    queryset = EmissionSource.objects.select_related("factory").order_by("factory", "name", "id")
    serializer_class = EmissionSourceSerializer
    filterset_class = SourceFilter

    def get_queryset(self) -> QuerySet[Any]:
        return super(_ArchivableViewSet, self).get_queryset()  # a source ends, and its row tells when

    @swagger_auto_schema()
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return super().list(request, *args, **kwargs)

    @swagger_auto_schema(
        operation_id="emission-sources_create",
        operation_summary="Add a source",
        request_body=NewSourceSerializer,
        responses={201: EmissionSourceSerializer, 202: EffectSerializer, 409: "factory_archived", **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """It counts from the running day on, unless `first_day` says otherwise. `replaces` ends another one."""
        fields = validated(NewSourceSerializer, request)
        factory = self.site(request, fields.pop("factory"))
        asked = fields.pop("replaces", None)
        if asked is not None:
            fields["replaces"] = get_visible(request.user, self.queryset.all(), Action.EDIT_FACTORY, pk=asked)
        source = services.add_source(factory, confirm=_told(request, fields), **fields)
        return Response(EmissionSourceSerializer(source).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="emission-sources_partial_update",
        operation_summary="Change a source",
        request_body=SourceChangeSerializer,
        responses=_changed(EmissionSourceSerializer),
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Kind, chimney, fuels, methane and days decide figures of the past."""
        source = self.one(request, pk)
        changes = validated(SourceChangeSerializer, request, partial=True)
        changed = services.change_source(source, changes, confirm=_told(request, changes))
        return Response(EmissionSourceSerializer(changed).data)

    @swagger_auto_schema(operation_summary="End a source", responses={204: "", **REFUSALS})
    def destroy(self, request: Request, pk: str) -> Response:
        """Its last day is the running one; what it emitted stays."""
        services.end_source(self.one(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


# --- Site events -----------------------------------------------------------------------------------
class EventFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)

    class Meta:
        model = SiteEvent
        fields: list[str] = []


class SiteEventViewSet(_ArchivableViewSet):
    """What happened at the sites and explains their figures: new fan blades, a boiler cleaned."""

    actions = {"GET": Action.VIEW_FACTORY, **dict.fromkeys(("POST", "PATCH", "DELETE"), Action.WRITE_SITE_EVENTS)}
    queryset = SiteEvent.objects.select_related("factory").order_by("-happened_at", "-id")
    serializer_class = SiteEventSerializer
    filterset_class = EventFilter

    @swagger_auto_schema(
        operation_id="site-events_create",
        operation_summary="Write an event",
        request_body=NewEventSerializer,
        responses={201: SiteEventSerializer, 409: "factory_archived", **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """It changes no figure."""
        fields = validated(NewEventSerializer, request)
        factory = self.site(request, fields.pop("factory"))
        event = services.record_event(user_of(request), factory, **fields)
        return Response(SiteEventSerializer(event).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="site-events_partial_update",
        operation_summary="Correct an event",
        request_body=EventChangeSerializer,
        responses={200: SiteEventSerializer, **REFUSALS},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """The history keeps the old words."""
        event = services.change_event(self.one(request, pk), validated(EventChangeSerializer, request, partial=True))
        return Response(SiteEventSerializer(event).data)

    @swagger_auto_schema(operation_summary="Archive an event", responses={204: "", **REFUSALS})
    def destroy(self, request: Request, pk: str) -> Response:
        """It leaves the list and stays in the history."""
        services.archive(self.one(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @swagger_auto_schema(
        operation_summary="Restore", request_body=no_body, responses={200: SiteEventSerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring an archived event back."""
        event = self.one(request, pk)
        services.restore(event)
        return Response(SiteEventSerializer(event).data)
