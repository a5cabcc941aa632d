"""Prints figures so that each opens "Why this number". Its identity is made in `compliance.explain.identity`."""

from datetime import datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def figure(printed: Any, identity: str) -> SafeString:
    """What is printed, as a link to its card; without an identity, and where nothing is known, it stays as it is."""
    if printed in (None, "") or not identity or "quantity--missing" in str(printed):
        return conditional_escape("" if printed is None else printed)
    return format_html('<a class="why" data-figure="{}" href="{}">{}</a>', identity, explain_url(identity), printed)


@register.simple_tag
def explain_url(identity: str, known_on: datetime | None = None) -> str:
    """Of the card as known at a moment; None: now."""
    known = {} if known_on is None else {"as_known_on": known_on.isoformat()}
    return f"{reverse('explain')}?{urlencode({'figure': identity} | known)}"
