"""Single sign-on: from the address to the provider. And HQ's page "How people sign in"."""

import logging
from urllib.parse import urlsplit

import requests
from allauth.core import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.openid_connect.views import callback
from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import sign_in_rules as rules
from accounts.forms import SignOnForm
from accounts.member_views import organisation_of_page
from accounts.models import SignOnProvider
from accounts.permissions import page, public_page, user_of
from accounts.roles import Action
from accounts.sign_on import provider_of, require_https
from lib.errors import ApiError

logger = logging.getLogger(__name__)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def sign_on(request: HttpRequest) -> HttpResponse:
    """Ask for the e-mail address, and lead to the provider of its organisation by a link.

    Not by a redirect: our Content-Security-Policy lets no form lead to another site.
    """
    form = SignOnForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/sign_on.html", {"form": form})
    provider = provider_of(form.cleaned_data["email"])
    if provider is None:
        form.add_error("email", _("No organisation here has single sign-on for this address. Sign in by password."))
        return render(request, "accounts/sign_on.html", {"form": form})
    if not ratelimit.consume(request, action="login"):
        return render(request, "accounts/ask_too_often.html", status=429)
    url = _address_at(request, provider)
    if url is None:
        form.add_error(None, _("The sign-in of your organisation does not answer. Try again later."))
    context = {"form": form, "provider": provider, "url": url, "host": urlsplit(url or "").netloc}
    return render(request, "accounts/sign_on.html", context)


def _address_at(request: HttpRequest, provider: SignOnProvider) -> str | None:
    """Where the provider asks who one is; None when its document cannot be had."""
    try:
        found = get_adapter().get_provider(request, provider.slug).redirect(request, process=AuthProcess.LOGIN)
        require_https(found.headers["Location"])
    except (requests.RequestException, KeyError, TypeError, ValueError, SuspiciousOperation) as error:
        logger.warning("single sign-on at %s: %s", provider.host, type(error).__name__)
        return None
    return str(found.headers["Location"])


@never_cache
@public_page
def way_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """allauth's view. It does not look whether the answers of a provider are made as the standard says."""
    try:
        return callback(request, provider_id)
    except (AttributeError, KeyError, TypeError, ValueError, DataError):
        logger.exception("single sign-on by %s: the answer of the provider is not made as it should be", provider_id)
        return render(request, "socialaccount/authentication_error.html", status=502)


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_MEMBERS)
def sign_in_rules(request: HttpRequest) -> HttpResponseBase:
    """How people of an organisation sign in: whether HQ managers need a second step, and others single sign-on."""
    organisation, all_of_mine = organisation_of_page(request)
    provider = SignOnProvider.objects.filter(organisation=organisation).first()
    if request.method == "POST":
        try:
            if "second_factor" in request.POST:
                rules.require_second_factor(organisation, required=request.POST["second_factor"] == "required")
            elif provider is not None and "sign_on" in request.POST:
                rules.require_sign_on(user_of(request), provider, required=request.POST["sign_on"] == "required")
            messages.success(request, _("Saved."))
        except ApiError as error:
            messages.error(request, error.message)
        return redirect(f"{reverse('sign-in-rules')}?organisation={organisation.pk}")
    context = {
        "organisation": organisation,
        "organisations": all_of_mine if len(all_of_mine) > 1 else [],
        "provider": provider,
        "without": rules.managers_without_second_factor(organisation),
        "by_password": rules.people_by_password(provider) if provider is not None else [],
    }
    return render(request, "accounts/sign_in_rules.html", context)
