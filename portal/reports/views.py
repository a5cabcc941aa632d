"""Pages of reports: HQ drafts, enters, signs and publishes; an auditor reads all, a manager what is published."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import show_errors
from accounts.permissions import organisations_of, page, user_of
from accounts.roles import Action
from compliance.models import BatchAct, ComplianceReport, ReportBatch, ReportRecipient, ReportState
from compliance.reports import entered, life, tasks
from compliance.reports.api import add_recipient, file_response
from compliance.reports.files import formats_of
from compliance.reports.queries import due_reports, visible_reports
from compliance.schemes import schemes
from factories.models import Factory, Organisation
from factories.queries import organisation_where
from lib.errors import ApiError
from lib.numbers import id_of
from portal.reports.forms import BatchForm, EnteredForm, NewReportForm, ReasonForm, RecipientForm, SignForm
from portal.reports.page import due_row, report_page, report_row, scheme_titles

ROWS_PER_PAGE, DUE_ROWS = 50, 30
LOOK_AGAIN_S = 3


# --- The list and what is due -----------------------------------------------------------------
@never_cache
@require_GET
@page(Action.USE_PORTAL)  # a role for the API alone has no pages
@page(Action.VIEW_REPORTS)
def reports(request: HttpRequest) -> HttpResponseBase:
    rows = visible_reports(request.user).exclude(state=ReportState.WITHDRAWN)
    state, scheme = request.GET.get("state", ""), request.GET.get("scheme", "")
    if state in ReportState.values:
        rows = visible_reports(request.user).filter(state=state)
    if scheme in schemes():
        rows = rows.filter(scheme=scheme)
    found = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    today = timezone.now().date()
    organisations = Organisation.objects.filter(pk__in=organisations_of(request.user, Action.VIEW_REPORT_DRAFTS))
    due = [one for one in due_reports(organisations, today) if not one.is_done] if organisations else []
    context = {
        "page_obj": found,
        "rows": [report_row(one) for one in found],
        "states": ReportState.choices,
        "state": state,
        "schemes": scheme_titles(),
        "scheme": scheme,
        "due": [due_row(one, today) for one in due[:DUE_ROWS]],
        "due_more": max(0, len(due) - DUE_ROWS),
        "sees_due": bool(organisations),
        "may_make": bool(organisations_of(request.user, Action.MAKE_REPORTS)),
    }
    return render(request, "portal/reports.html", context)


@require_http_methods(["GET", "POST"])
@page(Action.MAKE_REPORTS)
def report_new(request: HttpRequest) -> HttpResponseBase:
    organisation = organisation_where(request.user, Action.MAKE_REPORTS)
    mine = organisations_of(request.user, Action.MAKE_REPORTS)
    factories = list(Factory.objects.in_use().filter(organisation__in=mine).select_related("organisation"))
    chosen = {name: request.GET.get(name, "") for name in ("scheme", "period_start", "period_end")}
    chosen |= {"place": request.GET.get("factory", "")}
    form = NewReportForm(request.POST or None, factories=factories, initial=chosen)
    if request.method == "POST" and form.is_valid():
        factory = {str(one.pk): one for one in factories}.get(form.cleaned_data["place"])
        of, period = factory.organisation if factory else organisation, form.period(timezone.now().date())
        try:
            made = life.draft(user_of(request), form.cleaned_data["scheme"], of, factory, period)
            return redirect("report", pk=made.pk)
        except ApiError as error:
            if error.params.get("report"):
                messages.info(request, error.message)
                return redirect("report", pk=error.params["report"])
            show_errors(form, error)
    return render(request, "portal/report_new.html", {"form": form, "organisation": organisation})


# --- One report -------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.USE_PORTAL)
@page(Action.VIEW_REPORTS)
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One report, or with `?as=` its file. POST `act`: check, enter, publish, supersede, withdraw."""
    shown = _visible(request, pk)
    if request.GET.get("as") in formats_of(shown):
        try:
            return file_response(shown, request.GET["as"])
        except ApiError as error:  # PACT needs what nobody entered
            messages.error(request, error.message)
    posted = request.POST if request.method == "POST" else None
    act = posted.get("act", "") if posted is not None else ""
    form = _entered_form(shown, posted if act == "enter" else None)
    reason_form = ReasonForm(posted if act in ("supersede", "withdraw") else None)
    if posted is not None:
        try:
            done = _done(request, shown, act, form, reason_form)
            if done is not None:
                return redirect("report", pk=done.pk)
        except ApiError as error:
            messages.error(request, error.message)
    context = {
        "page": report_page(shown),
        "report": shown,
        "signatures": shown.signatures.all(),
        "form": form if _may(request, shown, Action.MAKE_REPORTS) else None,
        "reason_form": reason_form,
        "act": act,
        "may_make": _may(request, shown, Action.MAKE_REPORTS),
        "may_sign": _may(request, shown, Action.SIGN_REPORTS),
        "may_publish": _may(request, shown, Action.PUBLISH_REPORTS),
    }
    return render(request, "portal/report.html", context)


def _visible(request: HttpRequest, pk: int) -> ComplianceReport:
    return get_object_or_404(visible_reports(request.user).select_related("key"), pk=pk)


def _may(request: HttpRequest, shown: ComplianceReport, right: Action) -> bool:
    return visible_reports(request.user, right).filter(pk=shown.pk).exists()


def _entered_form(shown: ComplianceReport, posted: Any) -> EnteredForm | None:
    scheme = schemes().get(shown.scheme)
    if shown.state != ReportState.DRAFT or scheme is None or not scheme.entered:
        return None
    values = dict(shown.entered.values_list("field", "value"))
    return EnteredForm(posted, scheme=scheme, values=values, proposals=entered.proposals(shown))


def _done(
    request: HttpRequest, shown: ComplianceReport, act: str, form: EnteredForm | None, reason_form: ReasonForm
) -> ComplianceReport | None:
    """The report to show next; None where a form says what is wrong. Raises ApiError."""
    if not _may(request, shown, Action.PUBLISH_REPORTS if act == "publish" else Action.MAKE_REPORTS):
        raise PermissionDenied
    user = user_of(request)
    match act:
        case "check":
            return life.check(shown.pk)
        case "publish":
            return life.publish(user, shown.pk)
        case "enter" if form is not None:
            return life.enter(user, shown.pk, form.cleaned_data) if form.is_valid() else None
        case "supersede" | "withdraw":
            if not reason_form.is_valid():
                return None
            reason = reason_form.cleaned_data["reason"]
            return life.supersede(user, shown.pk, reason) if act == "supersede" else life.withdraw(shown.pk, reason)
    raise Http404


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.SIGN_REPORTS)
@reauthentication_required
def report_sign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The declaration; allauth asks for the password first, unless it was typed some minutes ago."""
    shown = _visible(request, pk)
    if not _may(request, shown, Action.SIGN_REPORTS):
        raise PermissionDenied
    user = user_of(request)
    initial = {"digest": shown.digest, "name": user.get_full_name()}
    form = SignForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("name", "role", "digest")}
        try:
            life.sign(user, shown.pk, **given)
            messages.success(request, _("Signed. It can be published now."))
            return redirect("report", pk=pk)
        except ApiError as error:
            show_errors(form, error)
    return render(request, "portal/report_sign.html", {"form": form, "page": report_page(shown), "report": shown})


# --- Many reports -----------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.MAKE_REPORTS)
@reauthentication_required(enabled=lambda request: request.POST.get("act") == BatchAct.SIGN)
def report_batch_new(request: HttpRequest) -> HttpResponseBase:
    organisation = organisation_where(request.user, Action.MAKE_REPORTS, id_of(request.GET.get("organisation", "")))
    form = BatchForm(request.POST or None, initial={"name": user_of(request).get_full_name()})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        signature = {name: given[name] for name in ("name", "role")} if given["act"] == BatchAct.SIGN else {}
        period = form.period(timezone.now().date())
        try:
            batch = tasks.submit(user_of(request), organisation, given["act"], given["scheme"], period, **signature)
            return redirect("report-batch", pk=batch.pk)
        except ApiError as error:
            show_errors(form, error)
    latest = ReportBatch.objects.filter(organisation=organisation).order_by("-pk")[:5]
    context = {"form": form, "organisation": organisation, "latest": latest, "declaration": life.declaration()}
    return render(request, "portal/report_batch_new.html", context)


@never_cache
@require_GET
@page(Action.MAKE_REPORTS)
def report_batch(request: HttpRequest, pk: int) -> HttpResponseBase:
    mine = organisations_of(request.user, Action.MAKE_REPORTS)
    batch = get_object_or_404(ReportBatch.objects.select_related("organisation"), pk=pk, organisation__in=mine)
    response = render(request, "portal/report_batch.html", {"batch": batch})
    if not batch.is_over:
        response["Refresh"] = str(LOOK_AGAIN_S)
    return response


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.MAKE_REPORTS)
def report_recipients(request: HttpRequest) -> HttpResponseBase:
    organisation = organisation_where(request.user, Action.MAKE_REPORTS, id_of(request.GET.get("organisation", "")))
    rows = ReportRecipient.objects.filter(organisation=organisation)
    here = f"{reverse('report-recipients')}?organisation={organisation.pk}"
    if request.method == "POST" and request.POST.get("remove"):
        rows.filter(pk=id_of(request.POST["remove"]) or 0).delete()
        return redirect(here)
    form = RecipientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            add_recipient(organisation, **form.cleaned_data)
            return redirect(here)
        except ApiError as error:
            form.add_error("email", error.message)
    found = rows.prefetch_related("mails__report").order_by("email")
    return render(request, "portal/report_recipients.html", {"form": form, "rows": found, "organisation": organisation})
