"""The questions that a page asks before it stores an unusual amount, or the same energy a second time.

Which amounts are asked about is in `logbook/plausibility.py` and `logbook/queries.py`; here are words and answers.
"""

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from energy.choices import EntryKind
from energy.models import EnergyEntry
from logbook.notices import ASKED
from portal.amounts import Entry, amount_label, unit_label
from portal.log_form.form import LogForm, LogRow, Question

THEIRS, MINE, BOTH, KEEP, CHANGE, MEANT = "theirs", "mine", "both", "keep", "change", "meant"


def asked_of(entry: Entry) -> list[dict[str, Any]]:
    """The stored warnings of an entry that a person has to answer."""
    return [notice for notice in entry.all_warnings if notice["code"] in ASKED]


def question_about(user: User, form: LogForm, row: LogRow, entry: Entry) -> Question | None:
    """The first question about a new entry that is not answered yet."""
    for notice in asked_of(entry):
        code, params = notice["code"], notice["params"]
        if code == "overlaps":
            if form.answered(row, code) not in (BOTH, CHANGE):
                return _which(user, form, row, entry, params["entry"])
        elif form.answered(row, code) not in (KEEP, CHANGE) and not row.is_nothing:
            return _unusual(row, code, params)
    return None


def question_words(code: str, params: dict[str, Any]) -> tuple[str, str]:
    """The question about an unusual amount, and what is compared in it."""
    shown = {name: unit_label(value) if name == "unit" else value for name, value in params.items()}
    sentences = {
        "above_usual": _("This is more than three times your usual amount. Is it correct?"),
        "below_usual": _("This is less than a third of your usual amount. Is it correct?"),
        "zero_unusual": _("You usually have some of this every day. Was there really none?"),
        "above_capacity": _("This is much even for a large site. Is it correct?"),
    }
    details = {
        "above_usual": _("%(amount)s %(unit)s a day; three times your usual maximum of the last 28 days is %(limit)s."),
        "below_usual": _("%(amount)s %(unit)s a day; a third of your usual minimum of the last 28 days is %(limit)s."),
        "zero_unusual": _("Usual is %(usual)s %(unit)s a day; none of the last 28 days had 0."),
        "above_capacity": _("%(amount)s %(unit)s a day; a large site has up to %(limit)s."),
    }
    return sentences[code], details[code] % shown


def _unusual(row: LogRow, code: str, params: dict[str, Any]) -> Question:
    sentence, detail = question_words(code, params)
    options = [(KEEP, _("Yes, keep")), (CHANGE, _("Change"))]
    # The suggestion is about what a meter counted, not about the reading that was typed.
    if params.get("suggestion") and row.kind != EntryKind.METER_READING:
        meant = _suggested_label(params["suggestion"])
        detail = " ".join([detail, _("Did you mean %(suggestion)s?") % {"suggestion": meant}])
        options.insert(0, (f"{MEANT}@{params['suggestion']}", _("I meant %s") % meant))
    return Question(row.name, code, sentence, detail, tuple(options))


def _suggested_label(suggestion: str) -> str:
    amount, _space, unit = suggestion.partition(" ")
    return f"{amount} {unit_label(unit)}"


def take_suggestion(form: LogForm, row: LogRow) -> None:
    """Write the suggested amount into the row, when that was the answer."""
    for code in ASKED:
        answer = form.answered(row, code)
        if answer.startswith(f"{MEANT}@"):
            text, _space, unit = answer.partition("@")[2].partition(" ")
            with suppress(InvalidOperation):  # a text that no form of ours has sent
                row.text, row.unit, row.amount = text, unit, Decimal(text)
            return


# --- The same twice ----------------------------------------------------------------------------
def _which(user: User, form: LogForm, row: LogRow, entry: Entry, other_id: int) -> Question | None:
    if isinstance(entry, EnergyEntry) and entry.kind == EntryKind.METER_READING:
        entry = entry.consumption
    rows: Any = type(entry).objects
    other = rows.filter(pk=other_id, factory=form.factory).first()
    if other is None:
        return None
    words = {"label": row.spec.label, "day": form.day.label, "theirs": amount_label(other), "mine": amount_label(entry)}
    if other.recorded_by_id == user.pk:
        sentence = (
            _("You already logged %(label)s for %(day)s: %(theirs)s. Now: %(mine)s. Which one is correct?") % words
        )
    else:
        sentence = (
            _("Another person logged %(label)s for %(day)s: %(theirs)s. Yours: %(mine)s. Which one is correct?") % words
        )
    options = [(THEIRS, _("Keep %s") % amount_label(other))]
    if _replaceable(other, entry):
        options.append((f"{MINE}@{other.pk}", _("Keep %s") % amount_label(entry)))
    options.append((BOTH, _("Keep both: they add up")))
    return Question(row.name, "overlaps", sentence, "", tuple(options))


def _replaceable(other: Entry, entry: Entry) -> bool:
    """One day's entry does not replace a bill or the row of a sheet."""
    same_period = (other.period_start, other.period_end) == (entry.period_start, entry.period_end)
    return same_period and other.origin == "entry"
