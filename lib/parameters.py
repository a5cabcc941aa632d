"""Parameters of a query string: how the schema describes them, and how they are read."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg import openapi

from lib.errors import invalid

YES, NO = ("true", "1", "True"), ("false", "0", "False")


def parameter(name: str, description: str, **extra: Any) -> openapi.Parameter:
    """Text, unless `type` says otherwise."""
    return openapi.Parameter(name, openapi.IN_QUERY, description=description, **({"type": openapi.TYPE_STRING} | extra))


KNOWN_ON = parameter(
    "as_known_on", "with what was known at this moment, ISO 8601 with offset; a date: the end of that day at the site"
)
AS_CSV = parameter("as", "csv: the whole list as a file", enum=["csv"])


def chosen(parameters: Any, name: str, choices: Sequence[str]) -> str:
    """One of `choices`, or empty. Raises ApiError 400 that names them. A view of the API calls it for the `enum` of its
    parameters before it answers."""
    value: str = parameters.get(name, "")
    if value and value not in choices:
        raise invalid(
            name,
            "invalid_choice",
            _("%(name)s=%(value)r is unknown; use one of %(choices)s.")
            % {"name": name, "value": value, "choices": ", ".join(choices)},
        )
    return value


def flag(parameters: Any, name: str) -> bool:
    """`true` or `false`; false when it is not given. Raises ApiError 400 for anything else, which could mean either."""
    return chosen(parameters, name, (*YES, *NO)) in YES


def flag_filter(**options: Any) -> filters.TypedChoiceFilter:
    """Filters by `true` or `false`. django-filter's own takes any other word for no filter."""
    return filters.TypedChoiceFilter(choices=[(word, word) for word in (*YES, *NO)], coerce=YES.__contains__, **options)


def require_forward(start: date | None, end: date | None) -> None:
    """Raise ApiError 400 on `to` when a period ends before it begins."""
    if start is not None and end is not None and start >= end:
        raise invalid("to", "period_backward", _("to=%s is not after from.") % end.isoformat())
