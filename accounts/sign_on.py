"""Single sign-on by OpenID Connect: a provider of an organisation says who somebody is, and never what they may.

It never makes an account or a membership. It opens an account whose memberships are all in the provider's organisation,
found by an earlier sign-in there, or by an e-mail address that both the provider and we have seen proven.
"""

from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.emails import has_proven, proven_addresses
from accounts.models import Membership, SignOnProvider, User
from lib.environment import LOOPBACK_HOSTS
from lib.sealing import unseal

CODE = "single_sign_on_required"
ASKED_BY = "sign_on_asked_by"  # in the session: what the form to ask for access begins with
ANSWERS_WITHIN_S = 5


# --- Who signs in where ----------------------------------------------------------------------------
def provider_of(email: str) -> SignOnProvider | None:
    domain = email.strip().lower().rpartition("@")[2]
    return SignOnProvider.objects.select_related("organisation").filter(email_domains__contains=[domain]).first()


def _only_of(provider: SignOnProvider) -> QuerySet[User]:
    """Whose rights are all in the organisation: its provider must not open what another one, or the operator, gave."""
    elsewhere = Membership.objects.exclude(organisation=provider.organisation_id)
    people = User.objects.filter(
        is_active=True, is_staff=False, is_superuser=False, memberships__organisation=provider.organisation_id
    )
    return people.exclude(pk__in=elsewhere.values("user")).distinct()


def lets_in(provider: SignOnProvider) -> QuerySet[User]:
    """Who can come in by the provider: after an earlier sign-in there, or by a proven address in its domains."""
    linked = SocialAccount.objects.filter(provider=provider.slug)
    in_domains = Q()
    for domain in provider.email_domains:
        in_domains |= Q(email__endswith=f"@{domain}")
    proven = proven_addresses().filter(in_domains, email=Lower("user__email"))
    return _only_of(provider).filter(Q(pk__in=linked.values("user")) | Q(pk__in=proven.values("user")))


def is_required(user: User) -> bool:
    """Whether passwords are refused: the organisation does so, and the user can come in by its provider.

    So nobody is locked out: not the operator, nor a person with a phone number only or with rights elsewhere too.
    """
    providers = SignOnProvider.objects.filter(is_required=True, organisation__memberships__user=user.pk).distinct()
    return any(lets_in(provider).filter(pk=user.pk).exists() for provider in providers)


def words() -> str:
    return _("Your organisation signs in with its own account: use single sign-on instead of the password.")


def forget_links(provider: SignOnProvider) -> None:
    """After a change of issuer: an id of the old provider may be another person at the new one."""
    SocialAccount.objects.filter(provider=provider.slug).delete()


# --- allauth ---------------------------------------------------------------------------------------
def require_https(url: str) -> None:
    """Raises requests.exceptions.InvalidSchema. This machine itself may be called by http while it is tried out."""
    parts = urlsplit(url)
    is_own = str(parts.hostname) in LOOPBACK_HOSTS and (settings.IS_LOCAL or settings.DEBUG)
    if parts.scheme != "https" and not is_own:
        raise requests.exceptions.InvalidSchema("the provider named an address without https")


class _OutgoingSession(requests.Session):
    """Refuses plain http at every step, also where a provider's own document or a redirect names the address."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        require_https(request.url or "")
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
        if sociallogin.is_existing:
            account.save(update_fields=["extra_data"])  # allauth has stored them just now
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            _refuse(request, _("Single sign-on is for signing in only."))
        provider = next((row for row in SignOnProvider.objects.all() if row.slug == account.provider), None)
        if provider is None:
            _refuse(request, _("Your organisation has no single sign-on here any more."))
        told = _claims_of_one_person(claims, provider)
        if sociallogin.is_existing:
            _refuse_unless_only_of(request, sociallogin.user, provider)
        else:
            user = _user_by_proven_email(request, told, provider)
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


def _claims_of_one_person(claims: dict[str, Any], provider: SignOnProvider) -> dict[str, Any]:
    """What allauth leaves out of OpenID Connect Core 3.1.3.7 and 5.3.2: the issuer is the one that the operator set,
    there is an ID token, and the user info is about the same person. Raises OAuth2Error, which allauth shows as a page.
    """
    id_token = claims.get("id_token") or {}
    told: dict[str, Any] = claims.get("userinfo") or id_token
    issuer = provider.issuer.partition("/.well-known/")[0].rstrip("/")
    if str(id_token.get("iss")).rstrip("/") != issuer or told.get("sub") != id_token.get("sub"):
        raise OAuth2Error("the answer is of another issuer, or about two people")
    return told


def _user_by_proven_email(request: HttpRequest, told: dict[str, Any], provider: SignOnProvider) -> User:
    """The account with the address that the provider has proven, if we have proven it for that account too."""
    email = str(told.get("email") or "").lower()
    named = {"email": email, "organisation": provider.organisation.name}
    # The text "false" is not false. And PostgreSQL takes some letters for others: a dotless i for an i.
    if told.get("email_verified") is not True or not email.isascii():
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
    if not _only_of(provider).filter(pk=user.pk).exists():
        _refuse(
            request,
            _("Single sign-on of %(organisation)s opens only accounts whose rights are all there. Use your password.")
            % {"organisation": provider.organisation.name},
        )


def _refuse(request: HttpRequest, sentence: str) -> NoReturn:
    messages.error(request, sentence)
    raise ImmediateHttpResponse(redirect("account_login"))
