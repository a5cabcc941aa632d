"""What an answer discloses: raw readings or a file. `marked` notes it on the response; the audit log records it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _

R = TypeVar("R", bound=HttpResponseBase)


class ReadKind(models.TextChoices):
    READINGS = "readings", _("raw readings")
    LIVE = "live", _("live readings")
    EXPORT = "export", _("a file")
    PAGE = "page", _("opened by an auditor")


@dataclass(slots=True)
class Read:
    """`rows`: None while they are still being sent; `sent` is then called with their number at the end."""

    kind: ReadKind
    rows: int | None = None
    sent: Callable[[int], object] = lambda _rows: None


def marked(response: R, kind: ReadKind, rows: int | None = None) -> R:
    response.read = Read(kind, rows)  # type: ignore[attr-defined]
    return response


def read_of(response: Any) -> Read | None:
    return getattr(response, "read", None)
