"""The page "What changed" of a site: what became known of a period between two days, by cause."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import page
from accounts.roles import Action
from compliance.known.api import asked_difference
from compliance.known.diff import diff
from factories.known import not_known_yet
from factories.models import EmissionSource
from lib.errors import ApiError
from portal.requests import factory_of


@require_GET
@page(Action.USE_PORTAL)
def changes(request: HttpRequest, pk: int) -> HttpResponse:
    """The form is the address. Without one: the month before, since it ended."""
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    month = timezone.now().astimezone(factory.zone).date().replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    usual = {"from": before, "to": month, "from_known": month - timedelta(days=1), "to_known": ""}
    asked = {name: request.GET.get(name) or str(day) for name, day in usual.items()}
    labels = (_("From"), _("To (not included)"), _("As known at the end of"), _("And at the end of (empty: now)"))
    fields = [(name, label, asked[name]) for name, label in zip(usual, labels, strict=True)]
    context: dict[str, Any] = {"factory": factory, "fields": fields, "zone": factory.zone}
    try:
        period = asked_difference(asked, [factory])
    except ApiError as error:
        ((wrong, told),) = error.fields.items()
        context |= {"problem": told[0]["message"], "wrong": wrong}
    else:
        sources = dict(EmissionSource.objects.filter(factory=factory).values_list("pk", "name"))
        found = diff([factory], *period)
        rows = [(sources.get(row.source_id or 0, ""), row) for row in found.rows]
        context |= {"found": found, "rows": rows, "note": not_known_yet([factory], period.start)}
    return render(request, "portal/changes.html", context)
