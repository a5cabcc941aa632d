"""The pages of alarms: the list, and one alarm with what one does about it. The rules are in `rule_views.py`."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.forms import show_errors
from accounts.models import User
from accounts.permissions import may, page, user_of, visible_to
from accounts.roles import Action
from alerts import services
from alerts.kinds import KINDS
from alerts.models import Alert
from alerts.queries import alerts_of, ordered
from alerts.serializers import AlertSerializer
from factories.models import Factory
from lib.errors import ApiError
from lib.exports import csv_response, wants_csv, wants_xlsx, xlsx_response
from lib.numbers import id_of
from portal.alarm_rows import row_of, rows_of
from portal.alarms.forms import ActForm, AlarmFilters
from portal.alarms.page import chart_of, life_of, month_causes

ROWS_PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.USE_PORTAL)
def alarms(request: HttpRequest) -> HttpResponseBase:
    """The list, the gravest and most costly first. POST acknowledges those that were ticked."""
    user = user_of(request)
    if request.method == "POST":
        return _acknowledge_ticked(request, user)
    seen = alerts_of(user)
    sites = visible_to(user, Factory.objects.in_use(), factory_path="", action=Action.VIEW_ALERTS)
    form = AlarmFilters(request.GET, sites)
    chosen = ordered(form.chosen(seen))
    if wants_csv(request) or wants_xlsx(request):
        rows: Any = AlertSerializer(chosen, many=True).data
        write = csv_response if wants_csv(request) else xlsx_response
        return write(request, list(rows), list(AlertSerializer().fields), "alarms")
    page_obj = Paginator(chosen, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    rows_shown = rows_of(page_obj, user)
    context = {
        "form": form,
        "page_obj": page_obj,
        "rows": rows_shown,
        "may_acknowledge": any(row.may_acknowledge for row in rows_shown),
        "causes": month_causes(seen, timezone.now()),
        "is_filtered": bool(request.GET),
    }
    return render(request, "portal/alarms.html", context)


def _acknowledge_ticked(request: HttpRequest, user: User) -> HttpResponse:
    """Of a storm, many at once; one that is not the user's to acknowledge is left out."""
    ids = filter(None, map(id_of, request.POST.getlist("alert")[:ROWS_PER_PAGE]))
    done = 0
    for alert in alerts_of(user).filter(pk__in=list(ids)):
        if services.may_act(user, alert):
            services.acknowledge(user, alert.pk)
            done += 1
    if not done and not may(user, Action.ACKNOWLEDGE_ALERTS):
        raise PermissionDenied
    words = ngettext("%(count)d alarm acknowledged.", "%(count)d alarms acknowledged.", done)
    messages.success(request, words % {"count": done})
    return redirect(request.get_full_path())


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.USE_PORTAL)
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    alert = get_object_or_404(alerts_of(user), pk=pk)
    may_do = services.may_act(user, alert)
    if request.method == "POST" and not may_do:
        raise PermissionDenied
    form = ActForm(request.POST if request.method == "POST" else None, alert)
    if request.method == "POST" and form.is_valid() and _act(request, user, alert, form):
        return redirect("alarm", pk=pk)
    context = {
        "alert": alert,
        "row": row_of(alert, may=may_do),
        "life": life_of(alert),
        "chart": chart_of(alert, timezone.now()),
        "unit": KINDS[alert.kind].unit,
        "may_act": may_do,
        "form": form,
    }
    return render(request, "portal/alarm.html", context)


def _act(request: HttpRequest, user: User, alert: Alert, form: ActForm) -> bool:
    """Whether it was done; otherwise the form says what to do."""
    data = form.cleaned_data
    cause, comment = data["cause"], data["comment"]
    try:
        match request.POST.get("act"):
            case "acknowledge":
                services.acknowledge(user, alert.pk, cause=cause, comment=comment)
            case "comment":
                services.comment(user, alert.pk, comment)
            case "assign":
                services.assign(user, alert.pk, data["to"] or user, comment=comment)
            case "snooze":
                services.snooze(user, alert.pk, form.until, comment=comment)
            case "close":
                services.close(user, alert.pk, cause=cause, comment=comment)
            case _:
                form.add_error(None, _("Choose what to do."))
                return False
    except ApiError as error:
        show_errors(form, error, text="comment", until="hours")
        return False
    return True
