"""Turns the readings of a register that counts up into what was used between them. Pure: no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from django.utils.translation import gettext as _

from lib.decimals import plain
from logbook.registers import counted_between, likely_digits
from logbook.sheets.questions import Ask, SheetQuestion
from logbook.sheets.read import Problem
from logbook.sheets.time_axis import Slot

NOT_ROLLED_OVER = 0


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """`at` is the place of its line in the file."""

    at: int
    instant: datetime
    counted: Decimal


def uses_between(
    readings: Sequence[RegisterReading], digits: int | None, ask: Ask
) -> dict[int, tuple[Slot, Decimal] | Problem | None]:
    """Place of a line -> the use since the reading before it; None for a line where counting starts.

    A register that counts backwards has passed its end (`digits` says where that is) or was replaced: asked about.
    """
    ordered = sorted(readings, key=lambda reading: reading.instant)
    back = [(a, b) for a, b in pairwise(ordered) if b.counted < a.counted]
    if back and digits is None:
        likely = likely_digits(max(reading.counted for reading in ordered))
        params = {"before": plain(back[0][0].counted), "after": plain(back[0][1].counted), "count": len(back)}
        words = _(
            "The register goes back %(count)d times, first from %(before)s to %(after)s: give register_digits, the "
            "digits after which it starts at 0 again; or 0, when it was replaced or reset and the use between is not "
            "known."
        )
        choices = (likely, NOT_ROLLED_OVER)
        digits = ask(SheetQuestion("register_digits", "register_went_back", words % params, choices, params))
    uses: dict[int, tuple[Slot, Decimal] | Problem | None] = {ordered[0].at: None} if ordered else {}
    for before, after in pairwise(ordered):
        uses[after.at] = _use(before, after, digits or NOT_ROLLED_OVER)
    return uses


def _use(before: RegisterReading, after: RegisterReading, digits: int) -> tuple[Slot, Decimal] | Problem | None:
    if before.instant == after.instant:
        return Problem(_("has the same time as another reading of this file; remove one of them"))
    if after.counted < before.counted and digits == NOT_ROLLED_OVER:
        return None
    used = counted_between(before.counted, after.counted, digits)
    if used is None:
        words = _("is below %(before)s of the reading before it, too far for a register of %(digits)d digits")
        return Problem(words % {"before": plain(before.counted), "digits": digits})
    return Slot(before.instant, after.instant), used
