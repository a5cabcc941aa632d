"""/api/organisations/: the operator founds them, HQ reads and changes their settings."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Invitation
from accounts.people_serializers import ContactSerializer, InvitationSerializer, InvitationWithLinkSerializer
from accounts.permissions import OperatorOrDeclared, is_operator, organisations_of, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, CsvListMixin, validated
from compliance.organisation_settings import FIELDS, change_settings
from factories.corrections import Confirmation
from factories.models import Organisation
from factories.serializers import Confirmed, EffectSerializer
from factories.services import found_organisation, invite_first_manager


class OrganisationSerializer(serializers.ModelSerializer[Organisation]):
    """An organisation and its accounting choices."""

    electricity_basis = serializers.CharField(read_only=True, help_text="empty: the usual factor of each country")

    class Meta:
        model = Organisation
        fields: Any = ["id", *FIELDS, "created_at"]
        read_only_fields = fields
        ref_name = "Organisation"


class OrganisationChangeSerializer(Confirmed, serializers.ModelSerializer[Organisation]):
    """What changes. Without `confirm` a change that decides figures answers 202 with its effect and stores nothing."""

    class Meta:
        model = Organisation
        fields: Any = [*FIELDS, "confirm"]
        extra_kwargs: Any = {"name": {"validators": [], "required": False}, "country": {"required": False}}
        ref_name = "OrganisationChange"
        swagger_schema_fields = {"example": {"gwp_set": "AR5"}}


class NewOrganisationSerializer(ContactSerializer):
    """A new organisation, and the e-mail or phone of its first HQ manager."""

    name = serializers.CharField(max_length=120)
    country = serializers.CharField(max_length=2)
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True, help_text="default: the country's")

    class Meta:
        ref_name = "NewOrganisation"
        swagger_schema_fields = {"example": {"name": "Tea Group", "country": "KE", "phone": "+254712345678"}}


class FirstManagerSerializer(ContactSerializer):
    """The e-mail or phone of the first HQ manager."""

    class Meta:
        swagger_schema_fields = {"example": {"phone": "+254712345678"}}


class FoundedSerializer(serializers.Serializer[Any]):
    organisation = OrganisationSerializer()
    invitation = InvitationWithLinkSerializer()


class OrganisationViewSet(CsvListMixin, viewsets.ReadOnlyModelViewSet[Any]):
    """Organisations whose sites you see together; the operator of the server sees all."""

    permission_classes = (OperatorOrDeclared,)
    actions = {"GET": Action.VIEW_NETWORK, "PATCH": Action.EDIT_ORGANISATION}
    queryset = Organisation.objects.order_by("name", "id")
    serializer_class = OrganisationSerializer
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        user = self.request.user
        return rows if is_operator(user) else rows.filter(pk__in=organisations_of(user, Action.VIEW_NETWORK))

    @swagger_auto_schema(
        operation_id="organisations_create",
        operation_summary="Found an organisation and invite its first HQ manager (operator of the server)",
        request_body=NewOrganisationSerializer,
        responses={201: FoundedSerializer, **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """The link is shown only now: send it by WhatsApp or mail. It works once, for 14 days."""
        organisation, invitation, token = found_organisation(
            user_of(request), **validated(NewOrganisationSerializer, request)
        )
        link = _link(request, invitation, token)
        body = {"organisation": OrganisationSerializer(organisation).data, "invitation": link}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    @swagger_auto_schema(
        operation_id="organisations_invite",
        operation_summary="Invite the first HQ manager once more (operator of the server)",
        request_body=FirstManagerSerializer,
        responses={201: InvitationWithLinkSerializer, **REFUSALS, 409: "has_manager"},
    )
    @action(detail=True, methods=["post"])
    def invite(self, request: Request, pk: str) -> Response:
        """Another link for an organisation that nobody manages yet."""
        given = validated(FirstManagerSerializer, request)
        made = invite_first_manager(user_of(request), self.get_object(), **given)
        return Response(_link(request, *made), status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    @swagger_auto_schema(
        operation_id="organisations_partial_update",
        operation_summary="Change settings; 202 with the effect on the past until it is confirmed",
        request_body=OrganisationChangeSerializer,
        responses={200: OrganisationSerializer, 202: EffectSerializer, **REFUSALS},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Entries that are stored keep their figures; methane of mines is computed again for all days."""
        organisation = self.get_object()
        if organisation.pk not in organisations_of(request.user, Action.EDIT_ORGANISATION):
            raise PermissionDenied
        given = validated(OrganisationChangeSerializer, request, partial=True)
        confirm = Confirmation(request.user.pk, given.pop("confirm", ""))
        return Response(OrganisationSerializer(change_settings(organisation, given, confirm=confirm)).data)


def _link(request: Request, invitation: Invitation, token: str) -> dict[str, Any]:
    link = request.build_absolute_uri(reverse("join", args=[token]))
    return {**InvitationSerializer(invitation).data, "link": link}
