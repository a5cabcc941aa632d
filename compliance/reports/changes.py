"""What a supplementary version changes: each field of the report before and after, and the causes in the records."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from compliance.formats.json import read
from compliance.known.causes import words_of
from compliance.known.diff import diff
from compliance.models import ComplianceReport
from compliance.reports.content import Content, Field
from factories.models import Factory
from lib.decimals import plain


def fields_of(content: Content) -> Iterator[Field]:
    for section in content.sections:
        yield from section.fields


def changes_between(old: ComplianceReport, new: Content) -> tuple[dict[str, Any], ...]:
    """A row for each field that differs, in the order of the new report; those that it has no more come last."""
    before = {field.code: field for field in fields_of(read(bytes(old.content)))}
    after = {field.code: field for field in fields_of(new)}
    rows = []
    for code in [*after, *(code for code in before if code not in after)]:
        was, now = before.get(code), after.get(code)
        values = [field.value if field else None for field in (was, now)]
        if values[0] != values[1]:
            shown = now or was
            assert shown is not None
            sides = {"before": values[0], "after": values[1]}
            rows.append({"code": code, "what": shown.label, "unit": shown.unit, **sides})
    return tuple(rows)


def causes_between(
    old: ComplianceReport, sites: Iterable[Factory], known_on: datetime, gwp_set: str
) -> tuple[dict[str, Any], ...]:
    """A row for each cause since the old version: who did what when, and what it makes of the CO2e and of the wood."""
    found = diff(sites, old.period_start, old.end_day, old.known_on, known_on, gwp_set=gwp_set)
    rows: list[dict[str, Any]] = []
    for one in found.causes:
        told, effect = one.told, one.effect
        because = [words_of(told), told.by, told.reason]
        rows.append(
            {
                "code": told.code,
                "what": _("Cause"),
                "cause": "; ".join(part for part in because if part),
                "at": told.at.isoformat() if told.at else "",
                "co2e_kg": plain(effect.scope_1_kg + effect.scope_2_location_kg) if effect else None,
                "biogenic_co2_kg": plain(effect.biogenic_co2_kg) if effect else None,
            }
        )
    return tuple(rows)
