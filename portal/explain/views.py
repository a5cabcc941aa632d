"""The page "Why this number"."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from accounts.permissions import page
from accounts.roles import Action
from compliance.explain.explain import explain as card_of
from compliance.explain.ladder import with_ladder
from lib.errors import ApiError

ROWS_SHOWN = 100


@require_GET
@page(Action.USE_PORTAL)
def explain(request: HttpRequest) -> HttpResponse:
    """The card of `?figure=`; without one, how to find it."""
    text = request.GET.get("figure", "")
    context: dict[str, object] = {"asked": text, "rows_shown": ROWS_SHOWN}
    if text:
        try:
            context["card"] = with_ladder(card_of(text, request.user), request.user)
        except ApiError as error:
            context["problem"] = error.fields["figure"][0]["message"]
        context["query"] = urlencode({"figure": text})
    return render(request, "portal/explain.html", context, status=400 if "problem" in context else 200)
