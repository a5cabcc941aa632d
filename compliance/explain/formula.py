"""Evaluates the formula of a card from its operands alone, and writes it for a spreadsheet. Knows nothing of emissions.

A formula is an arithmetic expression over symbols, like `a / b * 1000` or `ROUND(SUM(d), 6)`, in the words that
spreadsheets and Python share. A symbol inside a function may stand for many values. Decimal, 60 digits.
"""

import ast
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

Values = Mapping[str, Sequence[Decimal]]
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_ARITHMETIC: dict[type, Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type, Callable[[Decimal, Decimal], bool]] = {ast.GtE: operator.ge, ast.Lt: operator.lt}
_MOST_ARGUMENTS = 255  # of a function in a spreadsheet
LONGEST_SHEET_FORMULA = 8192


def _rounded(amount: Decimal, places: Decimal) -> Decimal:
    return round(amount, int(places))


_FUNCTIONS: dict[str, Callable[..., Decimal]] = {
    "SUM": lambda *values: sum(values, Decimal(0)),
    "MIN": min,
    "MAX": max,
    "MEDIAN": lambda *values: statistics.median(values),
    "ROUND": _rounded,
    "IF": lambda condition, yes, no: yes if condition else no,
}


class FormulaError(ValueError):
    """The formula uses what it may not, or a symbol without a value."""


def evaluate(expression: str, values: Values) -> Decimal:
    """The result. Raises FormulaError, ZeroDivisionError (decimal)."""
    with localcontext(_EXACT):
        (result,) = _values(ast.parse(expression, mode="eval").body, values)
        return result


def _values(node: ast.expr, values: Values) -> list[Decimal]:
    match node:
        case ast.Constant(value=int() | float() as number):
            return [Decimal(repr(number))]
        case ast.Name(id=symbol) if symbol in values:
            return list(values[symbol])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [-_one(operand, values)]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return [_ARITHMETIC[type(op)](_one(left, values), _one(right, values))]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            return [Decimal(_COMPARISONS[type(op)](_one(left, values), _one(right, values)))]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return [_FUNCTIONS[name](*(value for argument in arguments for value in _values(argument, values)))]
    raise FormulaError(ast.unparse(node))


def _one(node: ast.expr, values: Values) -> Decimal:
    found = _values(node, values)
    if len(found) != 1:
        raise FormulaError(f"{ast.unparse(node)} stands for {len(found)} values")
    return found[0]


class _Filled(ast.NodeTransformer):
    """Puts numbers where symbols stand. A name is written as it is, so a number may be one."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._numbers(node)[0]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        numbers: list[ast.expr] = []
        for argument in node.args:
            numbers += self._numbers(argument) if isinstance(argument, ast.Name) else [self.visit(argument)]
        while len(numbers) > _MOST_ARGUMENTS:
            parts = [numbers[at : at + _MOST_ARGUMENTS] for at in range(0, len(numbers), _MOST_ARGUMENTS)]
            numbers = [ast.Call(node.func, part, []) for part in parts]
        return ast.Call(node.func, numbers, [])

    def _numbers(self, node: ast.Name) -> list[ast.expr]:
        texts = [f"{value:f}" for value in self.values[node.id]]
        return [ast.Name(f"({text})" if text.startswith("-") else text) for text in texts]


def spreadsheet(expression: str, values: Values) -> str:
    """`=SUM(1.5, 2) / 3`: the formula with its values, for a cell. Empty when a cell cannot hold so much."""
    filled = _Filled(values).visit(ast.parse(expression, mode="eval").body)
    text = "=" + ast.unparse(ast.fix_missing_locations(filled)).replace(" ", "")
    return text if len(text) <= LONGEST_SHEET_FORMULA else ""
