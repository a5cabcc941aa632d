"""The evidence of a row on its page: `{% evidence "energy_entry" entry.pk %}`."""

from typing import Any

from django import template
from django.core.exceptions import PermissionDenied
from django.http import Http404

from logbook.evidence import MOST_FILES, SUBJECTS, files_of

register = template.Library()


@register.inclusion_tag("components/_evidence.html", takes_context=True)
def evidence(context: dict[str, Any], about: str, about_id: int) -> dict[str, Any]:
    """Its files, and the form for those who may write the row. The page has checked who may read it."""
    request = context["request"]
    try:
        SUBJECTS[about].find(request.user, about_id, SUBJECTS[about].writes)
    except (Http404, PermissionDenied):
        may_write = False
    else:
        may_write = True
    files = list(files_of(about, [about_id]))
    return {
        "files": files,
        "about": about,
        "about_id": about_id,
        "may_write": may_write,
        "may_add": may_write and len(files) < MOST_FILES,
        "back": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }
