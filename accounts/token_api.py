"""/api/tokens/: a person's own tokens."""

from typing import ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_yasg.utils import swagger_auto_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tokens
from accounts.models import ApiToken
from accounts.people_serializers import ApiTokenSerializer, ApiTokenWithTextSerializer, NewTokenSerializer
from accounts.permissions import SignedIn, user_of
from accounts.viewsets import ScopedReadOnlyViewSet, WritingMixin


class TokenViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """Your tokens that still work; sign-ins are among them."""

    permission_classes = (SignedIn,)
    access = "signed in"
    queryset = ApiToken.objects.all()
    serializer_class = ApiTokenSerializer
    lookup_field = "token_key"
    lookup_value_regex = "[A-Za-z0-9_]{8,40}"

    inputs: ClassVar = {"create": NewTokenSerializer}

    def rows(self, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        return tokens.tokens_of(user_of(self.request))

    @swagger_auto_schema(responses={201: ApiTokenWithTextSerializer, 409: "too_many_tokens"})
    def create(self, request: Request) -> Response:
        """Make a token.

        Needs a session or the token of a sign-in. Returns its text, which is shown only now.
        """
        given = self.given()
        record, token = tokens.create_token(user_of(request), factory_id=given.pop("factory", None), **given)
        body = {**ApiTokenSerializer(record).data, "token": token}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    def destroy(self, request: Request, token_key: str) -> Response:
        """Revoke a token.

        It stops working at once. A program's token sees and revokes only itself.
        """
        if not tokens.revoke_token(user_of(request), token_key):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)
