"""Decides which sheet of a file is read, where its header is, and whether hidden rows belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from logbook.notices import Notice
from logbook.sheets.options import HiddenRows
from logbook.sheets.questions import Ask, SheetError, SheetQuestion
from logbook.sheets.read import LARGEST_ROWS, Cell, SheetTable

HEADER_WITHIN_ROWS = 50
ALL_SHEETS = "all"
LISTED_NAMES, LONGEST_NAME = 50, 60


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A row below the header: `number` and `sheet` say where a person finds it."""

    number: int
    cells: list[Cell]
    sheet: str = ""

    def cell(self, at: int | None) -> Cell:
        return self.cells[at] if at is not None and at < len(self.cells) else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns by name, and the rows to read."""

    columns: list[str]
    lines: list[SheetLine] = field(repr=False)

    def places(self, name: str) -> list[int]:
        wanted = name.strip().casefold()
        return [i for i, column in enumerate(self.columns) if column.casefold() == wanted]

    def column(self, name: str, argument: str) -> int:
        """The position of a column by name, in upper or lower case. Raises SheetError that lists the columns."""
        places = self.places(name)
        if len(places) == 1:
            return places[0]
        there = listed([repr(column) for column in self.columns if column])
        problem = _("appears %d times") % len(places) if places else _("is not there")
        raise SheetError(
            _("%(argument)s=%(name)r %(problem)s; the columns are %(there)s.")
            % {"argument": argument, "name": name, "problem": problem, "there": there},
            argument,
        )

    def cells(self, at: int | None) -> list[Cell]:
        return [line.cell(at) for line in self.lines]


def lay_out(
    tables: Sequence[SheetTable], names: Sequence[str], *, wanted: str, hidden_rows: HiddenRows, ask: Ask
) -> tuple[Sheet, list[Notice]]:
    """The sheet that has the columns `names`, or the one that the user wants, or all.

    Without such a sheet it is the first one with its first row as header: who looks for a column there gets a message
    with the names. Raises SheetError: no such sheet, no rows, too many rows.
    """
    fitting = {table.name: at for table in tables if (at := _header(table, names)) is not None}
    chosen = _chosen(tables, fitting, wanted, ask)
    sheets = [_sheet(table, fitting.get(table.name, 0)) for table in chosen]
    columns = sheets[0].columns
    lines = [line for sheet in sheets for line in _in_order_of(columns, sheet)]
    hidden = {(table.name, row.number) for table in chosen for row in table.rows if row.is_hidden}
    hidden &= {(line.sheet, line.number) for line in lines}
    is_asked = not wanted and sum(table.name in fitting and not table.is_hidden for table in tables) > 1
    notices = [] if is_asked else _sheets_read(tables, chosen)
    if hidden:
        notices.append(Notice("hidden_rows", {"count": len(hidden)}))
        is_read = hidden_rows
        if hidden_rows is HiddenRows.AUTO:
            words = _("The sheet hides %(count)d rows, by a filter or by hand: leave them out or read them?")
            params = {"count": len(hidden)}
            choices = (HiddenRows.SKIP, HiddenRows.READ)
            is_read = ask(SheetQuestion("hidden_rows", "hidden_rows", words % params, choices, params))
        if is_read is HiddenRows.SKIP:
            lines = [line for line in lines if (line.sheet, line.number) not in hidden]
    if not lines:
        raise SheetError(_("The file has no rows below its header."))
    if len(lines) > LARGEST_ROWS:
        raise SheetError(_("The file has more than %d rows: split it.") % LARGEST_ROWS)
    return Sheet(columns, lines), notices


def _header(table: SheetTable, names: Sequence[str]) -> int | None:
    """The place of the first row that has all the names: titles and addresses may stand above it."""
    wanted = {name.strip().casefold() for name in names}
    for at, row in enumerate(table.rows[:HEADER_WITHIN_ROWS]):
        if wanted <= {_text(cell).casefold() for cell in row.cells}:
            return at
    return None


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _chosen(tables: Sequence[SheetTable], fitting: dict[str, int], wanted: str, ask: Ask) -> list[SheetTable]:
    named = [table for table in tables if table.name.casefold() == wanted.strip().casefold()] if wanted else []
    if named:
        return named
    fit = [table for table in tables if table.name in fitting and not table.is_hidden]
    if wanted and wanted.casefold() != ALL_SHEETS:
        there = listed([repr(table.name) for table in tables])
        words = _("sheet=%(name)r is not there; the sheets are %(there)s.") % {"name": wanted, "there": there}
        raise SheetError(words, "sheet")
    if len(fit) <= 1 or wanted:
        return fit or [table for table in tables if table.name in fitting][:1] or [tables[0]]
    names = [table.name for table in fit]
    answer = ask(
        SheetQuestion(
            "sheet",
            "several_sheets",
            _("The workbook has %(count)d sheets with these columns (%(sheets)s): name one of them, or all.")
            % {"count": len(fit), "sheets": listed(names)},
            (*names, ALL_SHEETS),
            {"sheets": names},
        )
    )
    return fit if answer == ALL_SHEETS else [table for table in fit if table.name == answer]


def _sheet(table: SheetTable, header: int) -> Sheet:
    columns = [_text(cell) for cell in table.rows[header].cells]
    return Sheet(columns, [SheetLine(row.number, row.cells, table.name) for row in table.rows[header + 1 :]])


def _in_order_of(columns: list[str], sheet: Sheet) -> list[SheetLine]:
    """The lines of a further sheet with their cells where the first sheet has them."""
    if sheet.columns == columns:
        return sheet.lines
    places = [next(iter(sheet.places(name)), None) for name in columns]
    width = len(sheet.columns)
    return [
        SheetLine(line.number, [*(line.cell(at) for at in places), *line.cells[width:]], line.sheet)
        for line in sheet.lines
    ]


def _sheets_read(tables: Sequence[SheetTable], chosen: list[SheetTable]) -> list[Notice]:
    """Which sheets of a workbook were read, where it has several."""
    names = [table.name for table in chosen]
    read, others = listed(names), listed([table.name for table in tables if table.name not in names])
    if others:
        return [Notice("sheets_unread", {"sheet": read, "others": others})]
    return [Notice("sheets_read", {"sheet": read})] if len(names) > 1 else []


def filled(cells: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell not in (None, "")]


def has_more_cells(sheet: Sheet, line: SheetLine) -> bool:
    return len(line.cells) > len(sheet.columns) and bool(filled(line.cells[len(sheet.columns) :]))


def listed(names: Sequence[str]) -> str:
    """Names in a message: a hostile file has as many, and as long, as it likes."""
    shown = [name[:LONGEST_NAME] for name in names[:LISTED_NAMES]]
    more = len(names) - len(shown)
    return ", ".join([*shown, _("and %d more") % more] if more else shown)
