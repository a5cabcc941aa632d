"""HQ's page "How people sign in"."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import sign_in_rules as rules
from accounts.member_views import organisation_of_page
from accounts.permissions import page
from accounts.roles import Action


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_MEMBERS)
def sign_in_rules(request: HttpRequest) -> HttpResponseBase:
    """How people of an organisation sign in: whether HQ managers need a second step."""
    organisation, all_of_mine = organisation_of_page(request)
    if request.method == "POST":
        rules.require_second_factor(organisation, required=request.POST.get("second_factor") == "required")
        messages.success(request, _("Saved."))
        return redirect(f"{reverse('sign-in-rules')}?organisation={organisation.pk}")
    context = {
        "organisation": organisation,
        "organisations": all_of_mine if len(all_of_mine) > 1 else [],
        "without": rules.managers_without_second_factor(organisation),
    }
    return render(request, "accounts/sign_in_rules.html", context)
