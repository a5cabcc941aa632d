"""The page "Your account": who one is and how one signs in. allauth has the pages behind its buttons."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import second_factor, sign_on
from accounts.forms import AccountForm
from accounts.models import User
from accounts.permissions import own_page, user_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def account(request: HttpRequest) -> HttpResponseBase:
    """A person's own account. While a second factor is missing that has to be there, the page shows only that."""
    user = User.objects.get(pk=user_of(request).pk)  # a refused form must not rename the person in the page head
    must_set_up = second_factor.must_set_up(user)
    form = AccountForm(None if must_set_up else request.POST or None, instance=user)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("account")
    context = {
        "form": form,
        "must_set_up": must_set_up,
        "is_required": second_factor.is_required(user),
        "sign_on_words": sign_on.words() if sign_on.is_required(user) else "",
    }
    return render(request, "accounts/account.html", context | _factors(user))


def _factors(user: User) -> dict[str, Any]:
    """What the person has set up, as the page shows it."""
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((row.wrap() for row in rows if row.type == Authenticator.Type.RECOVERY_CODES), None)
    return {
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "app": next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        "codes_count": len(codes.get_unused_codes()) if codes else 0,
        "has_codes": codes is not None,
    }


class RemovePasskeyView(RemoveWebAuthnView):
    """allauth asks its adapter before it removes an authenticator app, and not before it removes a passkey."""

    def form_valid(self, form: Any) -> HttpResponse:
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return redirect("account")
        return super().form_valid(form)
