"""What a supplementary version changes: each field of the report before and after, and the causes in the records."""

from collections.abc import Iterator
from typing import Any

from compliance.formats.json import read
from compliance.models import ComplianceReport
from compliance.reports.content import Content, Field


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
            rows.append({"kind": "field", "code": code, "label": shown.label, "unit": shown.unit, **sides})
    return tuple(rows)
