"""The page Today of one factory."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import may, page, user_of
from accounts.roles import Action
from alerts.choices import AlertKind
from alerts.queries import open_alerts
from portal.alarm_rows import ALARMS_SHOWN, rows_of
from portal.balance_line import balance_line
from portal.log_form.form import open_form
from portal.log_form.page import log_page, writable_rows
from portal.requests import factory_of
from portal.today.page import today_page


@require_GET
@page(Action.USE_PORTAL)
def today(request: HttpRequest, pk: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    now = timezone.now()
    specs = writable_rows(user_of(request), factory)
    log = log_page(open_form(factory, specs, now), now) if specs else None
    shown = today_page(factory, now)
    alerts = list(open_alerts(request.user).filter(factory=factory)[:ALARMS_SHOWN])
    is_alarm = any(alert.kind == AlertKind.STACK_AGAINST_FUEL for alert in alerts)  # it says the same
    context = {
        "page": shown,
        "log": log,
        "balance": None if is_alarm else balance_line(request.user, factory, now),
        "alarms": rows_of(alerts, request.user),
        "is_first_day": shown.lead is None and log is not None,
        "may_see_leaderboard": may(request.user, Action.VIEW_LEADERBOARD, factory),
    }
    return render(request, "portal/today.html", context)
