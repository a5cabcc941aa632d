"""Pages about the user: request for access, joining by a link, a new password by a link, API tokens."""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations, registration
from accounts import members as membership_services
from accounts import tokens as token_services
from accounts.forms import CONTACT_ERRORS, AskForm, JoinForm, NewPasswordForm, TokenForm, show_errors, split_contact
from accounts.models import Invitation, User
from accounts.permissions import own_page, public_page, user_of
from accounts.registration import RegisterThrottle
from accounts.sign_on import ASKED_BY
from lib.errors import ApiError


@public_page
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_access(request: HttpRequest) -> HttpResponse:
    """The form to ask for access. The answer is the same for everybody."""
    # Whoever came by single sign-on and has no account yet begins with what the provider told.
    form = AskForm(request.POST or None, initial=request.session.get(ASKED_BY))
    if request.method == "POST":
        if not RegisterThrottle().allow_request(request, None):
            return render(request, "accounts/ask_too_often.html", status=429)
        if form.is_valid():
            given = dict(form.cleaned_data)
            try:
                registration.ask_for_access(**split_contact(given.pop("contact")), **given)
                request.session.pop(ASKED_BY, None)  # the next person at this computer must not read it
                return render(request, "accounts/ask_done.html")
            except ApiError as error:
                show_errors(form, error, **CONTACT_ERRORS)
    return render(request, "accounts/ask.html", {"form": form})


# --- Joining -------------------------------------------------------------------------------------
@public_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """The page of an invitation's link. Opening it does not use it up, since messengers open links for a preview."""
    try:
        invitation = invitations.refuse_if_over(invitations.find_invitation(token))
    except ApiError as error:
        status = 404 if error.status_code == 404 else 410
        return render(request, "accounts/link_over.html", {"sentence": error.message}, status=status)
    form = JoinForm(request.POST or None, invitation=invitation)
    refusal = ""
    if request.method == "POST":
        try:
            if isinstance(request.user, User):
                invitations.accept(token, user=request.user)
                return redirect("home")
            if form.is_valid():
                user = _joined(form, token)
                return perform_login(request, user, email=user.email)
        except ApiError as error:
            if error.fields:
                show_errors(form, error, **CONTACT_ERRORS)
            else:
                refusal = error.message
    context = {
        "form": form,
        "invitation": invitation,
        "place": place_words(invitation),
        "refusal": refusal,
        "login_url": f"{reverse('account_login')}?next={request.path}",
    }
    return render(request, "accounts/join.html", context)


def _joined(form: JoinForm, token: str) -> User:
    given = dict(form.cleaned_data)
    contact = split_contact(given.pop("contact"))
    return invitations.accept(token, user=None, **contact, **given, language=get_language() or "").user


def place_words(invitation: Invitation) -> str:
    """The place of an invitation in words."""
    if invitation.factory is not None:
        return f"{invitation.factory}, {invitation.organisation}"
    if invitation.county:
        return _("%(county)s, %(organisation)s") % {
            "county": invitation.county,
            "organisation": invitation.organisation,
        }
    return str(invitation.organisation)


@public_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def password_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """The page of a link for a new password, which HQ gave to a person without mail."""
    try:
        link = membership_services.usable_link(token)
    except ApiError as error:
        return render(request, "accounts/link_over.html", {"sentence": error.message}, status=error.status_code)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            membership_services.set_password_by_link(token, form.cleaned_data["password"])
            messages.success(request, _("Your new password is set. Sign in with it."))
            return redirect("account_login")
        except ApiError as error:
            show_errors(form, error)
    return render(request, "accounts/new_password.html", {"form": form, "person": link.user})


# --- Tokens --------------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "POST"])
@own_page
def tokens(request: HttpRequest) -> HttpResponse:
    """A person's tokens: make one, see when each was used, revoke."""
    user = user_of(request)
    form = TokenForm(request.POST or None, user=user)
    made, token = None, ""
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            made, token = token_services.create_token(user, factory_id=given.pop("factory"), **given)
            form = TokenForm(user=user)
        except ApiError as error:
            show_errors(form, error)
    context = {
        "form": form,
        "made": made,
        "token": token,
        "tokens": token_services.tokens_of(user),
        "is_password_new": token_services.to_look_at(user).exists(),
    }
    return render(request, "accounts/tokens.html", context)


@require_POST
@own_page
def keep_tokens(request: HttpRequest) -> HttpResponseBase:
    token_services.keep_tokens(user_of(request))
    return redirect("tokens")


@require_POST
@own_page
def revoke_token(request: HttpRequest, token_key: str) -> HttpResponseBase:
    if not token_services.revoke_token(user_of(request), token_key):
        raise Http404
    messages.success(request, _("The token no longer works."))
    return redirect("tokens")
