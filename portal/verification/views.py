"""Pages of verification: the auditor's room, links for buyers, the page that such a link opens, disputes."""

from typing import Any

from django import forms
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts.forms import show_errors
from accounts.permissions import get_visible, may, page, public_page, user_of, visible_to
from accounts.roles import Action
from compliance.formats.json import read
from compliance.models import ComplianceReport, Dispute, ReportLink, Verification
from compliance.reports.files import file_of
from compliance.reports.queries import report_of, visible_reports
from compliance.verification import disputes as disputing
from compliance.verification import links, room
from devices.models import MCUDevice
from factories.models import Factory
from lib.errors import ApiError
from lib.numbers import id_of
from portal.verification.forms import (
    AnswerForm,
    BeginForm,
    DecisionForm,
    DisputeForm,
    DrawForm,
    FindingForm,
    LinkForm,
    MaterialityForm,
    OpinionForm,
)

ROWS_PER_PAGE = 50
RECOMPUTED_FOR_S = 600  # a report is computed again at most so often for whoever opens its link
# What a form of the room does; the first is the right that it asks for.
ACTS: dict[str, tuple[Action, type[forms.Form]]] = {
    "begin": (Action.VERIFY_REPORTS, BeginForm),
    "materiality": (Action.VERIFY_REPORTS, MaterialityForm),
    "sample": (Action.VERIFY_REPORTS, DrawForm),
    "finding": (Action.VERIFY_REPORTS, FindingForm),
    "close": (Action.VERIFY_REPORTS, BeginForm),
    "opinion": (Action.VERIFY_REPORTS, OpinionForm),
    "answer": (Action.ANSWER_FINDINGS, AnswerForm),
}


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
@page(Action.VIEW_REPORTS)
def verification(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The auditor's room. POST does what `act` names."""
    report = report_of(request.user, pk, Action.VIEW_REPORTS)
    used: dict[str, forms.Form] = {}
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act not in ACTS:
            raise Http404
        right, form_class = ACTS[act]
        report_of(request.user, pk, right)
        used[act] = form_class(request.POST, auto_id=f"{act}-%s")
        if used[act].is_valid():
            try:
                _do(request, report, act, used[act].cleaned_data)
                return redirect(f"{reverse('report-verification', args=[pk])}#{act}")
            except ApiError as error:
                show_errors(used[act], error)
    return render(request, "portal/report_verification.html", _room_context(request, report, used))


def _do(request: HttpRequest, report: ComplianceReport, act: str, given: dict[str, Any]) -> None:
    user, finding_id = user_of(request), id_of(request.POST.get("finding", "")) or 0
    if act == "begin":
        room.open_room(user, report)
    elif act == "materiality":
        room.set_materiality(user, report, **given)
    elif act == "sample":
        room.draw_sample(user, report, **given)
    elif act == "finding":
        room.find(user, report, **given)
    elif act == "close":
        room.close(user, report, finding_id)
    elif act == "opinion":
        room.give_opinion(user, report, **given)
    else:
        room.answer(user, report, finding_id, **given)


def _room_context(request: HttpRequest, report: ComplianceReport, used: dict[str, forms.Form]) -> dict[str, Any]:
    found = (
        Verification.objects.select_related("auditor")
        .prefetch_related("findings__found_by", "findings__answered_by")
        .filter(report=report)
        .first()
    )
    is_auditor = visible_reports(request.user, Action.VERIFY_REPORTS).filter(pk=report.pk).exists()
    return {
        "report": report,
        "room": found,
        "may_begin": is_auditor and found is None and report.state in room.VERIFIED_STATES,
        "may_write": bool(found and is_auditor and found.auditor_id == user_of(request).pk and not found.opinion),
        "may_answer": visible_reports(request.user, Action.ANSWER_FINDINGS).filter(pk=report.pk).exists(),
        # Several forms have a field of one name: each field has an id of its own.
        "forms": {act: used.get(act) or form_class(auto_id=f"{act}-%s") for act, (_right, form_class) in ACTS.items()},
    }


# --- Links -------------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.SHARE_REPORTS)
def report_links(request: HttpRequest, pk: int) -> HttpResponseBase:
    """POST makes a link, shown this once; with `revoke` (an id) it ends one."""
    report = report_of(request.user, pk, Action.SHARE_REPORTS)
    is_revoke = "revoke" in request.POST
    form, url = LinkForm(request.POST if request.method == "POST" and not is_revoke else None), ""
    if is_revoke:
        for link in ReportLink.objects.filter(report=report, pk=id_of(request.POST["revoke"]) or 0):
            links.revoke(user_of(request), link)
        return redirect("report-links", pk=pk)
    if form.is_bound and form.is_valid():
        try:
            _link, token = links.share(user_of(request), report, **form.cleaned_data)
            url, form = request.build_absolute_uri(reverse("report-link", args=[token])), LinkForm()
        except ApiError as error:
            show_errors(form, error)
    rows = report.links.select_related("created_by", "revoked_by")
    return render(request, "portal/report_links.html", {"report": report, "rows": rows, "form": form, "url": url})


@never_cache
@require_safe
@public_page
def report_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """One published report for whoever has its link; `?as=pdf` or json is its file."""
    wanted = request.GET.get("as", "")
    link = links.open_link(token, is_counted=not wanted)
    if link is None:
        return _not_indexed(render(request, "portal/report_link_over.html", status=404))
    report = link.report
    if wanted in ("pdf", "json"):
        file = file_of(report, wanted)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return _not_indexed(HttpResponse(file.data, content_type=file.content_type, headers=headers))
    key = f"recomputed-{report.pk}-{report.digest}"
    again = cache.get(key)
    if again is None:
        again = links.recomputed(report)
        cache.set(key, again, RECOMPUTED_FOR_S)
    context = {
        "report": report,
        "link": link,
        "content": read(bytes(report.content)),
        "again": again,
        "opinion": Verification.objects.filter(report=report).exclude(opinion="").first(),
    }
    return _not_indexed(render(request, "portal/report_link.html", context))


def _not_indexed(response: HttpResponse) -> HttpResponse:
    """The address is a key: no search engine keeps it. No other site learns it by our Referrer-Policy."""
    response["X-Robots-Tag"] = "noindex"
    return response


# --- Disputes ----------------------------------------------------------------------------------
@require_GET
@page(Action.USE_PORTAL)
@page(Action.VIEW_REPORTS)
def disputes(request: HttpRequest) -> HttpResponseBase:
    rows = visible_to(request.user, Dispute.objects.all(), action=Action.VIEW_REPORTS)
    rows = rows.select_related("factory__organisation", "device", "opened_by").order_by("outcome", "due_on", "-id")
    found, now = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page")), timezone.now()
    shown = [(one, disputing.days_left(one, now)) for one in found]
    context = {"page_obj": found, "rows": shown, "may_dispute": may(request.user, Action.DISPUTE)}
    return render(request, "portal/disputes.html", context)


@require_http_methods(["GET", "POST"])
@page(Action.DISPUTE)
def dispute_new(request: HttpRequest) -> HttpResponseBase:
    form = DisputeForm(request.POST or None, initial=request.GET.dict())
    sites = visible_to(request.user, Factory.objects.in_use(), factory_path="", action=Action.DISPUTE)
    of_site: Any = form.fields["factory"]
    of_site.queryset = sites.select_related("organisation").order_by("name")
    if sites.count() == 1:
        of_site.initial = sites.first()
    if form.is_bound and form.is_valid():
        given = dict(form.cleaned_data)
        site, name = given["factory"], given["device"]
        device = MCUDevice.objects.filter(factory=site, device_id=name).first() if name else None
        if name and device is None:
            form.add_error("device", _("This site has no device of this id."))
        else:
            period = given["period_start"], given["period_end"]
            try:
                made = disputing.contest(
                    user_of(request), site, given["subject"], period, given["statement"], device=device
                )
                return redirect("dispute", pk=made.pk)
            except ApiError as error:
                show_errors(form, error)
    return render(request, "portal/dispute_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
@page(Action.VIEW_REPORTS)
def dispute(request: HttpRequest, pk: int) -> HttpResponseBase:
    """POST decides it."""
    rows = Dispute.objects.select_related("factory__organisation", "device", "opened_by", "decided_by")
    shown = get_visible(request.user, rows, Action.VIEW_REPORTS, pk=pk)
    may_decide = may(request.user, Action.DECIDE_DISPUTES, shown.factory) and not shown.outcome
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not may(request.user, Action.DECIDE_DISPUTES, shown.factory):
            raise PermissionDenied(str(Action.DECIDE_DISPUTES))
        if form.is_valid():
            try:
                disputing.decide(user_of(request), pk, **form.cleaned_data)
                return redirect("dispute", pk=pk)
            except ApiError as error:
                show_errors(form, error)
    left = disputing.days_left(shown, timezone.now())
    context = {"dispute": shown, "left": left, "form": form if may_decide else None}
    with timezone.override(shown.factory.zone):
        return render(request, "portal/dispute.html", context)
