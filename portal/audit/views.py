"""The page of the audit log, for HQ and auditors. Days of the form are those of the organisation's first site."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.permissions import page
from accounts.roles import Action
from audit.api import file_of
from audit.queries import Filters, LogPlace, Sight, places
from audit.sources import SOURCES
from audit.words import ACT_WORDS, AuditRow, rows_of
from factories.models import Factory
from lib.errors import ApiError
from lib.exports import wants_csv
from lib.times import FIRST_YEAR, LAST_YEAR

ROWS_PER_PAGE = 50
_ALL = [("", _("all"))]
_YEARS = [MinValueValidator(date(FIRST_YEAR, 1, 1)), MaxValueValidator(date(LAST_YEAR, 12, 31))]


def _day_input() -> forms.DateInput:
    return forms.DateInput({"type": "date"})


class AuditForm(forms.Form):
    """The filters; everything is in the URL."""

    kind = forms.ChoiceField(label=_("What"), required=False)
    act = forms.ChoiceField(label=_("What was done"), required=False, choices=[*_ALL, *ACT_WORDS.items()])
    factory = forms.ModelChoiceField(Factory.objects.none(), label=_("Where"), required=False, empty_label=_("all"))
    by = forms.ModelChoiceField(User.objects.none(), label=_("Who"), required=False, empty_label=_("all"))
    first = forms.DateField(label=_("From"), required=False, widget=_day_input(), validators=_YEARS)
    last = forms.DateField(label=_("To"), required=False, widget=_day_input(), validators=_YEARS)

    def __init__(self, data: QueryDict, sight: Sight) -> None:
        super().__init__(data)
        kinds = sorted((str(source.model._meta.verbose_name), source.code) for source in SOURCES)
        fields: Any = self.fields
        fields["kind"].choices = [*_ALL, *((code, words) for words, code in kinds)]
        fields["factory"].queryset = Factory.objects.filter(pk__in=sight.factories)
        fields["by"].queryset = User.objects.filter(pk__in=sight.people).order_by("first_name", "last_name", "pk")

    def filters(self, zone: Any) -> Filters:
        """What is chosen; a wrong choice filters nothing and says so at its field. `last` is the last whole day."""
        self.is_valid()
        data = {name: value for name, value in self.cleaned_data.items() if value}
        first, last = (
            datetime(day.year, day.month, day.day, tzinfo=zone) if day else None
            for day in (data.get("first"), data.get("last"))
        )
        return Filters(
            kind=data.get("kind", ""),
            act=data.get("act", ""),
            factory=data["factory"].pk if "factory" in data else None,
            by=data["by"].pk if "by" in data else None,
            start=first,
            end=last + timedelta(days=1) if last else None,
        )


@dataclass(frozen=True, slots=True)
class AuditPage:
    rows: list[AuditRow]
    zone: Any
    next_cursor: str  # empty on the last page
    is_first: bool


def _before(cursor: str) -> LogPlace | None:
    """None for the newest page, which a cursor that is none of ours leads to as well."""
    try:
        return LogPlace.decode(cursor) if cursor else None
    except ApiError:
        return None


@require_GET
@page(Action.VIEW_AUDIT)
def audit(request: HttpRequest) -> HttpResponseBase:
    """The log, newest first; `?as=csv` with the same filters is the file of the API."""
    sight = Sight.of(request.user)
    form = AuditForm(request.GET, sight)
    first_site = Factory.objects.filter(pk__in=sight.factories).order_by("pk").first()
    zone = first_site.zone if first_site else timezone.get_default_timezone()
    filters = form.filters(zone)
    if wants_csv(request):
        return file_of(request, sight, filters)
    before = _before(request.GET.get("cursor", ""))
    found = places(sight, filters, before, ROWS_PER_PAGE + 1)
    shown = found[:ROWS_PER_PAGE]
    following = shown[-1].encode() if len(found) > len(shown) else ""
    log = AuditPage(rows_of(shown), zone, following, before is None)
    return render(request, "portal/audit.html", {"page": log, "form": form})
