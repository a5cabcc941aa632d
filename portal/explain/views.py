"""The page "Why this number"."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from accounts.permissions import page
from accounts.roles import Action
from compliance.explain.explain import explain as card_of
from compliance.explain.explain import is_kept, read_figure, zones_of
from compliance.explain.ladder import readings_in, with_ladder
from lib.errors import ApiError
from lib.reads import ReadKind, marked
from lib.times import read_known_on

ROWS_SHOWN = 100


@require_GET
@page(Action.USE_PORTAL)
def explain(request: HttpRequest) -> HttpResponse:
    """The card of `?figure=`; without one, how to find it."""
    text = request.GET.get("figure", "")
    context: dict[str, object] = {"asked": text, "rows_shown": ROWS_SHOWN}
    count = 0
    if text:
        try:
            known_on = read_known_on(request.GET, zones_of(text))
            card = with_ladder(card_of(text, request.user, as_known_on=known_on), request.user)
            count = readings_in(card)
            context["card"] = card
            context["known_on"] = known_on
            known = {} if known_on is None else {"as_known_on": known_on.isoformat()}
            context["query"] = urlencode({"figure": text} | known)
            if is_kept(read_figure(text)):
                moment = known_on or timezone.now()
                context["permalink"] = urlencode({"figure": text, "as_known_on": moment.isoformat()})
        except ApiError as error:
            context["problem"] = next(iter(error.fields.values()))[0]["message"]
    response = render(request, "portal/explain.html", context, status=400 if "problem" in context else 200)
    return marked(response, ReadKind.READINGS, count) if count else response
