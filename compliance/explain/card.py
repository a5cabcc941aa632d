"""The card of a figure: its value, the formula over its operands, and the rungs of the ladder below it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, DecimalException
from typing import Any, NamedTuple

from compliance.explain import formula

# Physics is in floats, whose last digits depend on the order of a sum; a difference below this share is none.
SAME_SHARE = Decimal("1e-9")
STORED = "x"  # the formula of what is read and not computed: the operand itself


@dataclass(frozen=True, slots=True)
class Operand:
    """A number of a formula. `figure` is its own identity; without one it is an input, and `source` says whose."""

    symbol: str
    label: str
    value: Decimal | None
    unit: str = ""
    figure: str = ""
    source: str = ""

    @property
    def shown(self) -> str:
        return "" if self.value is None else shown(self.value)


def shown(value: Decimal) -> str:
    """All digits of a number of record; of physics twelve."""
    text = f"{value:f}" if len(value.as_tuple().digits) <= 20 else f"{value:.12g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


class LinkedRow(NamedTuple):
    cells: tuple[Any, ...]
    figure: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder as a table. `figures` leads from a row to the card of its figure; empty: to none."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    figures: tuple[str, ...] = ()
    note: str = ""

    @property
    def linked(self) -> list[LinkedRow]:
        return [LinkedRow(row, self.figures[at] if self.figures else "") for at, row in enumerate(self.rows)]


@dataclass(frozen=True, slots=True)
class Card:
    """Why a figure is what it is. `value` is what pages print, in `unit`; None: not known."""

    figure: str
    label: str
    unit: str
    value: Decimal | None
    expression: str
    operands: tuple[Operand, ...]
    place: str = ""  # the sites
    period: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    is_at_least: bool = False
    coverage: str = ""
    notes: tuple[str, ...] = ()
    rungs: tuple[Rung, ...] = ()
    as_known_on: datetime | None = None
    values: dict[str, list[Decimal]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        values: dict[str, list[Decimal]] = {}
        for operand in self.operands:
            if operand.value is not None:
                values.setdefault(operand.symbol, []).append(operand.value)
        object.__setattr__(self, "values", values)

    @property
    def shown(self) -> str:
        return "" if self.value is None else shown(self.value)

    @property
    def recomputed(self) -> Decimal | None:
        """The formula over the operands; None where one of them, or the figure, is not known."""
        if self.value is None:
            return None
        try:
            return formula.evaluate(self.expression, self.values)
        except (formula.FormulaError, DecimalException, TypeError):
            return None

    @property
    def difference(self) -> Decimal | None:
        """What the recomputed value has above the printed one; zero: identical. None where only one is known."""
        again = self.recomputed
        if again is None or self.value is None:
            return None if again is not self.value else Decimal(0)
        difference = again - self.value
        return Decimal(0) if abs(difference) <= SAME_SHARE * max(Decimal(1), abs(self.value)) else difference

    @property
    def is_identical(self) -> bool:
        return self.difference == 0

    @property
    def spreadsheet(self) -> str:
        return "" if self.recomputed is None else formula.spreadsheet(self.expression, self.values)

    def with_rungs(self, rungs: Sequence[Rung]) -> "Card":
        return replace(self, rungs=tuple(rung for rung in rungs if rung.rows))
