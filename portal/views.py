"""The redirect to each role's first page, the style guide, and the language switch."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language as django_set_language

from accounts.models import User
from accounts.permissions import first_membership, own_page, public_page, user_of
from portal.landing import landing_address, own_factories
from portal.sites.choices import factory_choices
from portal.styleguide import styleguide_context


@require_GET
@own_page
def home(request: HttpRequest) -> HttpResponseBase:
    """Lead each role to its first page."""
    user = user_of(request)
    if first_membership(user) is None:
        if user.is_superuser:
            return redirect("organisations")
        return render(request, "portal/not_approved.html")
    if url := landing_address(user):
        return redirect(url)
    choices = factory_choices(own_factories(user), timezone.now())
    if not choices:
        return render(request, "portal/not_approved.html")
    return render(request, "portal/choose_factory.html", {"choices": choices})


@require_GET
@public_page
def styleguide(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/styleguide.html", styleguide_context())


@require_POST
@public_page
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Switch the language, in the cookie and for the signed-in user."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return django_set_language(request)
