"""/api/notice-channels/, /notice-settings/, /notice-gateways/, /roster-shifts/, /notices/: who is told, and how."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_yasg.utils import swagger_auto_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedInAsPerson, user_of, visible_to
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet, WritingMixin
from alerts import notice_queries, notice_services
from alerts.channel_kinds import CHANNELS, GATEWAYS
from alerts.notice_models import Channel, Delivery, Gateway, NoticeSettings, RosterShift
from alerts.notice_serializers import (
    ChannelChangeSerializer,
    ChannelSerializer,
    CodeSerializer,
    DeliverySerializer,
    GatewaySerializer,
    KindsSerializer,
    NewChannelSerializer,
    NewGatewaySerializer,
    NoticeSettingsSerializer,
    ShiftSerializer,
)
from factories.models import Factory, Organisation
from factories.queries import organisation_where
from lib.errors import invalid
from lib.known_names import KnownNames


class _Own(KnownNames):
    """Of the person who asks; a program's token is none."""

    permission_classes: Any = (SignedInAsPerson,)
    access = "signed in"
    lookup_value_regex = "[0-9]{1,9}"


class ChannelKindsView(_Own, viewsets.ViewSet):
    """The kinds of channels and gateways, with the fields that each asks for."""

    @swagger_auto_schema(responses={200: KindsSerializer})
    def kinds(self, request: Request) -> Response:
        """Kinds of channels and gateways."""
        tables: dict[str, Any] = {"channels": CHANNELS, "gateways": GATEWAYS}
        rows = {
            name: [
                {"kind": kind.value, "title": kind.label, "carries": row.carries, "fields_asked": row.fields}
                for kind, row in table.items()
            ]
            for name, table in tables.items()
        }
        return Response(KindsSerializer(rows).data)


class ChannelViewSet(WritingMixin, _Own, ScopedReadOnlyViewSet):
    """Your channels. A new one is used once the code that it gets is typed in."""

    queryset = Channel.objects.all()
    serializer_class = ChannelSerializer
    inputs: ClassVar = {
        "create": NewChannelSerializer,
        "partial_update": ChannelChangeSerializer,
        "prove": CodeSerializer,
        "code": None,
    }

    def rows(self, queryset: QuerySet[Channel]) -> QuerySet[Channel]:
        return queryset.filter(user=user_of(self.request))

    @swagger_auto_schema(responses={409: "too_many_channels", 429: "too_many_codes"})
    def create(self, request: Request) -> Response:
        """Add a channel."""
        return self.shown(notice_services.add_channel(user_of(request), **self.given()), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change from which severity it is used."""
        given, channel = self.given(), self.get_object()
        channel.least_severity = given.get("least_severity", channel.least_severity)
        Channel.objects.filter(pk=channel.pk).update(least_severity=channel.least_severity)
        return self.shown(channel)

    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a channel."""
        notice_services.remove_channel(user_of(request), self.get_object().pk)
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def prove(self, request: Request, pk: str) -> Response:
        """Type in the code."""
        given, channel = self.given(), self.get_object()
        return self.shown(notice_services.prove_channel(user_of(request), channel.pk, **given))

    @swagger_auto_schema(responses={429: "too_many_codes"})
    @action(detail=True, methods=["post"])
    def code(self, request: Request, pk: str) -> Response:
        """Send a new code."""
        return self.shown(notice_services.send_code_again(user_of(request), self.get_object().pk))


class NoticeSettingsView(WritingMixin, _Own, viewsets.GenericViewSet[Any]):
    """Your quiet hours, whether you hear every alarm of your sites, and the morning brief."""

    serializer_class = NoticeSettingsSerializer

    def retrieve(self, request: Request) -> Response:
        """Your settings."""
        user = user_of(request)
        return self.shown(NoticeSettings.objects.filter(user=user).first() or NoticeSettings(user=user))

    def partial_update(self, request: Request) -> Response:
        """Change your settings."""
        row, _is_new = NoticeSettings.objects.get_or_create(user=user_of(request))
        serializer = NoticeSettingsSerializer(row, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return self.shown(serializer.save())


class _ManagedViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """Of the organisations whose notices the user manages."""

    actions = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), Action.MANAGE_NOTICES)
    lookup_value_regex = "[0-9]{1,9}"

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return notice_queries.managed_by(self.request.user, queryset)

    def destroy(self, request: Request, pk: str) -> Response:
        """Remove it."""
        self.get_object().delete()
        return Response(status=204)

    def organisation_of(self, given: dict[str, Any]) -> Organisation:
        return organisation_where(self.request.user, Action.MANAGE_NOTICES, given.pop("organisation_id", None))


class GatewayViewSet(_ManagedViewSet):
    """The organisation's accounts at services that send SMS, WhatsApp and Telegram messages."""

    queryset = Gateway.objects.all()
    serializer_class = GatewaySerializer
    inputs: ClassVar = {"create": NewGatewaySerializer}

    def create(self, request: Request) -> Response:
        """Set up or replace a gateway."""
        given = self.given()
        return self.shown(notice_services.set_gateway(self.organisation_of(given), **given), 201)


class ShiftViewSet(_ManagedViewSet):
    """The roster: who is told of an alarm first, and who next."""

    queryset = RosterShift.objects.all()
    serializer_class = ShiftSerializer
    filterset_fields = ["factory"]
    inputs: ClassVar = dict.fromkeys(("create", "partial_update"), ShiftSerializer)

    def create(self, request: Request) -> Response:
        """Add a shift."""
        given = self.given()
        return self._set(RosterShift(organisation=self.organisation_of(given)), given, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a shift."""
        shift, given = self.get_object(), self.given()
        given.pop("organisation_id", None)  # a shift does not move to another one
        return self._set(shift, {"people": shift.people} | given)

    def _set(self, shift: RosterShift, given: dict[str, Any], status: int = 200) -> Response:
        sites = visible_to(self.request.user, Factory.objects.all(), factory_path="", action=Action.MANAGE_NOTICES)
        factory_id = given.get("factory_id")
        if factory_id and not sites.filter(pk=factory_id, organisation=shift.organisation_id).exists():
            raise invalid("factory", "unknown_factory", _("There is no such factory among yours."))
        stored = notice_services.set_shift(shift, **given)
        return self.shown(RosterShift.objects.prefetch_related("places").get(pk=stored.pk), status)


class DeliveryViewSet(_Own, ScopedReadOnlyViewSet):
    """Yours, and all of the organisation for headquarters; with their state, tries and errors."""

    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_fields = ["state", "channel_kind", "kind", "user"]

    def rows(self, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return notice_queries.deliveries_of(self.request.user)
