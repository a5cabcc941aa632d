"""PACT 3.0.0 JSON: of a product footprint alone. What it needs and the report lacks is an error that names it."""

import json
from datetime import datetime

from django.utils.translation import gettext as _

from compliance.formats.stamp import NONE, Stamp
from compliance.reports.content import Content
from compliance.schemes import pact
from lib.errors import ApiError


def render(content: Content, made_at: datetime, stamp: Stamp = NONE) -> bytes:
    """Raises ApiError 400."""
    try:
        document = pact.export(content, created=made_at)
    except pact.PactError as error:
        words = _("PACT needs what this report does not say: %(problems)s.") % {"problems": "; ".join(error.problems)}
        raise ApiError(400, "not_for_pact", words) from None
    return json.dumps(document, indent=2, ensure_ascii=False).encode()
