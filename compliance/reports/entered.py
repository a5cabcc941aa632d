"""Values that people type for a report: read by the kind of their field, bounded, and stored while it is a draft."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.models import ComplianceReport, EnteredValue
from compliance.models.reports import OUT
from compliance.schemes import EnteredField, EnteredKind, schemes
from lib.decimals import plain
from lib.errors import FieldErrors, field_error, invalid_fields
from lib.numbers import NumberError, parse_number

LONGEST_TEXT, MOST_DECIMALS = 2000, 6


class EnteredValueError(ValueError):
    """A value that its field does not take."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def normal(field: EnteredField, typed: str) -> str:
    """The value as it is kept; empty: not provided. Raises EnteredValueError."""
    text = str(typed).strip()
    if not text:
        return ""
    match field.kind:
        case EnteredKind.NUMBER:
            return _number(field, text)
        case EnteredKind.DATE:
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                raise EnteredValueError("invalid_date", _("Write the date like 2026-11-30.")) from None
        case EnteredKind.CHOICE:
            if text not in dict(field.choices):
                known = ", ".join(code for code, _label in field.choices)
                raise EnteredValueError("unknown_choice", _("Use one of %(known)s.") % {"known": known})
    if len(text) > LONGEST_TEXT:
        words = _("The text has %(count)d characters, more than %(limit)d.")
        raise EnteredValueError("too_long", words % {"count": len(text), "limit": LONGEST_TEXT})
    return text


def _number(field: EnteredField, text: str) -> str:
    try:
        number = parse_number(text)
    except NumberError as error:
        raise EnteredValueError(error.code, str(error)) from None
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MOST_DECIMALS:
        words = _("Write at most %(count)d decimals.") % {"count": MOST_DECIMALS}
        raise EnteredValueError("too_many_decimals", words)
    if not field.least <= number <= field.largest:
        words = _("%(value)s %(unit)s is outside %(low)s to %(high)s; check the number or the unit.")
        sides = {"low": plain(field.least), "high": plain(Decimal(field.largest))}
        raise EnteredValueError("out_of_range", words % {"value": plain(number), "unit": field.unit, **sides})
    return plain(number)


def store(user: User, report: ComplianceReport, typed: Mapping[str, Any]) -> None:
    """Store the values of a draft, in the caller's transaction; blank takes one away. Raises ApiError 400 by field."""
    known = {field.code: field for field in schemes()[report.scheme].entered}
    errors: FieldErrors = {}
    values: dict[str, str] = {}
    for code, text in typed.items():
        try:
            if code not in known:
                raise EnteredValueError("unknown_field", _("The scheme has no field of this name."))
            values[code] = normal(known[code], "" if text is None else text)
        except EnteredValueError as error:
            errors[code] = [field_error(error.code, str(error))]
    if errors:
        raise invalid_fields(errors)
    stored = {row.field: row for row in report.entered.all()}
    for code, value in values.items():
        row = stored.get(code)
        if not value and row:
            row.delete()
        elif value and (row is None or row.value != value):
            row = row or EnteredValue(report=report, field=code)
            row.value, row.by, row.at = value, user, timezone.now()
            row.save()


def proposals(report: ComplianceReport) -> dict[str, str]:
    """Of the last published report of the scheme and place, for fields that are blank: a person confirms them."""
    same = {"organisation": report.organisation_id, "factory": report.factory_id, "scheme": report.scheme}
    last = ComplianceReport.objects.filter(state__in=OUT, period_end__lt=report.period_end, **same).first()
    if last is None:
        return {}
    fields = {field.code for field in schemes()[report.scheme].entered if field.is_carried_over}
    blank = fields - set(report.entered.values_list("field", flat=True))
    return dict(last.entered.filter(field__in=blank).values_list("field", "value"))
