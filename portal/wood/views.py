"""The wood lot of a site: for how long it lasts, what has evidence, and where each delivery comes from."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms import show_errors
from accounts.permissions import may, page, user_of
from accounts.roles import Action
from compliance.choices import WoodSource
from compliance.wood_lot import EVIDENCE_DAYS, LotFlag, deliveries, origin_of, set_origin, wood_lot
from energy.models import EnergyEntry
from factories.days import ONE_DAY, running_day
from lib.errors import ApiError
from portal.amounts import amount_label
from portal.requests import factory_of

DAYS = 28
ROWS_PER_PAGE = 40
FLAG_SENTENCES = {
    LotFlag.NO_COUNT: gettext_lazy(
        "Not all wood was counted yet: count the stock once, then this page knows how much is left."
    ),
    LotFlag.NO_KILOGRAMS: gettext_lazy("An entry is in a unit without a known weight: add it among the site's units."),
    LotFlag.NEGATIVE: gettext_lazy(
        "More wood burned than there was, by the log. Was a delivery not written? Count the stock."
    ),
}


class OriginForm(forms.Form):
    entry = forms.IntegerField(widget=forms.HiddenInput)
    source = forms.ChoiceField(label=gettext_lazy("Grown or bought"), choices=WoodSource.choices)
    supplier = forms.CharField(label=gettext_lazy("Supplier"), max_length=120, required=False)
    species = forms.CharField(label=gettext_lazy("Species"), max_length=80, required=False)
    evidence = forms.CharField(
        label=gettext_lazy("Evidence that it grew sustainably"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Certificate, contract or plan of the plantation. Without it the wood is not proven."),
    )


def _form(entry: EnergyEntry, sent: Any) -> OriginForm:
    origin = origin_of(entry)
    known = {name: getattr(origin, name) for name in ("source", "supplier", "species", "evidence")} if origin else {}
    return OriginForm(sent, initial=known | {"entry": entry.pk}, auto_id=f"wood-{entry.pk}-%s")


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def wood(request: HttpRequest, pk: int) -> HttpResponseBase:
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    may_write = may(request.user, Action.WRITE_ENERGY, factory)
    sent = OriginForm(request.POST) if request.method == "POST" else None
    if sent is not None and not may_write:
        raise PermissionDenied
    if sent is not None and sent.is_valid():
        values = dict(sent.cleaned_data)
        try:
            set_origin(user_of(request), factory, values.pop("entry"), values)
            return redirect(request.get_full_path())
        except ApiError as error:
            show_errors(sent, error)
    today = running_day(factory, timezone.now())
    came = deliveries(factory, today.starts_at - EVIDENCE_DAYS, today.ends_at)
    page_obj = Paginator(came, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "amount": amount_label(entry),
            "entry": entry,
            "origin": origin_of(entry),
            "form": _form(entry, request.POST if request.POST.get("entry") == str(entry.pk) else None),
        }
        for entry in page_obj
    ]
    lot = wood_lot(factory, today.day - timedelta(days=DAYS - 1), today.day + ONE_DAY)
    context = {
        "factory": factory,
        "lot": lot,
        "flags": [FLAG_SENTENCES[flag] for flag in lot.flags],
        "evidenced_pct": 100 * lot.evidenced_share,
        "rows": rows,
        "page_obj": page_obj,
        "may_write": may_write,
        "days": DAYS,
    }
    return render(request, "portal/wood.html", context)
