"""The page of the leaderboard, and its rows as a file."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import page, require
from accounts.roles import Action
from leaderboard.api import csv_of
from leaderboard.page import leaderboard_page
from leaderboard.places import leaderboard_for
from lib.errors import ApiError
from lib.exports import wants_csv


@require_GET
@page(Action.VIEW_LEADERBOARD)
def leaderboard_view(request: HttpRequest) -> HttpResponseBase:
    """HQ's table, or a manager's own place. An address with an unknown choice leads to the usual one."""
    require(request.user, Action.USE_PORTAL)
    query, now = request.GET, timezone.now()
    try:
        board = leaderboard_for(request.user, query, now)
    except ApiError as error:
        if query:
            return redirect("leaderboard")
        messages = [str(item["message"]) for items in error.fields.values() for item in items]
        return render(request, "leaderboard/unavailable.html", {"reason": " ".join(messages) or str(error.message)})
    if wants_csv(request):
        return csv_of(request, board)
    return render(
        request, "leaderboard/leaderboard.html", {"page": leaderboard_page(board, query.getlist("compare"), now)}
    )
