"""How an API request proves who it is: a token, or the browser's session."""

from datetime import timedelta
from typing import Any

import pghistory
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.settings import knox_settings
from rest_framework.authentication import SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from accounts import second_factor
from accounts.models import ApiToken, User
from accounts.roles import Scope


class ApiTokenAuthentication(TokenAuthentication):
    """`Authorization: Token <token>` or `Bearer`. The user carries the token: `permissions.py` reads its scopes."""

    def authenticate(self, request: Any) -> tuple[User, ApiToken] | None:
        scheme, _space, token = get_authorization_header(request).strip().partition(b" ")
        if scheme.lower() not in (b"token", b"bearer"):
            # Of another backend; but a token alone is ours, and its sender wants to know what is missing.
            if scheme.startswith(knox_settings.TOKEN_PREFIX.encode()):
                raise AuthenticationFailed(_("Write it as: Authorization: Token <token>."))
            return None
        return self.authenticate_credentials(token.strip().strip(b'"'))

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        """By the hash, which is the key: knox reads every token of its first letters, then all tokens of the user."""
        # PostgreSQL refuses a NUL.
        is_text = token.isascii() and b"\0" not in token
        by_hash = ApiToken.objects.select_related("user").filter(digest=hash_token(token.decode())) if is_text else ()
        record = next(iter(by_hash), None)
        if record is None or (record.expiry is not None and record.expiry <= timezone.now()):
            raise AuthenticationFailed(_("Invalid token."))
        return self.validate_user(record)

    def validate_user(self, auth_token: ApiToken) -> tuple[User, ApiToken]:
        user, token = super().validate_user(auth_token)
        if token.is_sign_in and not token.is_of_password:
            raise AuthenticationFailed(_("Invalid token."))
        user.api_token = token
        # A program's named token keeps its narrow rights: it manages nobody, and meters must not stop for this.
        if Scope.ALL in token.scopes and second_factor.must_set_up(user):
            from lib.errors import ApiError  # not above: rest_framework.views imports this module while it loads

            raise ApiError(403, second_factor.CODE, second_factor.words())
        pghistory.context(token=token.shown_name)  # for the history of what this request changes
        now = timezone.now()
        # Once a minute is enough to find an unused token, and saves a write for every request.
        if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return user, token


class BrowserSessionAuthentication(SessionAuthentication):
    """The session cookie, with CSRF check. Its header makes DRF answer 401, not 403."""

    def authenticate_header(self, request: Any) -> str:
        return "Token"
