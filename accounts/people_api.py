"""API of memberships: ask for access, answer requests, invite, accept, change and end memberships."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import invitations, members, registration
from accounts.grants import Grant, checked_grant
from accounts.models import AccessRequest, Invitation, Membership, User
from accounts.people_serializers import (
    AcceptSerializer,
    ApprovalSerializer,
    InvitationSerializer,
    InvitationWithLinkSerializer,
    MemberChangeSerializer,
    MemberSerializer,
    NewInvitationSerializer,
    PasswordLinkSerializer,
    RegisteredSerializer,
    RegisterSerializer,
    RegistrationSerializer,
)
from accounts.permissions import is_narrowed, user_of
from accounts.registration import RegisterThrottle
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet, WritingMixin, validated
from lib.known_names import ApiView


class RegisterView(ApiView):
    """Ask for access. The answer is 202 for everybody; an HQ manager of the organisation sends you a link."""

    authentication_classes = ()
    permission_classes = ()
    access = "public"
    throttle_classes = (RegisterThrottle,)

    @swagger_auto_schema(
        operation_id="register",
        operation_summary="Ask for access",
        request_body=RegisterSerializer,
        responses={202: RegisteredSerializer, 400: "invalid", 429: "too_many_requests"},
        security=[],
    )
    def post(self, request: Request) -> Response:
        given = validated(RegisterSerializer, request)
        registration.ask_for_access(place=given.pop("organisation"), **given)
        answer = _("Thank you. Your headquarters decides; the answer comes to you as a link.")
        return Response({"message": answer}, status=status.HTTP_202_ACCEPTED)


class AcceptView(ApiView):
    """Accept an invitation with your account, or with a new one if you are not signed in."""

    permission_classes = ()
    access = "public"
    throttle_scope = "join"

    @swagger_auto_schema(
        operation_id="invitations_accept",
        operation_summary="Accept an invitation by its link",
        request_body=AcceptSerializer,
        responses={
            201: MemberSerializer,
            400: "invalid",
            401: "invalid_token",
            403: "not_yours or forbidden",
            404: "not_found",
            409: "invitation_used, invitation_revoked, invitation_expired or invitation_ended",
            429: "too_many_requests",
        },
    )
    def post(self, request: Request) -> Response:
        given = validated(AcceptSerializer, request)
        token = given.pop("token")
        if is_narrowed(request.user):
            raise PermissionDenied
        account = {"user": request.user} if isinstance(request.user, User) else given
        membership = invitations.accept(token, **account)
        return Response(MemberSerializer(membership).data, status=status.HTTP_201_CREATED)


class _ManagedViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """Shows only rows of organisations whose members the user manages."""

    actions = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), Action.MANAGE_MEMBERS)
    lookup_value_regex = "[0-9]{1,9}"


class RegistrationViewSet(_ManagedViewSet):
    """Requests for access to your organisation."""

    queryset = AccessRequest.objects.all()
    serializer_class = RegistrationSerializer
    filterset_fields = ["state", "organisation"]

    inputs: ClassVar = {"approve": ApprovalSerializer, "decline": None}

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return registration.requests_of(self.request.user)

    @swagger_auto_schema(responses={201: InvitationWithLinkSerializer, 409: "already_decided"})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve, which makes an invitation.

        Returns the link to send. Only the owner of the request's e-mail or phone can accept it.
        """
        asked = self.get_object()
        grant = _grant(request, self.given(), asked.organisation_id)
        return with_link(request, *registration.approve(user_of(request), asked.pk, grant))

    @swagger_auto_schema(responses={409: "already_decided"})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Decline."""
        return self.shown(registration.decline(user_of(request), self.get_object().pk))


def _grant(request: Request, given: dict[str, Any], organisation_id: int | None) -> Grant:
    return checked_grant(
        request.user,
        role=given["role"],
        organisation_id=organisation_id,
        factory_id=given.get("factory"),
        county=given.get("county", ""),
    )


def with_link(request: Request, invitation: Invitation, token: str) -> Response:
    link = request.build_absolute_uri(reverse("join", args=[token]))
    body = {**InvitationSerializer(invitation).data, "link": link}
    return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class InvitationViewSet(_ManagedViewSet):
    """Invitations into your organisation. Revoking one ends its link."""

    queryset = Invitation.objects.all()
    serializer_class = InvitationSerializer
    filterset_fields = ["organisation", "role", "factory"]

    inputs: ClassVar = {"create": NewInvitationSerializer}

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return invitations.invitations_of(self.request.user)

    @swagger_auto_schema(responses={201: InvitationWithLinkSerializer})
    def create(self, request: Request) -> Response:
        """Invite.

        Returns the link, which is shown only now: send it by WhatsApp or mail. It works once, for 14 days.
        """
        given = self.given()
        grant = _grant(request, given, given.get("organisation"))
        contact = {name: given.get(name, "") for name in ("email", "phone")}
        return with_link(request, *invitations.invite(user_of(request), grant, **contact))

    @swagger_auto_schema(responses={409: "invitation_used"})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke."""
        invitations.revoke_invitation(self.get_object().pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MemberViewSet(_ManagedViewSet):
    """Members of your organisation with their role and place."""

    queryset = Membership.objects.all()
    serializer_class = MemberSerializer
    filterset_fields = ["organisation", "role", "factory", "user"]

    inputs: ClassVar = {"partial_update": MemberChangeSerializer, "undo": None}

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return members.members_of(self.request.user)

    @swagger_auto_schema(responses={409: "last_hq_manager or membership_exists"})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change role or place."""
        membership = self.get_object()
        before = {"role": membership.role, "factory": membership.factory_id, "county": membership.county}
        grant = _grant(request, before | validated(MemberChangeSerializer, request), membership.organisation_id)
        return self.shown(members.change_membership(membership.pk, grant))

    @swagger_auto_schema(responses={409: "last_hq_manager"})
    def destroy(self, request: Request, pk: str) -> Response:
        """End a membership.

        The account stays, and so does the history. It can be undone for ten minutes.
        """
        members.end_membership(self.get_object().pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @swagger_auto_schema(responses={409: "undo_expired, last_hq_manager or membership_exists"})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take back a change or an end, within 10 minutes."""
        return self.shown(members.undo_membership(request.user, int(pk)))

    @swagger_auto_schema(
        operation_id="members_password-link",
        request_body=no_body,
        responses={201: PasswordLinkSerializer, 409: "own_account or belongs_elsewhere"},
    )
    @action(detail=True, methods=["post"], url_path="password-link")
    def password_link(self, request: Request, pk: str) -> Response:
        """A link to set a new password.

        For a member without mail. Shown only now; it works once, for 24 hours. Earlier links stop working.
        """
        membership = get_object_or_404(self.get_queryset(), pk=pk)
        link, token = members.issue_password_link(user_of(request), membership)
        address = request.build_absolute_uri(reverse("password-link", args=[token]))
        body = PasswordLinkSerializer({"link": address, "expires_at": link.expires_at}).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})
