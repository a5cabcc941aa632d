"""The operator of the server lists the organisations, founds one and invites its first HQ manager."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import CONTACT_ERRORS, show_errors, split_contact
from accounts.member_views import show_invitation
from accounts.permissions import operators_page, user_of
from accounts.roles import Role
from factories.models import Organisation
from factories.services import create_organisation, found_organisation, invite_first_manager
from lib.errors import ApiError
from portal.organisations.forms import FirstManagerForm, NewOrganisationForm


@never_cache
@require_http_methods(["GET", "POST"])
@operators_page
def organisations(request: HttpRequest) -> HttpResponseBase:
    form = NewOrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.choices_of_organisation()
        if form.cleaned_data["manages_it"]:
            create_organisation(user_of(request), **chosen)
            return redirect("network")
        try:
            contact = split_contact(form.cleaned_data["contact"])
            _organisation, invitation, token = found_organisation(user_of(request), **contact, **chosen)
            return show_invitation(request, invitation, token, back="organisations")
        except ApiError as error:
            show_errors(form, error, **CONTACT_ERRORS)
    is_manager = Q(memberships__role=Role.HQ_MANAGER, memberships__user__is_active=True)
    rows = Organisation.objects.annotate(
        site_count=Count("factories", distinct=True), manager_count=Count("memberships", is_manager, distinct=True)
    ).order_by("name", "pk")
    return render(request, "portal/organisations.html", {"rows": rows, "form": form})


@never_cache
@require_POST
@operators_page
def invite_manager(request: HttpRequest, pk: int) -> HttpResponse:
    """Another link for an organisation that nobody manages yet."""
    organisation = get_object_or_404(Organisation, pk=pk)
    form = FirstManagerForm(request.POST)
    try:
        contact = split_contact(form.cleaned_data["contact"]) if form.is_valid() else {}
        return show_invitation(
            request, *invite_first_manager(user_of(request), organisation, **contact), back="organisations"
        )
    except ApiError as error:
        messages.error(request, error.message)
    return redirect("organisations")
