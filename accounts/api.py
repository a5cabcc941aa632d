"""API endpoints to sign in, sign out, and read the signed-in user."""

from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import ApiTokenAuthentication
from accounts.permissions import SignedIn, SignedInAsPerson, token_of, user_of
from accounts.serializers import LoginSerializer, TokenSerializer, UserSerializer
from accounts.services import log_in_to_api, sign_out_everywhere
from accounts.viewsets import validated
from lib.known_names import ApiView


class LoginView(ApiView):
    """Exchanges a password for a token. Rate limited by address and by account."""

    authentication_classes = ()
    permission_classes = ()
    access = "public"
    throttle_scope = "login"

    @swagger_auto_schema(
        operation_id="login",
        operation_summary="Sign in",
        request_body=LoginSerializer,
        responses={
            200: TokenSerializer,
            400: "invalid",
            401: "invalid_credentials",
            403: "not_approved, email_not_proven, mfa_required, second_factor_required or single_sign_on_required",
            429: "too_many_requests",
        },
        security=[],
    )
    def post(self, request: Request) -> Response:
        data = validated(LoginSerializer, request)
        login = log_in_to_api(request._request, **data)
        return Response(TokenSerializer({"token": login.token, "expiry": login.record.expiry, "user": login.user}).data)


class LogoutView(ApiView):
    """Ends the token that the request came with."""

    authentication_classes = (ApiTokenAuthentication,)
    permission_classes: tuple[type[BasePermission], ...] = (SignedIn,)
    access = "signed in"

    @swagger_auto_schema(operation_id="logout", request_body=no_body, responses={204: ""})
    def post(self, request: Request) -> Response:
        """Sign out."""
        token = token_of(request.user)
        if token is not None:
            token.delete()
        return Response(status=204)


class LogoutAllView(LogoutView):
    """Ends every token and browser session of the user, on all machines. Needs the token of a sign-in."""

    permission_classes = (SignedInAsPerson,)

    @swagger_auto_schema(operation_id="logout_all", request_body=no_body, responses={204: ""})
    def post(self, request: Request) -> Response:
        """Sign out everywhere."""
        sign_out_everywhere(user_of(request))
        return Response(status=204)


class MeView(ApiView):
    permission_classes = (SignedIn,)
    access = "signed in"

    @swagger_auto_schema(operation_id="me", responses={200: UserSerializer})
    def get(self, request: Request) -> Response:
        """Who am I?"""
        return Response(UserSerializer(request.user).data)
