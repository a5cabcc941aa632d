"""Writes about people: sign-in to the API, sign-out everywhere. An organisation is made in `factories/services.py`."""

from dataclasses import dataclass
from datetime import timedelta

from allauth.account import app_settings as ACCOUNT
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import second_factor, sign_on
from accounts.emails import must_prove_email
from accounts.models import ApiToken, User
from accounts.permissions import token_of
from accounts.roles import Role, Scope
from lib.errors import ApiError

WITH_A_CODE = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
WRONG_CODES_PERIOD_S = 300  # of `login_failed` in the settings


@dataclass(frozen=True, slots=True)
class ApiLogin:
    user: User
    token: str
    record: ApiToken


def log_in_to_api(request: HttpRequest, *, password: str, email: str = "", phone: str = "", code: str = "") -> ApiLogin:
    """Check the password (allauth: rate limits, timing), membership and second factor; issue a token.

    Raises ApiError 401 invalid_credentials, 403 not_approved, email_not_proven, mfa_required, second_factor_required or
    single_sign_on_required, 429 too_many_requests.
    """
    credentials = {"email": email} if email else {"phone": phone}
    try:
        user = get_adapter().authenticate(request, **credentials, password=password)
    except ValidationError as error:
        raise _too_many(error) from None
    # allauth returns inactive users too, for a page that says so. The API treats them as unknown.
    if not isinstance(user, User) or not user.is_active:
        raise ApiError(401, "invalid_credentials", _("The e-mail or phone and the password do not match."))
    memberships = list(user.memberships.all())
    if not memberships and not user.is_superuser:
        raise ApiError(403, "not_approved", _("An HQ manager has to approve your account first."))
    if sign_on.is_required(user):
        raise ApiError(403, sign_on.CODE, sign_on.words())
    if must_prove_email(user):
        raise ApiError(
            403,
            "email_not_proven",
            _("Sign in on the web page once: it mails you a code, which proves that %(email)s is yours.")
            % {"email": user.email},
        )
    _check_second_factor(user, code)
    if second_factor.must_set_up(user):
        raise ApiError(403, second_factor.CODE, second_factor.words())
    only_integrator = all(m.role == Role.INTEGRATOR for m in memberships) and not user.is_superuser
    record, token = ApiToken.objects.create(
        user=user,
        name=_("signed in"),
        scopes=[Scope.READ if only_integrator else Scope.ALL],
        is_sign_in=True,
        session_hash=user.get_session_auth_hash(),
    )
    return ApiLogin(user, token, record)


def confirm_identity(request: HttpRequest, user: User, *, password: str = "", code: str = "") -> None:
    """Before an act that a person answers for: the sign-in is some minutes old, or the password comes with the act.

    Raises ApiError 403 `confirmation_required` or mfa_required, 401 invalid_credentials, 429 too_many_requests.
    """
    token = token_of(user)
    is_recent = did_recently_reauthenticate(request) if token is None else _is_new_sign_in(token)
    if is_recent:
        return
    if not password:
        words = _("Your sign-in is older than %(minutes)d minutes: send your password with this act, or sign in again.")
        minutes = ACCOUNT.REAUTHENTICATION_TIMEOUT // 60
        raise ApiError(403, "confirmation_required", words % {"minutes": minutes}, params={"minutes": minutes})
    credentials = {"email": user.email} if user.email else {"phone": user.phone}
    try:
        found = get_adapter().authenticate(request, **credentials, password=password)
    except ValidationError as error:
        raise _too_many(error) from None
    if found != user:
        raise ApiError(401, "invalid_credentials", _("The password is wrong."))
    _check_second_factor(user, code)


def _is_new_sign_in(token: ApiToken) -> bool:
    return token.is_sign_in and timezone.now() - token.created < timedelta(seconds=ACCOUNT.REAUTHENTICATION_TIMEOUT)


@transaction.atomic
def sign_out_everywhere(user: User) -> None:
    """End all tokens and browser sessions of the user."""
    ApiToken.objects.filter(user=user.pk).delete()
    User.objects.filter(pk=user.pk).update(sign_outs_everywhere=F("sign_outs_everywhere") + 1)


def _check_second_factor(user: User, code: str) -> None:
    """Check the second factor. allauth counts wrong codes for each user, so they cannot be guessed.

    A program cannot answer for a passkey. A person who has nothing else sends one of the recovery codes.
    """
    factors = list(Authenticator.objects.filter(user=user))
    if not factors:
        return
    if not code:
        raise ApiError(
            403, "mfa_required", _("Send the code of your authenticator app, or one of your recovery codes, as `code`.")
        )
    try:
        forget_attempt = check_rate_limit(user)
    except ValidationError as error:
        raise _too_many(error) from None
    if not any(factor.wrap().validate_code(code) for factor in factors if factor.type in WITH_A_CODE):
        raise ApiError(
            403, "mfa_required", _("The code of your second factor is wrong. Send the current one as `code`.")
        )
    forget_attempt()


def _too_many(error: ValidationError) -> ApiError:
    # allauth does not say how long its limit of wrong codes lasts.
    wait = getattr(error, "params", None) or {"retry_after_s": WRONG_CODES_PERIOD_S}
    return ApiError(429, "too_many_requests", " ".join(error.messages), params=wait)
