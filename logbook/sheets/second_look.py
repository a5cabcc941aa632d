"""Which rows of a sheet need a look: an unusual amount, or a time for which somebody logged the same. They are stored.

The rules are in `logbook/plausibility.py` and `logbook/queries.py`, shared with every other way an entry comes in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from lib.decimals import plain
from logbook.notices import Notice, words
from logbook.plausibility import PeriodAmount, Thing, judged
from logbook.queries import overlapping
from logbook.sheets.rows import RowWarning

if TYPE_CHECKING:  # at run time the import imports this module
    from logbook.sheets.importing import SheetPlan
    from logbook.sheets.results import ImportResult
    from logbook.sheets.rows import SheetRow
    from logbook.sheets.time_axis import Slot

    ValuedRow = tuple[SheetRow, Any, tuple[Notice, ...]]


def use_of(plan: SheetPlan, row: SheetRow, results: Any) -> PeriodAmount:
    """What a row is compared by; `results` are those of `valued`, or the common quantity itself."""
    quantity = getattr(results, plan.thing_of(results).column, results)
    return PeriodAmount(row.slot.start, row.slot.end, row.amount, row.unit, quantity)


def look_again(plan: SheetPlan, rows: Sequence[ValuedRow], result: ImportResult) -> list[ValuedRow]:
    """The rows, each with the notices it needs, which the result lists too. One query for each common quantity and one
    for what overlaps, whatever their number."""
    if not rows:
        return []
    odd = _odd(plan, rows)
    overlaps = _overlaps(plan, [row for row, _results, _notices in rows])
    looked = []
    for row, results, notices in rows:
        more = [notice for notice in (odd.get((row.sheet, row.number)), overlaps.get(row.slot)) if notice is not None]
        for notice in more:
            warn(plan, row, notice, result)
        looked.append((row, results, (*notices, *more)))
    return looked


def warn(plan: SheetPlan, row: SheetRow, notice: Notice, result: ImportResult) -> None:
    """List the row, and count it in one notice for all rows with the same warning."""
    said = words(notice.code, notice.params)
    result.row_warnings.append(
        RowWarning(row.number, plan.value_column, plain(row.amount), said, row.sheet, notice.code)
    )
    code = "overlaps_logged" if notice.code == "overlaps" else notice.code
    summary = next((one for one in result.notices if one.code == code), None)
    if summary is None:
        summary = Notice(code, notice.params | {"count": 0, "row": row.number})
        result.notices.append(summary)
    summary.params["count"] += 1


def _odd(plan: SheetPlan, rows: Sequence[ValuedRow]) -> dict[tuple[str, int], Notice]:
    """Sheet and number of each unusual row -> its warning. Several rows may have one time, and rows of several units
    more than one common quantity."""
    rows_of: dict[Thing, list[tuple[PeriodAmount, SheetRow]]] = defaultdict(list)
    for row, results, _notices in rows:
        rows_of[plan.thing_of(results)].append((use_of(plan, row, results), row))
    odd = {}
    for thing, pairs in rows_of.items():
        row_of = {id(use): row for use, row in pairs}
        for use, notice in judged(thing, [use for use, _row in pairs]):
            if notice is not None:
                row = row_of[id(use)]
                odd[row.sheet, row.number] = notice
    return odd


def _overlaps(plan: SheetPlan, rows: list[SheetRow]) -> dict[Slot, Notice]:
    """Rows that fill a part of the time of an entry that is there."""
    entries = overlapping(
        plan.model._default_manager.filter(plan.overlap_filter(), factory=plan.factory),
        min(row.slot.start for row in rows),
        max(row.slot.end for row in rows),
    )
    columns = ("period_start", "period_end", "pk", plan.amount_column, "unit")
    periods = list(entries.order_by("period_start").values_list(*columns))
    starts = [start for start, *_rest in periods]
    # Look at the entries that start before a row ends: if the last one to end does not overlap the row, none does.
    last_to_end = list(accumulate(((end, *rest) for _start, end, *rest in periods), max))
    overlapped = {}
    for row in rows:
        before = bisect_left(starts, row.slot.end)
        if before and last_to_end[before - 1][0] > row.slot.start:
            _end, pk, stored, unit = last_to_end[before - 1]
            amount = plain(plan.in_entered_unit(stored, unit))
            overlapped[row.slot] = Notice("overlaps", {"amount": amount, "unit": unit, "entry": pk})
    return overlapped
