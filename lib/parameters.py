"""Parameters of a query string: how the schema describes them, and how they are read."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from drf_yasg import openapi

from lib.errors import invalid


def parameter(name: str, description: str, **extra: Any) -> openapi.Parameter:
    """Text, unless `type` says otherwise."""
    return openapi.Parameter(name, openapi.IN_QUERY, description=description, **({"type": openapi.TYPE_STRING} | extra))


def chosen(parameters: Any, name: str, choices: Sequence[str], usual: str) -> str:
    """One of `choices`. Raises ApiError 400 that names them."""
    value: str = parameters.get(name, usual)
    if value not in choices:
        raise invalid(
            name,
            "invalid_choice",
            _("%(name)s=%(value)r is unknown; use one of %(choices)s.")
            % {"name": name, "value": value, "choices": ", ".join(choices)},
        )
    return value


def require_forward(start: date | None, end: date | None) -> None:
    """Raise ApiError 400 on `to` when a period ends before it begins."""
    if start is not None and end is not None and start >= end:
        raise invalid("to", "period_backward", _("to=%s is not after from.") % end.isoformat())
