"""The evaluator of cards, and the same formula in a spreadsheet (read by the library `formulas`)."""

from decimal import Decimal
from typing import Any

import formulas
import pytest

from compliance.explain.formula import FormulaError, evaluate, spreadsheet

VALUES = {"a": [Decimal("7.5")], "b": [Decimal("-2")], "d": [Decimal(4), Decimal("0.1"), Decimal(9)]}


def in_a_sheet(text: str) -> float:
    result: Any = formulas.Parser().ast(text)[1].compile()()
    return float(getattr(result, "item", lambda: result)())


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a / b * 1000", "-3750"),
        ("SUM(d)", "13.1"),
        ("MEDIAN(d)", "4"),
        ("ROUND(SUM(d) / a, 6)", "1.746667"),
        ("IF(a >= 0.8 * SUM(d), 1, 0)", "0"),
        ("a - b * MIN(1, a / b) + MAX(d)", "9"),
        ("-(a - b) * 2", "-19"),
    ],
)
def test_formula_gives_the_same_here_and_in_a_spreadsheet(expression: str, value: str) -> None:
    assert evaluate(expression, VALUES) == Decimal(value)

    assert in_a_sheet(spreadsheet(expression, VALUES)) == pytest.approx(float(value), rel=1e-12)  # doubles


def test_more_values_than_a_function_takes_are_nested() -> None:
    values = {"d": [Decimal(number) for number in range(1, 601)]}

    text = spreadsheet("SUM(d)", values)

    assert text.startswith("=SUM(SUM(1,2,3")
    assert in_a_sheet(text) == evaluate("SUM(d)", values) == 600 * 601 / 2


@pytest.mark.parametrize(
    "expression", ["d / a", "x", "__import__('os')", "a ** b", "a.real", "a if b else d", "SUM(a)(b)"]
)
def test_what_is_no_formula_is_refused(expression: str) -> None:
    with pytest.raises(FormulaError):
        evaluate(expression, VALUES)
