"""Warnings on entries that are stored all the same: the rules for every entry, and the texts of all warnings.

An entry keeps a notice as code and params; the sentence is made when somebody reads it, in their language.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lib.decimals import plain
from logbook.queries import overlapping

# Warnings that a form asks about before it stores an entry.
ASKED = ("above_usual", "below_usual", "zero_unusual", "above_capacity", "overlaps")


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: programs read `code` and `params`, people `words`."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        return {"code": self.code, "params": self.params}


def shown(stored: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored notices with their sentences, as the API answers them."""
    return [{**notice, "message": words(notice["code"], notice["params"])} for notice in stored]


def words(code: str, params: dict[str, Any]) -> str:
    """The sentence of a notice, in the reader's language."""
    texts = _texts()
    if code not in texts:
        return code
    sentences = [texts[code] % params]
    if params.get("suggestion"):
        sentences.append(_("Did you mean %(suggestion)s?") % params)
    if "row" in params:
        sentences.insert(0, _("%(count)s rows need a look, the first is row %(row)s.") % params)
    return " ".join(sentences)


def _texts() -> dict[str, str]:
    return {
        "above_usual": _(
            "amount=%(amount)s %(unit)s a day is above %(limit)s %(unit)s, three times the usual maximum of the last "
            "28 days; check the number and the unit."
        ),
        "below_usual": _(
            "amount=%(amount)s %(unit)s a day is below %(limit)s %(unit)s, a third of the usual minimum of the last "
            "28 days; check the number and the unit."
        ),
        "zero_unusual": _(
            "amount=0: usual is %(usual)s %(unit)s a day, and none of the last 28 days had 0; check whether there was "
            "really none."
        ),
        "above_capacity": _(
            "amount=%(amount)s %(unit)s a day is above %(limit)s %(unit)s, which is much even for a large site of this "
            "kind; check the number and the unit, or state the capacity of the site."
        ),
        "overlaps": _(
            "Somebody already logged %(amount)s %(unit)s for this time (entry %(entry)s). Delete one of the two "
            "entries if they are the same."
        ),
        "out_turn_outside_band": _(
            "%(ratio)s kg of made tea per kg of green leaf is outside the usual %(low)s to %(high)s; check both "
            "amounts, their units and the times."
        ),
        "factor_of_earlier_year": _(
            "There is no grid factor for %(on)s yet: the factor of %(valid_from)s is used. A changed factor will be "
            "shown."
        ),
        "factor_changes_in_period": _(
            "The factor changes on %(valid_to)s, within the period: the factor of the first day is used. Split the "
            "entry at that date."
        ),
        "factor_of_boilers": _("There is no factor for this fuel in vehicles: that of boilers is used."),
        "other_basis": _("There is no electricity factor of the chosen basis: another one is used."),
        "m3_taken_as_stacked": _("m3 of wood was taken as stacked (stere), air between the logs included."),
        "moisture_default": _("Moisture was not given: CO2 and heat are those of wood of %(percent)s %% moisture."),
        "outside_band": _(
            "%(ratio)s %(unit)s per kg of made tea is outside the usual %(low)s to %(high)s; check the amount, the "
            "unit and the production of that time."
        ),
    } | _texts_of_sheets()


def _texts_of_sheets() -> dict[str, str]:
    """What an import says of a whole sheet."""
    return {
        "overlaps_logged": _(
            "Somebody already logged the same for their time (first: entry %(entry)s). Delete what is there twice."
        ),
        "overlaps_in_file": _("%(count)s rows begin before the row before them ends; the first at %(first)s."),
        "rounded": _("%(count)s values were rounded to %(step)s, half to even."),
        "hidden_rows": _("The sheet hides %(count)s rows, by a filter or by hand."),
        "sheets_unread": _(
            "The sheet %(sheet)s was read, and %(others)s not. To read another one, or all, give sheet."
        ),
        "sheets_read": _("These sheets were read: %(sheet)s."),
        "rows_of_one_time": _(
            "%(count)s rows share their time with another row and were kept as entries of their own (first: rows "
            "%(first)s and %(second)s). Delete what is there twice."
        ),
        "columns_unused": _("These columns were not used: %(columns)s."),
        "gaps": _("%(count)s periods are missing between the first and the last; the first at %(first)s."),
    }


# --- Rules -------------------------------------------------------------------------------------
def overlap(entry: Any, others: QuerySet[Any]) -> Notice | None:
    """Another entry of the same kind overlaps the period of this one; the warning names the newest one."""
    other = overlapping(others, entry.period_start, entry.period_end).order_by("-id").first()
    if other is None:
        return None
    return Notice("overlaps", {"amount": plain(other.amount), "unit": other.unit, "entry": other.pk})


def outside_band(code: str, ratio: Decimal, low: Decimal, high: Decimal, *, step: str, **params: str) -> Notice | None:
    """A ratio of two amounts outside the usual range of the industry."""
    if low <= ratio <= high:
        return None
    return Notice(code, {"ratio": plain(ratio.quantize(Decimal(step))), **params, "low": str(low), "high": str(high)})
