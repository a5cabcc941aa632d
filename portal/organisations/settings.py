"""HQ changes the settings of its organisation; what decides figures shows its effect on the past first."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.member_views import organisation_of_page
from accounts.permissions import page
from accounts.roles import Action
from compliance.organisation_settings import change_settings
from factories.corrections import Confirmation, ConfirmationNeeded
from factories.models import Organisation
from portal.organisations.forms import OrganisationSettingsForm


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.EDIT_ORGANISATION)
def organisation_settings(request: HttpRequest) -> HttpResponseBase:
    organisation, all_of_mine = organisation_of_page(request)
    form = OrganisationSettingsForm(request.POST or None, instance=Organisation.objects.get(pk=organisation.pk))
    effect = None
    if request.method == "POST" and form.is_valid():
        try:
            confirm = Confirmation(request.user.pk, request.POST.get("confirm", ""))
            change_settings(organisation, form.changes(), confirm=confirm)
            messages.success(request, _("Saved."))
            return redirect(f"{reverse('organisation-settings')}?organisation={organisation.pk}")
        except ConfirmationNeeded as asked:
            effect = asked.effect
        except ValidationError as error:
            form.add_error(None, error)
    context = {
        "organisation": organisation,
        "organisations": all_of_mine if len(all_of_mine) > 1 else [],
        "form": form,
        "effect": effect,
    }
    return render(request, "portal/organisation_settings.html", context)
