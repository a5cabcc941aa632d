"""The page of the leaderboard, and its rows as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import page, require
from accounts.roles import Action
from leaderboard.api import StandingRowSerializer, standing_rows
from leaderboard.page import leaderboard_page
from leaderboard.places import leaderboard
from lib.errors import ApiError
from lib.exports import csv_response, wants_csv


@require_GET
@page(Action.VIEW_STANDING)
def standing(request: HttpRequest) -> HttpResponse:
    """HQ's table, or a manager's own place. An address that asks for what there is not leads to the usual one."""
    require(request.user, Action.USE_PORTAL)
    asked, now = request.GET, timezone.now()
    try:
        found = leaderboard(request.user, asked.get("metric", ""), asked.get("period", ""), asked.get("group", ""), now)
    except ApiError as error:
        if asked:
            return redirect("leaderboard")
        said = [str(item["message"]) for items in error.fields.values() for item in items]
        reason = " ".join(said) or str(error.message)
        return render(request, "leaderboard/unavailable.html", {"reason": reason})
    if wants_csv(request):
        return csv_response(request, standing_rows(found), list(StandingRowSerializer().fields), "leaderboard")
    shown = leaderboard_page(found, asked.getlist("compare"), now)
    return render(request, "leaderboard/leaderboard.html", {"page": shown})
