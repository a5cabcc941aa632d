"""Pages of targets: HQ sets, corrects and ends them; managers and auditors read."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import show_errors
from accounts.permissions import may, organisations_of, page, user_of
from accounts.roles import Action
from compliance import services
from compliance.models import Target
from compliance.targets import visible_targets
from factories.models import Factory, Organisation
from lib.errors import ApiError
from portal.targets.forms import ChangeTargetForm, EndTargetForm, NewTargetForm
from portal.targets.page import target_page, target_rows


@require_GET
@page(Action.USE_PORTAL)  # a role for the API alone has no pages
@page(Action.VIEW_TARGETS)
def targets(request: HttpRequest) -> HttpResponse:
    rows = target_rows(list(visible_targets(request.user, Action.VIEW_TARGETS)), timezone.now())
    context = {"rows": rows, "may_set": bool(organisations_of(request.user, Action.MANAGE_TARGETS))}
    return render(request, "portal/targets.html", context)


@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_TARGETS)
def target_new(request: HttpRequest) -> HttpResponseBase:
    allowed = organisations_of(request.user, Action.MANAGE_TARGETS)
    organisation = Organisation.objects.filter(pk__in=allowed).order_by("name").first()
    if organisation is None:
        raise PermissionDenied
    factories = list(Factory.objects.filter(organisation__in=allowed).select_related("organisation").order_by("name"))
    chosen = {"place": request.GET.get("factory", "")}
    form = NewTargetForm(request.POST or None, factories=factories, initial=chosen)
    if request.method == "POST" and form.is_valid():
        factory = {str(one.pk): one for one in factories}.get(form.cleaned_data["place"])
        try:
            of = factory.organisation if factory else organisation
            target = services.set_target(user_of(request), of, form.to_input(), factory=factory)
            return redirect("target", pk=target.pk)
        except ApiError as error:
            show_errors(form, error)
    return render(request, "portal/target_new.html", {"form": form, "organisation": organisation})


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)  # a role for the API alone has no pages
@page(Action.VIEW_TARGETS)
def target(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One target with its path. POST corrects it, or with `act` end ends it; both with a reason."""
    shown = get_object_or_404(visible_targets(request.user, Action.VIEW_TARGETS), pk=pk)
    may_write = visible_targets(request.user, Action.MANAGE_TARGETS).filter(pk=pk).exists()
    if request.method == "POST" and not may_write:
        raise PermissionDenied
    is_end = request.POST.get("act") == "end"
    form: Any = ChangeTargetForm(request.POST if request.POST and not is_end else None, target=shown)
    end_form = EndTargetForm(request.POST if is_end else None)
    used = end_form if is_end else form
    if request.method == "POST" and used.is_valid():
        try:
            _write(request, shown, used, is_end)
            return redirect("target", pk=pk)
        except ApiError as error:
            show_errors(used, error)
    context = {
        "page": target_page(shown, timezone.now()),
        "form": form if may_write and shown.ended_at is None else None,
        "end_form": end_form,
        "may_read_history": may_write or may(request.user, Action.VIEW_AUDIT),
    }
    return render(request, "portal/target.html", context)


def _write(request: HttpRequest, shown: Target, form: Any, is_end: bool) -> None:
    reason, user = form.cleaned_data["reason"], user_of(request)
    if is_end:
        services.end_target(user, shown.pk, reason)
        return
    data = form.to_input()
    services.correct_target(user, shown.pk, {name: getattr(data, name) for name in data.__dataclass_fields__}, reason)
