"""/api/notice-channels/, /notice-settings/, /notice-gateways/, /roster-shifts/, /notices/: who is told, and how."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import SignedInAsPerson, organisations_of, user_of, visible_to
from accounts.roles import Action
from accounts.viewsets import CsvListMixin, validated
from alerts import notice_queries, notice_services
from alerts.channel_kinds import CHANNELS, GATEWAYS, ServiceRow
from alerts.notice_choices import ChannelKind, GatewayKind
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
    NewShiftSerializer,
    NoticeSettingsSerializer,
    ShiftSerializer,
)
from factories.models import Factory, Organisation
from lib.errors import invalid
from lib.known_names import ApiView

_TABLES: dict[str, Mapping[Any, ServiceRow]] = {"channels": CHANNELS, "gateways": GATEWAYS}
OF_ONE = {401: "not_signed_in", 403: "forbidden", 404: "not_found"}
REFUSALS = {400: "invalid", 401: "not_signed_in", 403: "forbidden"}


class ChannelKindsView(ApiView):
    """The kinds of channels and gateways, with the fields that each asks for."""

    permission_classes = (SignedInAsPerson,)
    access = "signed in"

    @swagger_auto_schema(
        operation_id="notice-channels_kinds",
        operation_summary="Kinds of channels and gateways",
        responses={200: KindsSerializer, 401: "not_signed_in", 403: "forbidden"},
    )
    def get(self, request: Request) -> Response:
        rows = {
            name: [
                {"kind": kind.value, "title": kind.label, "carries": row.carries, "fields_asked": row.fields}
                for kind, row in table.items()
            ]
            for name, table in _TABLES.items()
        }
        return Response(KindsSerializer(rows).data)


class ChannelViewSet(CsvListMixin, viewsets.ReadOnlyModelViewSet[Any]):
    """Your channels. A new one is used once the code that it gets is typed in."""

    permission_classes = (SignedInAsPerson,)
    access = "signed in"
    queryset = Channel.objects.all()
    serializer_class = ChannelSerializer
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Channel]:
        if getattr(self, "swagger_fake_view", False):
            return Channel.objects.none()
        return notice_queries.channels_of(user_of(self.request))

    @swagger_auto_schema(
        operation_id="notice-channels_create",
        operation_summary="Add a channel",
        request_body=NewChannelSerializer,
        responses={201: ChannelSerializer, **REFUSALS, 409: "too_many_channels", 429: "too_many_codes"},
    )
    def create(self, request: Request) -> Response:
        given = validated(NewChannelSerializer, request)
        channel = notice_services.add_channel(
            user_of(request), ChannelKind(given["kind"]), given["fields_given"], least_severity=given["least_severity"]
        )
        return Response(ChannelSerializer(channel).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="notice-channels_partial_update",
        operation_summary="Change from which severity it is used",
        request_body=ChannelChangeSerializer,
        responses={200: ChannelSerializer, **REFUSALS, 404: "not_found"},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        given = validated(ChannelChangeSerializer, request)
        channel = notice_services.change_channel(user_of(request), self.get_object().pk, **given)
        return Response(ChannelSerializer(channel).data)

    @swagger_auto_schema(
        operation_id="notice-channels_delete", operation_summary="Remove a channel", responses={204: "", **OF_ONE}
    )
    def destroy(self, request: Request, pk: str) -> Response:
        notice_services.remove_channel(user_of(request), self.get_object().pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @swagger_auto_schema(
        operation_id="notice-channels_prove",
        operation_summary="Type in the code",
        request_body=CodeSerializer,
        responses={200: ChannelSerializer, **REFUSALS, 404: "not_found"},
    )
    @action(detail=True, methods=["post"])
    def prove(self, request: Request, pk: str) -> Response:
        code = validated(CodeSerializer, request)["code"]
        channel = notice_services.prove_channel(user_of(request), self.get_object().pk, code)
        return Response(ChannelSerializer(channel).data)

    @swagger_auto_schema(
        operation_id="notice-channels_code",
        operation_summary="Send a new code",
        request_body=no_body,
        responses={200: ChannelSerializer, **REFUSALS, 404: "not_found", 429: "too_many_codes"},
    )
    @action(detail=True, methods=["post"])
    def code(self, request: Request, pk: str) -> Response:
        channel = notice_services.send_code_again(user_of(request), self.get_object().pk)
        return Response(ChannelSerializer(channel).data)


class NoticeSettingsView(ApiView):
    """Your quiet hours, whether you hear every alarm of your sites, and the morning brief."""

    permission_classes = (SignedInAsPerson,)
    access = "signed in"

    @swagger_auto_schema(
        operation_id="notice-settings_read",
        operation_summary="Your settings",
        responses={200: NoticeSettingsSerializer, 401: "not_signed_in", 403: "forbidden"},
    )
    def get(self, request: Request) -> Response:
        user = user_of(request)
        row = NoticeSettings.objects.filter(user=user).first() or NoticeSettings(user=user)
        return Response(NoticeSettingsSerializer(row).data)

    @swagger_auto_schema(
        operation_id="notice-settings_partial_update",
        operation_summary="Change your settings",
        request_body=NoticeSettingsSerializer,
        responses={200: NoticeSettingsSerializer, **REFUSALS},
    )
    def patch(self, request: Request) -> Response:
        changes = validated(NoticeSettingsSerializer, request, partial=True)
        return Response(NoticeSettingsSerializer(notice_services.change_settings(user_of(request), **changes)).data)


def _organisation(request: Request, organisation_id: int | None) -> Organisation:
    """One whose notices the user manages. Raises Http404."""
    managed = organisations_of(request.user, Action.MANAGE_NOTICES)
    wanted = managed[:1] if organisation_id is None else [one for one in managed if one == organisation_id]
    found = Organisation.objects.filter(pk__in=wanted).first()
    if found is None:
        raise Http404
    return found


class _ManagedViewSet(CsvListMixin, viewsets.ReadOnlyModelViewSet[Any]):
    actions = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), Action.MANAGE_NOTICES)
    lookup_value_regex = "[0-9]{1,9}"
    rows: Any

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset().none()
        found: QuerySet[Any] = self.rows(self.request.user)
        return found

    def remove(self) -> Response:
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class GatewayViewSet(_ManagedViewSet):
    """The organisation's accounts at services that send SMS, WhatsApp and Telegram messages."""

    queryset = Gateway.objects.all()
    serializer_class = GatewaySerializer
    rows = staticmethod(notice_queries.gateways_of)

    @swagger_auto_schema(
        operation_id="notice-gateways_create",
        operation_summary="Set up or replace a gateway",
        request_body=NewGatewaySerializer,
        responses={201: GatewaySerializer, **REFUSALS, 404: "not_found"},
    )
    def create(self, request: Request) -> Response:
        given = validated(NewGatewaySerializer, request)
        gateway = notice_services.set_gateway(
            _organisation(request, given.get("organisation")),
            GatewayKind(given["kind"]),
            given["fields_given"],
            cost_per_message=given["cost_per_message"],
            monthly_cap=given["monthly_cap"],
        )
        return Response(GatewaySerializer(gateway).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="notice-gateways_delete", operation_summary="Remove a gateway", responses={204: "", **OF_ONE}
    )
    def destroy(self, request: Request, pk: str) -> Response:
        return self.remove()


class ShiftViewSet(_ManagedViewSet):
    """The roster: who is told of an alarm first, and who next."""

    queryset = RosterShift.objects.all()
    serializer_class = ShiftSerializer
    filterset_fields = ["factory"]
    rows = staticmethod(notice_queries.shifts_of)

    @swagger_auto_schema(
        operation_id="roster-shifts_create",
        operation_summary="Add a shift",
        request_body=NewShiftSerializer,
        responses={201: ShiftSerializer, **REFUSALS, 404: "not_found"},
    )
    def create(self, request: Request) -> Response:
        given = validated(NewShiftSerializer, request)
        shift = RosterShift(organisation=_organisation(request, given.pop("organisation", None)))
        return Response(ShiftSerializer(_stored(request, shift, given)).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="roster-shifts_partial_update",
        operation_summary="Change a shift",
        request_body=NewShiftSerializer,
        responses={200: ShiftSerializer, **REFUSALS, 404: "not_found"},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        shift = self.get_object()
        given = validated(NewShiftSerializer, request, partial=True)
        given.pop("organisation", None)  # a shift does not move to another one
        return Response(ShiftSerializer(_stored(request, shift, given)).data)

    @swagger_auto_schema(
        operation_id="roster-shifts_delete", operation_summary="Remove a shift", responses={204: "", **OF_ONE}
    )
    def destroy(self, request: Request, pk: str) -> Response:
        return self.remove()


def _stored(request: Request, shift: RosterShift, given: dict[str, Any]) -> RosterShift:
    people = given.pop("people", [place.user_id for place in shift.places.all()] if shift.pk else [])
    if given.get("factory") is not None:
        sites = visible_to(request.user, Factory.objects.all(), factory_path="", action=Action.MANAGE_NOTICES)
        factory = sites.filter(pk=given["factory"], organisation=shift.organisation_id).first()
        if factory is None:
            raise invalid("factory", "unknown_factory", _("There is no such factory among yours."))
        given["factory"] = factory
    stored = notice_services.set_shift(shift, people, **given)
    return RosterShift.objects.prefetch_related("places").get(pk=stored.pk)


class DeliveryViewSet(CsvListMixin, viewsets.ReadOnlyModelViewSet[Any]):
    """Notices: yours, and all of the organisation for headquarters; with their state, tries and errors."""

    permission_classes = (SignedInAsPerson,)
    access = "signed in"
    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_fields = ["state", "channel_kind", "kind", "user"]
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Delivery]:
        if getattr(self, "swagger_fake_view", False):
            return Delivery.objects.none()
        return notice_queries.deliveries_of(self.request.user)
