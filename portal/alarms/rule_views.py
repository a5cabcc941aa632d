"""The pages of rules: those of an organisation or of one site, the form of one, copies, and rules as a file."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.forms import show_errors
from accounts.permissions import page, user_of, visible_to
from accounts.roles import Action
from alerts.choices import AlertKind, LimitBasis, Severity
from alerts.kinds import KINDS, KindRow
from alerts.models import AlertRule
from alerts.queries import may_set_rules
from alerts.rules import (
    copy_rules,
    ensure_usual_rules,
    exported,
    import_rules,
    proposed_limit,
    remove_rule,
    rules_by_kind,
    set_rule,
)
from alerts.serializers import RulesFileSerializer
from factories.models import Factory, Organisation
from lib.errors import ApiError
from lib.numbers import id_of
from portal.alarm_rows import FORMS
from portal.alarms.forms import CopyForm, RuleForm, RulesFileForm
from portal.requests import factory_of

LARGEST_FILE_BYTES = 1_000_000


def _shown_site(request: HttpRequest, action: Action) -> Factory | None:
    """The site that the URL names; None: the organisation. Raises 404 outside the user's scope."""
    asked = request.GET.get("factory", "")
    return factory_of(request, id_of(asked) or 0, action) if asked else None


def _organisation(request: HttpRequest, site: Factory | None) -> Organisation:
    """That of the site, else the first one whose rules hold at the user's sites."""
    if site is not None:
        return site.organisation
    sites = visible_to(request.user, Factory.objects.all(), factory_path="", action=Action.VIEW_ALERTS)
    organisation = Organisation.objects.filter(factories__in=sites).order_by("pk").first()
    if organisation is None:
        raise Http404
    return organisation


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.USE_PORTAL)
def rules(request: HttpRequest) -> HttpResponse:
    """The rules of the organisation, or with `?factory=` those that hold at a site."""
    is_post = request.method == "POST"
    site = _shown_site(request, Action.VIEW_ALERTS)
    organisation = _organisation(request, site)
    manages = may_set_rules(request.user, organisation.pk, None)
    if is_post and not manages:
        raise PermissionDenied
    if request.GET.get("as") == "json" and manages:
        name = f"alarm-rules-{timezone.now():%Y%m%d}.json"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return JsonResponse(exported(organisation), json_dumps_params={"indent": 2}, headers=disposition)
    others = organisation.factories.in_use().order_by("name", "pk")
    others = others.exclude(pk=site.pk) if site else others
    act = request.POST.get("act")
    file_form = RulesFileForm(*((request.POST, request.FILES) if act == "import" else ()))
    copy_form = CopyForm(request.POST if act == "copy" else None, others)
    if act == "import" and _import(request, organisation, file_form):
        return redirect(request.get_full_path())
    if act == "copy" and site is not None and copy_form.is_valid():
        count = copy_rules(user_of(request), site, list(copy_form.cleaned_data["targets"]))
        words = ngettext("%(count)d rule copied.", "%(count)d rules copied.", count)
        messages.success(request, words % {"count": count})
        return redirect(request.get_full_path())
    sites = visible_to(request.user, organisation.factories.in_use(), factory_path="", action=Action.VIEW_ALERTS)
    context = {
        "organisation": organisation,
        "site": site,
        "sites": sites.order_by("name", "pk"),
        "rows": _rows(organisation, site),
        "manages": manages,
        "may_change": may_set_rules(request.user, organisation.pk, site),
        "has_own": site is not None and AlertRule.objects.filter(factory=site).exists(),
        "file_form": file_form,
        "copy_form": copy_form,
    }
    return render(request, "portal/alarm_rules.html", context)


def _import(request: HttpRequest, organisation: Organisation, form: RulesFileForm) -> bool:
    if not form.is_valid():
        return False
    file = form.cleaned_data["file"]
    try:
        content = json.loads(file.read()) if file.size <= LARGEST_FILE_BYTES else None
    except ValueError:
        content = None
    checked = RulesFileSerializer(data=content)
    if not checked.is_valid():
        form.add_error("file", _("This is no file of alarm rules: export one to see how it looks."))
        return False
    try:
        count = import_rules(user_of(request), organisation, checked.validated_data["rules"])
    except ApiError as error:
        show_errors(form, error, rules="file")
        return False
    messages.success(request, ngettext("%(count)d rule set.", "%(count)d rules set.", count) % {"count": count})
    return True


def _rows(organisation: Organisation, site: Factory | None) -> list[dict[str, Any]]:
    ensure_usual_rules()
    rules = rules_by_kind(KINDS)
    where = site or Factory(organisation=organisation)
    return [_rule_row(row, rules[code].of(where), site) for code, row in KINDS.items()]


def _rule_row(row: KindRow, rule: AlertRule | None, site: Factory | None) -> dict[str, Any]:
    assert rule is not None
    per_s, unit = row.counted_in
    return {
        "rule": rule,
        "url": reverse("alarm-rule", args=[row.kind]) + _query(site),
        "limit": "" if rule.limit is None else f"{rule.limit:,g} {row.symbol}".strip(),
        "duration": f"{rule.duration_s / per_s:g} {unit}" if rule.duration_s else "",
        "form": FORMS[Severity(rule.severity)],
        "hours": "" if rule.from_hour is None else f"{rule.from_hour:02}:00-{rule.to_hour:02}:00",
    }


def _query(site: Factory | None) -> str:
    return f"?factory={site.pk}" if site else ""


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.MANAGE_ALERT_RULES)
def rule(request: HttpRequest, rule_kind: str) -> HttpResponse:
    """One rule: of the organisation, or with `?factory=` of a site instead."""
    row = KINDS.get(rule_kind)
    if row is None:
        raise Http404
    site = _shown_site(request, Action.MANAGE_ALERT_RULES)
    organisation = _organisation(request, site)
    ensure_usual_rules()
    own = AlertRule.objects.filter(organisation=organisation, factory=site, kind=rule_kind).first()
    shown = own or AlertRule.objects.get(organisation=organisation, factory=None, kind=rule_kind)
    if not may_set_rules(request.user, organisation.pk, site):
        raise PermissionDenied
    back, act = reverse("alarm-rules") + _query(site), request.POST.get("act")
    if act == "remove" and own is not None and site is not None:
        remove_rule(own)
        return redirect(back)
    proposal = proposed_limit(site, rule_kind, timezone.now()) if site else None
    form = RuleForm(request.POST if request.method == "POST" else None, shown, row)
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = form.values()
        if act == "propose" and proposal is not None:
            values |= {"limit": proposal, "limit_basis": LimitBasis.OWN_28_DAYS}
        try:
            set_rule(user_of(request), organisation, rule_kind, values, factory=site)
            return redirect(back)
        except ApiError as error:
            show_errors(form, error, duration_s="duration")
    context = {
        "form": form,
        "label": AlertKind(rule_kind).label,
        "unit": row.symbol,
        "site": site,
        "organisation": organisation,
        "back_url": back,
        "is_own": own is not None and site is not None,
        "proposal": proposal,
    }
    return render(request, "portal/alarm_rule.html", context)
