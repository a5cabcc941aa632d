"""Pages of notices: a person's channels, an organisation's gateways and roster, deliveries, and the page of a link."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import show_errors
from accounts.permissions import organisations_of, own_page, page, public_page, user_of
from accounts.roles import Action
from alerts import links, notice_queries, notice_services, services
from alerts.channel_kinds import CHANNELS, GATEWAYS
from alerts.choices import Severity
from alerts.messages import language_of
from alerts.notice_choices import ChannelKind, GatewayKind, NoticeState
from alerts.notice_models import Channel, Delivery, Gateway, NoticeSettings, RosterShift
from alerts.notice_serializers import DeliverySerializer
from alerts.sentences import sentence_of
from factories.models import Organisation
from factories.queries import organisation_where
from lib.errors import ApiError
from lib.exports import csv_response, wants_csv
from lib.numbers import id_of
from portal.notices.forms import ChannelForm, CodeForm, GatewayForm, SettingsForm, ShiftForm, severity_field

ROWS_PER_PAGE = 50


# --- A person's own ---------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def my_notices(request: HttpRequest) -> HttpResponseBase:
    """Channels of the person, when they are used, and what failed."""
    user, posted = user_of(request), request.POST if request.method == "POST" else None
    kind = _chosen(ChannelKind, request.GET.get("add"))
    form = ChannelForm(posted, row=CHANNELS[kind], initial={"phone": user.phone, "email": user.email}) if kind else None
    row = NoticeSettings.objects.filter(user=user).first() or NoticeSettings(user=user)
    settings_form = SettingsForm(None if form else posted, instance=row)
    if posted is not None and form and form.is_valid():
        severity = form.cleaned_data["least_severity"]
        given = {"kind": kind, "fields_given": form.given(), "least_severity": severity}
        if _try(form, lambda: notice_services.add_channel(user, **given)):
            messages.success(request, _("A code is on its way. Type it in below."))
            return redirect("my-notices")
    elif posted is not None and not form and settings_form.is_valid():
        values = settings_form.cleaned_data
        NoticeSettings.objects.update_or_create(user=user, defaults=values)
        messages.success(request, _("Saved."))
        return redirect("my-notices")
    context = {
        "channels": _with_last(Channel.objects.filter(user=user)),
        "kinds": ChannelKind.choices,
        "kind": kind,
        "form": form,
        "settings_form": settings_form,
        "code_form": CodeForm(auto_id=False),
        "severities": severity_field().choices,
        "may_manage": bool(organisations_of(user, Action.MANAGE_NOTICES)),
    }
    return render(request, "portal/notices_mine.html", context)


def _chosen(kinds: Any, text: str | None) -> Any:
    return kinds(text) if text in kinds.values else None


def _try(form: Any, act: Callable[[], object]) -> bool:
    """Whether it was done; else the form says why not."""
    try:
        act()
    except ApiError as error:
        show_errors(form, error)
        return False
    return True


def _with_last(channels: Any) -> list[tuple[Channel, Delivery | None]]:
    """Each channel with its latest delivery."""
    sent = Delivery.objects.filter(channel__in=channels).order_by()
    latest = Delivery.objects.filter(pk__in=sent.values("channel").annotate(latest=Max("pk")).values("latest"))
    by_channel = {one.channel_id: one for one in latest}
    return [(one, by_channel.get(one.pk)) for one in channels]


@require_http_methods(["POST"])
@own_page
def my_channel(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The buttons of one channel: type in the code, send a new one, change from which severity, remove."""
    user, given = user_of(request), request.POST
    get_object_or_404(Channel, user=user, pk=pk)
    try:
        match given.get("act"):
            case "prove":
                notice_services.prove_channel(user, pk, given.get("code", ""))
                words = _("The channel works.")
            case "code":
                notice_services.send_code_again(user, pk)
                words = _("A new code is on its way.")
            case "remove":
                notice_services.remove_channel(user, pk)
                words = _("The channel is removed.")
            case "severity" if given.get("least_severity") in Severity.values:
                Channel.objects.filter(user=user, pk=pk).update(least_severity=given["least_severity"])
                words = _("Saved.")
            case _:
                raise Http404
        messages.success(request, words)
    except ApiError as error:
        problems = [problem["message"] for found in error.fields.values() for problem in found]
        messages.error(request, " ".join(problems) or error.message)
    return redirect("my-notices")


# --- An organisation's ------------------------------------------------------------------------------
def _organisation(request: HttpRequest) -> Organisation:
    asked = request.GET.get("organisation", "")
    return organisation_where(request.user, Action.MANAGE_NOTICES, id_of(asked))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.MANAGE_NOTICES)
def organisation_notices(request: HttpRequest) -> HttpResponseBase:
    """Gateways with what they cost, and the roster."""
    organisation = _organisation(request)
    kind = _chosen(GatewayKind, request.GET.get("gateway"))
    gateways = list(notice_queries.managed_by(request.user, Gateway.objects.filter(organisation=organisation)))
    same = next((one for one in gateways if one.kind == kind), None)
    form = None
    if kind:
        initial = {"cost_per_message": same.cost_per_message, "monthly_cap": same.monthly_cap} if same else {}
        form = GatewayForm(request.POST or None, row=GATEWAYS[kind], keeps=same is not None, initial=initial)
    if request.method == "POST" and form is not None and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("cost_per_message", "monthly_cap")}
        given |= {"kind": kind, "fields_given": form.given()}
        if _try(form, lambda: notice_services.set_gateway(organisation, **given)):
            messages.success(request, _("Saved. Try it with a channel of your own."))
            return redirect(_back(organisation.pk))
    context = {
        "organisation": organisation,
        "gateways": gateways,
        "kinds": GatewayKind.choices,
        "kind": kind,
        "form": form,
        "shifts": notice_queries.managed_by(request.user, RosterShift.objects.filter(organisation=organisation)),
    }
    return render(request, "portal/notices_organisation.html", context)


def _back(organisation_id: int) -> str:
    return f"{reverse('organisation-notices')}?organisation={organisation_id}"


@require_http_methods(["POST"])
@page(Action.MANAGE_NOTICES)
def gateway_remove(request: HttpRequest, pk: int) -> HttpResponseBase:
    gateway = get_object_or_404(notice_queries.managed_by(request.user, Gateway.objects.all()), pk=pk)
    gateway.delete()
    messages.success(request, _("The gateway is removed. Its channels are not used any more."))
    return redirect(_back(gateway.organisation_id))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.MANAGE_NOTICES)
def shift(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """Add or change a line of the roster."""
    if pk is None:
        row = RosterShift(organisation=_organisation(request))
    else:
        row = get_object_or_404(notice_queries.managed_by(request.user, RosterShift.objects.all()), pk=pk)
    back = _back(row.organisation_id)
    if row.pk and request.POST.get("act") == "remove":
        row.delete()
        messages.success(request, _("The shift is removed."))
        return redirect(back)
    form = ShiftForm(request.POST or None, instance=row)
    if (
        request.method == "POST"
        and form.is_valid()
        and _try(form, lambda: notice_services.set_shift(row, form.people()))
    ):
        messages.success(request, _("Saved."))
        return redirect(back)
    return render(request, "portal/notices_shift.html", {"shift": row, "form": form, "back": back})


@require_GET
@page(Action.USE_PORTAL)
def deliveries(request: HttpRequest) -> HttpResponseBase:
    """What was sent to whom, and what failed; one's own, and all of the organisation for headquarters."""
    rows = notice_queries.deliveries_of(request.user)
    state = request.GET.get("state", "")
    if state in NoticeState.values:
        rows = rows.filter(state=state)
    if wants_csv(request):
        shown = DeliverySerializer(rows, many=True).data
        return csv_response(request, shown, list(DeliverySerializer().fields), "notices")
    found = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": found, "states": NoticeState.choices, "state": state}
    return render(request, "portal/notices_deliveries.html", context)


# --- The page of a link -----------------------------------------------------------------------------
@public_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def alarm_link(request: HttpRequest, token: str) -> HttpResponse:
    """Alarms for the recipient of a notice. Opening it changes nothing, since chats open links for a preview."""
    opened = links.open_link(token)
    if opened is None:
        return render(
            request, "accounts/link_over.html", {"sentence": _("This link is over. Sign in to see.")}, status=404
        )
    with translation.override(language_of(opened.user)):
        return _opened_link(request, token, opened)


def _opened_link(request: HttpRequest, token: str, opened: links.Opened) -> HttpResponse:
    if request.method == "POST":
        chosen = request.POST.get("alarm", "")
        for alert in opened.alerts:
            is_meant = chosen in ("all", str(alert.pk))
            if is_meant and alert.is_open and alert.acknowledged_at is None and services.may_act(opened.user, alert):
                services.acknowledge(opened.user, alert.pk)
        opened = links.open_link(token) or opened
    rows = [
        {
            "alert": alert,
            "sentence": sentence_of(alert),
            "may_acknowledge": alert.is_open and alert.acknowledged_at is None and services.may_act(opened.user, alert),
        }
        for alert in opened.alerts
    ]
    waiting = sum(bool(row["may_acknowledge"]) for row in rows)
    context = {"person": opened.user, "rows": rows, "waiting": waiting, "token": token}
    return render(request, "portal/alarm_link.html", context)
