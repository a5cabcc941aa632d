"""Hints on how a site's log is typed, for HQ: each is put aside with a note."""

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms import show_errors
from accounts.permissions import page, user_of
from accounts.roles import Action
from compliance.typing_patterns import TypingHint, hint_of, put_aside, typing_hints
from lib.errors import ApiError
from portal.requests import factory_of


class NoteForm(forms.Form):
    month = forms.DateField(widget=forms.HiddenInput)
    item = forms.CharField(widget=forms.HiddenInput, max_length=90)
    pattern = forms.CharField(widget=forms.HiddenInput, max_length=12)
    note = forms.CharField(label=gettext_lazy("What you learned"), max_length=300)


def _identity(hint: TypingHint) -> tuple[date, str, str]:
    return hint.month, hint.item, str(hint.found.pattern)


def _form(hint: TypingHint, place: int, sent: Any = None) -> NoteForm:
    values = dict(zip(("month", "item", "pattern"), _identity(hint), strict=True))
    return NoteForm(sent, initial=values | {"note": hint.note.note if hint.note else ""}, auto_id=f"hint-{place}-%s")


@require_http_methods(["GET", "POST"])
@page(Action.SEE_TYPING_HINTS)
def typing_hints_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    factory = factory_of(request, pk, Action.SEE_TYPING_HINTS)
    now = timezone.now()
    sent = NoteForm(request.POST) if request.method == "POST" else None
    asked: tuple[date, str, str] | None = None
    if sent is not None:
        is_valid, data = sent.is_valid(), sent.cleaned_data
        asked = (data.get("month", date.min), data.get("item", ""), data.get("pattern", ""))
        if is_valid:
            try:
                put_aside(user_of(request), hint_of(factory, now, *asked), factory, data["note"])
                return redirect("typing-hints", pk=pk)
            except ApiError as error:
                show_errors(sent, error)
    rows = [
        (hint, _form(hint, place, request.POST if asked == _identity(hint) else None))
        for place, hint in enumerate(typing_hints(factory, now))
    ]
    return render(request, "portal/typing_hints.html", {"factory": factory, "rows": rows, "sent": sent})
