"""Walks from a figure down to what was typed and measured, and checks each card on the way."""

from accounts.models import User
from compliance.explain.card import Card
from compliance.explain.explain import explain
from compliance.explain.sites import Book


def walk(figure: str, user: User, book: Book, *, seen: dict[str, Card] | None = None, most: int = 4) -> dict[str, Card]:
    """The cards of a figure and of its operands, of each list the first ones. Each recomputes to what it says."""
    seen = {} if seen is None else seen
    if figure in seen:
        return seen
    card = seen[figure] = explain(figure, user, book=book)
    assert card.is_identical, f"{figure}: {card.value} is not {card.recomputed} = {card.expression} of {card.operands}"
    by_symbol: dict[str, int] = {}
    for operand in card.operands:
        by_symbol[operand.symbol] = by_symbol.get(operand.symbol, 0) + 1
        if operand.figure and by_symbol[operand.symbol] <= most:
            below = walk(operand.figure, user, book, seen=seen, most=most)[operand.figure]
            assert below.value == operand.value, f"{figure}: {operand} is not {below.value} of its card"
    return seen
