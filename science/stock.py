"""Stock: the expected stock after deliveries and use, compared with the count.

Lives here: the balance of one fuel between two counts. Does not live here: which counts belong to a
month, and kilograms of a stere or a lorry (the ``energy`` app).
"""

from dataclasses import dataclass
from decimal import Decimal

STOCK_TOLERANCE_PCT = Decimal(5)  # [A] of what was used: a month within it is confirmed


@dataclass(frozen=True, slots=True)
class StockBalance:
    """The counts against the log, unrounded."""

    expected_kg: Decimal  # stock by the log; below zero if more was burned than available
    difference_kg: Decimal  # counted less expected: below zero, something was burned and not logged
    difference_pct: Decimal | None  # of what was used; None when nothing was
    is_within: bool


def stock_balance(*, opening_kg: Decimal, received_kg: Decimal, used_kg: Decimal, closing_kg: Decimal) -> StockBalance:
    """Return the difference between a stock count and the stock expected from the log.

    Parameters:
    opening_kg, closing_kg : counted at the start and at the end [kg]
    received_kg, used_kg : logged between the two counts [kg]

    Returns: [kg], [%]
    Raises: ValueError for a mass that is negative or not finite.
    Notes: ``expected = opening + received - used``; ``difference = closing - expected``, in % of what was used. If
    nothing was used, any difference is outside.
    Source: own choice [A] of the 5 %.
    """
    for name, value in (
        ("opening_kg", opening_kg),
        ("received_kg", received_kg),
        ("used_kg", used_kg),
        ("closing_kg", closing_kg),
    ):
        if not value.is_finite() or value < 0:
            raise ValueError(f"{name}={value} kg is not a finite number of at least 0 kg; check the entry")
    expected_kg = opening_kg + received_kg - used_kg
    difference_kg = closing_kg - expected_kg
    difference_pct = 100 * difference_kg / used_kg if used_kg else None
    return StockBalance(
        expected_kg=expected_kg,
        difference_kg=difference_kg,
        difference_pct=difference_pct,
        is_within=abs(difference_kg) * 100 <= STOCK_TOLERANCE_PCT * used_kg,
    )
