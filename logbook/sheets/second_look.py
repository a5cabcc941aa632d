"""Which rows of a sheet need a look: an unusual amount, or a time for which somebody logged the same. They are stored.

The rules are in `logbook/plausibility.py` and `logbook/queries.py`, shared with every other way an entry comes in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from lib.decimals import plain
from logbook.notices import Notice, words
from logbook.plausibility import PeriodAmount, judged
from logbook.queries import overlapping
from logbook.sheets.rows import RowWarning

if TYPE_CHECKING:  # at run time the import imports this module
    from logbook.sheets.importing import SheetImport
    from logbook.sheets.results import ImportResult
    from logbook.sheets.rows import SheetRow
    from logbook.sheets.time_axis import Slot

    ValuedRow = tuple[SheetRow, Any, tuple[Notice, ...]]


def use_of(plan: SheetImport, row: SheetRow, results: Any) -> PeriodAmount:
    """What a row is compared by; `results` are those of `valued`, or the common quantity itself."""
    quantity = getattr(results, plan.thing_of(results).column, results)
    return PeriodAmount(row.slot.start, row.slot.end, row.amount, row.unit, quantity)


def look_again(plan: SheetImport, rows: Sequence[ValuedRow], result: ImportResult) -> list[ValuedRow]:
    """The rows, each with the notices it needs, which the result lists too. Two queries, whatever their number."""
    if not rows:
        return []
    # The rows of a sheet are values of one kind, so the first one says in what quantity they are compared.
    uses = [use_of(plan, row, results) for row, results, _notices in rows]
    # By the use itself, because a period may have several, like the fills of a day.
    odd = {id(use): notice for use, notice in judged(plan.thing_of(rows[0][1]), uses)}
    overlaps = _overlaps(plan, [row for row, _results, _notices in rows])
    looked = []
    for use, (row, results, notices) in zip(uses, rows, strict=True):
        more = [notice for notice in (odd[id(use)], overlaps.get(row.slot)) if notice is not None]
        for notice in more:
            said = words(notice.code, notice.params)
            _warn(
                result,
                RowWarning(row.number, plan.value_column, plain(row.amount), said, row.sheet, notice.code),
                notice,
            )
        looked.append((row, results, (*notices, *more)))
    return looked


def _warn(result: ImportResult, warning: RowWarning, notice: Notice) -> None:
    """List the row, and count it in one notice for all rows with the same warning."""
    result.row_warnings.append(warning)
    code = "overlaps_logged" if notice.code == "overlaps" else notice.code
    summary = next((one for one in result.notices if one.code == code), None)
    if summary is None:
        summary = Notice(code, notice.params | {"count": 0, "row": warning.row})
        result.notices.append(summary)
    summary.params["count"] += 1


def _overlaps(plan: SheetImport, rows: list[SheetRow]) -> dict[Slot, Notice]:
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
