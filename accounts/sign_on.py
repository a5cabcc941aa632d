"""Single sign-on by OpenID Connect: a provider of an organisation says who somebody is, and never what they may.

It never makes an account or a membership. It opens an account whose memberships are all in the provider's organisation,
found by an earlier sign-in there, or by an e-mail address that both the provider and we have seen proven.
"""

import base64
import hashlib
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.emails import has_proven
from accounts.models import SignOnProvider, User
from lib.environment import LOOPBACK_HOSTS

CODE = "single_sign_on_required"
ASKED_BY = "sign_on_asked_by"  # in the session: what the form to ask for access begins with
ANSWERS_WITHIN_S = 5


# --- The secret that the provider gave us ----------------------------------------------------------
def _box() -> Fernet:
    digest = hashlib.sha256(b"sign-on secret:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def seal(secret: str) -> str:
    """Encrypt it, so that a copy of the database is not enough to act as us. With a new SECRET_KEY it is set anew."""
    return _box().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    try:
        return _box().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        return ""


# --- Who signs in where ----------------------------------------------------------------------------
def provider_of(email: str) -> SignOnProvider | None:
    domain = email.strip().lower().rpartition("@")[2]
    return SignOnProvider.objects.select_related("organisation").filter(email_domains__contains=[domain]).first()


def is_required(user: User) -> bool:
    """Whether an organisation of the user refuses passwords. The operator is never locked out."""
    rows = SignOnProvider.objects.filter(is_required=True, organisation__memberships__user=user.pk)
    return not user.is_superuser and rows.exists()


def words() -> str:
    return _("Your organisation signs in with its own account: use single sign-on instead of the password.")


def forget_links(provider: SignOnProvider) -> None:
    """After a change of issuer: an id of the old provider may be another person at the new one."""
    SocialAccount.objects.filter(provider=provider.slug).delete()


# --- allauth ---------------------------------------------------------------------------------------
class _OutgoingSession(requests.Session):
    """Refuses plain http at every step, also where a provider's own document or a redirect names the address."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        is_own = str(parts.hostname) in LOOPBACK_HOSTS and (settings.IS_LOCAL or settings.DEBUG)
        if parts.scheme != "https" and not is_own:
            raise requests.exceptions.InvalidSchema("the provider named an address without https")
        options["timeout"] = options.get("timeout") or ANSWERS_WITHIN_S
        return super().send(request, **options)


class SignOnAdapter(DefaultSocialAccountAdapter):
    def get_requests_session(self) -> requests.Session:
        return _OutgoingSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        """allauth's view of our table. Its own table of applications stays empty: it keeps secrets in the clear."""
        rows = SignOnProvider.objects.select_related("organisation")
        return [_application(row) for row in rows if provider in (None, "openid_connect", row.slug)]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Who may come in. What the provider told about the person is not kept."""
        account = sociallogin.account
        claims, account.extra_data = account.extra_data, {}
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            _refuse(request, _("Single sign-on is for signing in only."))
        provider = next((row for row in SignOnProvider.objects.all() if row.slug == account.provider), None)
        if provider is None:
            _refuse(request, _("Your organisation has no single sign-on here any more."))
        if sociallogin.is_existing:
            account.save(update_fields=["extra_data"])
            _refuse_unless_only_of(request, sociallogin.user, provider)
        else:
            user = _user_by_proven_email(request, claims, provider)
            _refuse_unless_only_of(request, user, provider)
            sociallogin.connect(request, user)


def _application(row: SignOnProvider) -> SocialApp:
    return SocialApp(
        provider="openid_connect",
        provider_id=row.slug,
        name=str(row.organisation),
        client_id=row.client_id,
        secret=unseal(row.sealed_secret),
        settings={"server_url": row.issuer},
    )


def _user_by_proven_email(request: HttpRequest, claims: dict[str, Any], provider: SignOnProvider) -> User:
    """The account with the address that the provider has proven, if we have proven it for that account too."""
    told = claims.get("userinfo") or claims.get("id_token") or {}
    email = str(told.get("email") or "").lower()
    named = {"email": email, "organisation": provider.organisation.name}
    if told.get("email_verified") is not True:  # the text "false" is not false
        _refuse(request, _("Your provider does not say that your e-mail address is verified, so it opens no account."))
    if email.rpartition("@")[2] not in provider.email_domains:
        _refuse(request, _("%(email)s is not an address of %(organisation)s.") % named)
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        names = {"first_name": "given_name", "last_name": "family_name"}
        request.session[ASKED_BY] = {field: str(told.get(claim) or "")[:80] for field, claim in names.items()} | {
            "contact": email,
            "place": provider.organisation.name,
        }
        sentence = _("You have no account here yet. Ask for access: the headquarters of %(organisation)s decides.")
        messages.info(request, sentence % named)
        raise ImmediateHttpResponse(redirect("ask-for-access"))
    # Else somebody could set up an account with this address and wait for its owner to come in.
    if not has_proven(user, email):
        _refuse(
            request,
            _("The address %(email)s is not confirmed here. Sign in by password once and confirm it, then come back.")
            % named,
        )
    return user


def _refuse_unless_only_of(request: HttpRequest, user: Any, provider: SignOnProvider) -> None:
    """One organisation's provider must not open what another organisation, or the operator, gave."""
    places = set(user.memberships.values_list("organisation_id", flat=True))
    if not user.is_active or user.is_staff or user.is_superuser or places != {provider.organisation_id}:
        _refuse(
            request,
            _("Single sign-on of %(organisation)s opens only accounts whose rights are all there. Use your password.")
            % {"organisation": provider.organisation.name},
        )


def _refuse(request: HttpRequest, sentence: str) -> NoReturn:
    messages.error(request, sentence)
    raise ImmediateHttpResponse(redirect("account_login"))
