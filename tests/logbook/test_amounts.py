"""Amounts of a column: what decides a number with two readings, and what nothing decides."""

from decimal import Decimal
from typing import Any

import pytest

from logbook.sheets.amounts import amounts
from logbook.sheets.options import DecimalMark
from logbook.sheets.questions import SheetError
from logbook.sheets.read import Problem


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,5", "2.25", "3"], ["1.5", "2.25", "3"]),
        (["2.070", "0.512"], ["2.070", "0.512"]),
        (["2,070", "3,5"], ["2.070", "3.5"]),
        (["2,070", "1,234,567"], ["2070", "1234567"]),
        (["2,070", "1,234.5"], ["2070", "1234.5"]),
        (["2.070", "1.234,5"], ["2070", "1234.5"]),
        # A column with a decimal point has no decimal comma.
        (["1,234", "987.50"], ["1234", "987.5"]),
        (["1.234", "987,50"], ["1234", "987.5"]),
        (["12.345", "1234.567"], ["12.345", "1234.567"]),
        ([0.1, 7, "1e3", "5."], ["0.1", "7", "1000", "5"]),
        (["-3", "+4"], ["-3", "4"]),
        # Numbers of a workbook have one reading, and say nothing about how its texts are written.
        ([12.345, 11.201], ["12.345", "11.201"]),
        ([12.345, 7], ["12.345", "7"]),
        ([12.345, "1,5"], ["12.345", "1.5"]),
        ([2070.5, "2,070", "3,5"], ["2070.5", "2.070", "3.5"]),
    ],
)
def test_the_column_decides_what_one_cell_leaves_open(cells: list[Any], numbers: list[str]) -> None:
    assert amounts(cells) == [Decimal(number) for number in numbers]


@pytest.mark.parametrize("cells", [["2,070"], ["2.070", "5"], ["12.345", "13.120", ""], [7.5, "2,070"]])
def test_a_column_that_nothing_decides_is_refused_with_both_readings(cells: list[Any]) -> None:
    with pytest.raises(
        SheetError, match=r"can be read two ways; write \d+ or [\d.]+ Or give the decimal mark"
    ) as refused:
        amounts(cells)

    assert refused.value.field == "decimal_mark"


@pytest.mark.parametrize(("mark", "number"), [(DecimalMark.POINT, "2070"), (DecimalMark.COMMA, "2.070")])
def test_somebody_can_say_it_for_the_whole_column(mark: DecimalMark, number: str) -> None:
    assert amounts(["2,070", "5"], mark) == [Decimal(number), Decimal(5)]


@pytest.mark.parametrize(
    ("cells", "mark", "named"),
    [
        (["2,070", "1,234,567", "3,5"], DecimalMark.AUTO, "'1,234,567', '3,5'"),
        (["1,234", "987.50"], DecimalMark.COMMA, "'987.50'"),
        (["1.234", "12.450,5"], DecimalMark.POINT, "'12.450,5'"),
    ],
)
def test_marks_that_contradict_each_other_store_nothing(cells: list[Any], mark: DecimalMark, named: str) -> None:
    with pytest.raises(SheetError, match=f"The numbers are mixed: {named} do not have one") as refused:
        amounts(cells, mark)

    assert refused.value.field == "decimal_mark"


@pytest.mark.parametrize("cell", ["", None, "four", "NaN", True, "1,23,45", "1e400x", float("nan")])
def test_what_is_no_number_says_so(cell: Any) -> None:
    assert isinstance(amounts([cell])[0], Problem)
