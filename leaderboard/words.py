"""Texts of the leaderboard: places as ordinals and ranges, figures with their unit, changes as sentences."""

import math

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from factories.days import day_label
from factories.sectors import Sector
from leaderboard.choices import Comparison
from leaderboard.metrics import Metric
from leaderboard.places import Leaderboard, Row
from science.intensity import Change
from science.ranking import Place


def ordinal(number: int) -> str:
    """`8th`; other languages have their own form."""
    tens, ones = divmod(number % 100, 10)
    if tens != 1 and ones == 1:
        text = pgettext("place", "%(number)dst")
    elif tens != 1 and ones == 2:
        text = pgettext("place", "%(number)dnd")
    elif tens != 1 and ones == 3:
        text = pgettext("place", "%(number)drd")
    else:
        text = pgettext("place", "%(number)dth")
    return text % {"number": number}


def place_words(place: Place) -> str:
    text = _("shared %(place)s") if place.is_shared else "%(place)s"
    return text % {"place": ordinal(place.place)}


def range_words(place: Place) -> str:
    """`5th-14th`; empty if best and worst place are the same."""
    if place.best == place.worst:
        return ""
    return f"{ordinal(place.best)}–{ordinal(place.worst)}"


def digits(value: float | None, metric: Metric, sector: Sector) -> str:
    """A figure per unit of product; with one decimal if the unit is a tonne."""
    if value is None:
        return "–"
    return f"{value:,.{metric.decimals if sector.kg_per_unit == 1 else 1}f}"


def percent_of(pct: float) -> str:
    """A change in percent with its sign; the minus is the true minus character."""
    value = round(pct, 1)
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{abs(value):g} %"


def gap_sentence(row: Row) -> str:
    """`3 missing days cost 1.1 %.` For users who can add them, and for users who can ask for them."""
    if not row.gap_days or row.gap_cost is None:
        return ""
    text = ngettext("%(count)d missing day costs %(cost)s.", "%(count)d missing days cost %(cost)s.", row.gap_days)
    return text % {"count": row.gap_days, "cost": f"{max(0.0, 100 * row.gap_cost):.1f} %"}


def held_sentence(row: Row) -> str:
    if not row.held_days:
        return ""
    text = ngettext(
        "%(count)d day is above what a factory can use and counts as that limit. Check its entry.",
        "%(count)d days are above what a factory can use and count as that limit. Check their entries.",
        row.held_days,
    )
    return text % {"count": row.held_days}


def awaited_sentence(row: Row) -> str:
    if row.awaited_until is None:
        return ""
    text = _("The electricity bill is awaited until %(day)s. Its days count at the site's own use per kg until then.")
    return text % {"day": day_label(row.awaited_until)}


def idle_sentence(row: Row, sector: Sector) -> str:
    if not row.idle_made_days:
        return ""
    text = ngettext(
        "%(product)s was made on %(count)d day without a fire in the stack. Check the sensor.",
        "%(product)s was made on %(count)d days without a fire in the stack. Check the sensor.",
        row.idle_made_days,
    )
    return text % {"product": capfirst(str(sector.product_name)), "count": row.idle_made_days}


def change_sentence(change: Change, compared: Comparison, *, with_grid: bool) -> str:
    """The change and its period; the grid's effect is shown apart, because the site did not cause it."""
    text = ngettext(
        "%(change)s against the same %(days)d day a year before",
        "%(change)s against the same %(days)d days a year before",
        compared.days,
    )
    words = text % {"change": percent_of(100.0 * change.relative), "days": compared.days}
    if with_grid and not math.isclose(change.grid_effect, 0.0, abs_tol=5e-4):
        words = _("%(change)s; the grid alone: %(grid)s") % {
            "change": words,
            "grid": percent_of(100.0 * change.grid_effect),
        }
    return words


def compared_label(compared: Comparison) -> str:
    """Explains what "change" compares."""
    return ngettext(
        "Change: the last %(days)d day against the same day a year before, with the grid as it was.",
        "Change: the last %(days)d days against the same days a year before, with the grid as it was.",
        compared.days,
    ) % {"days": compared.days}


def place_sentence(board: Leaderboard, place: Place) -> str:
    """`Shared 8th of 41 in Kericho-Bomet, likely 5th-14th.`"""
    words = place_words(place)
    if board.group.value:
        sentence = _("%(place)s of %(count)d, %(group)s") % {
            "place": words,
            "count": board.placed_count,
            "group": board.group.label,
        }
    else:
        sentence = _("%(place)s of %(count)d") % {"place": words, "count": board.placed_count}
    return sentence[:1].upper() + sentence[1:]
