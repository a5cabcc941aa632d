"""The page of one month's log, and its days as a file."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import page, user_of
from accounts.roles import Action
from factories.days import running_day
from lib.exports import csv_response, wants_csv
from portal.balance_line import balance_line
from portal.log_form.page import writable_rows
from portal.month.page import csv_rows, month_page, parse_month
from portal.requests import factory_of


@require_GET
@page(Action.USE_PORTAL)
def month(request: HttpRequest, pk: int, month: str = "") -> HttpResponseBase:
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    now = timezone.now()
    latest = running_day(factory, now).day.replace(day=1)
    first = parse_month(month) if month else latest
    if first is None or first > latest:
        raise Http404
    may_write = bool(writable_rows(user_of(request), factory))
    shown = month_page(factory, first, now, may_write=may_write, open_day=request.GET.get("day", ""))
    if wants_csv(request):
        columns, rows = csv_rows(shown)
        return csv_response(request, rows, columns, f"month-{shown.month}")
    line = balance_line(request.user, factory, now, month=first)
    return render(request, "portal/month.html", {"page": shown, "balance": line})
