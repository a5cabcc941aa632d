"""HQ's morning: the page, its figures as CSV, and the record that somebody was asked."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.permissions import may, memberships_of, page, user_of, visible_to
from accounts.roles import Action, Role, actions_of
from factories.days import day_just_ended
from factories.models import Organisation
from lib.exports import csv_response, wants_csv
from logbook.reminders import note_reminder
from portal.morning.inputs import RECORD_COLUMNS, factory_records
from portal.morning.page import MorningPage, asked_words, morning_page
from portal.requests import factory_of


def _organisations(user: User) -> list[Organisation]:
    """Organisations whose network the user sees; the first is the default."""
    organisations = {
        m.organisation_id: m.organisation
        for m in memberships_of(user)
        if Action.VIEW_NETWORK in actions_of(Role(m.role))
    }
    return list(organisations.values())


def _chosen(request: HttpRequest, organisations: list[Organisation]) -> Organisation:
    asked = request.GET.get("organisation", "")
    if not asked and organisations:
        return organisations[0]
    for organisation in organisations:
        if str(organisation.pk) == asked:
            return organisation
    raise Http404  # an unknown id and a forbidden one get the same answer


@require_GET
@page(Action.VIEW_NETWORK)
def morning(request: HttpRequest) -> HttpResponseBase:
    """Shows the figures of one organisation, never the sum of two."""
    organisations = _organisations(user_of(request))
    chosen = _chosen(request, organisations)
    factories = visible_to(
        request.user,
        chosen.factories.in_use().select_related("organisation").order_by("name", "pk"),
        factory_path="",
        action=Action.VIEW_NETWORK,
    )
    shown = morning_page(
        chosen,
        organisations,
        list(factories),
        timezone.now(),
        user=request.user,
        may_ask=may(request.user, Action.MANAGE_MEMBERS),
        base_url=request.build_absolute_uri("/").rstrip("/"),
    )
    if wants_csv(request):
        return _csv(request, shown)
    return render(request, "portal/morning.html", {"page": shown})


def _csv(request: HttpRequest, shown: MorningPage) -> HttpResponseBase:
    """The inputs of the figures as numbers; masses in kg."""
    return csv_response(request, factory_records(shown.inputs), list(RECORD_COLUMNS), "morning")


@require_POST
@page(Action.MANAGE_MEMBERS)
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that HQ asked a manager for yesterday's log. A script gets the words to show."""
    factory = factory_of(request, pk, Action.MANAGE_MEMBERS)
    reminder = note_reminder(user_of(request), factory, day_just_ended(factory, timezone.now()).day)
    if request.headers.get("Accept") == "text/plain":
        return HttpResponse(asked_words(reminder, factory), content_type="text/plain; charset=utf-8")
    return redirect(f"{reverse('morning')}?organisation={factory.organisation_id}#asked-{factory.pk}")
