"""The only place that rounds a number we keep: float to integer micrograms, anything to Decimal kg.

Lives here: the crossing from physics (float) to record (int, Decimal), always half to even.
Does not live here: rounding for the screen (the template filter), significant digits of reports.

Why integers: sums of integers do not depend on their order, so minutes, hours and days add up to the same bits whatever
order the readings came in. A microgram is 1e-9 kg; a 64-bit column holds 9.2e9 kg of it.
"""

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal

MICROGRAMS_PER_KG = 1_000_000_000

# A context of its own: a caller that changes the thread's decimal context must not change a report.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_KG_STEP = Decimal("0.000001")


def micrograms_from_kg(kg: float | Decimal) -> int:
    """Return a mass [kg] as whole micrograms, half to even.

    Parameters: ``kg`` mass [kg]. Returns: mass [microgram].

    Raises: ValueError for what is not a finite number.
    Notes: For a float, ``round(kg * 1e9)``: the product is the nearest double, the same on every machine; halves go to
    the even neighbour.
    """
    if not math.isfinite(kg):
        raise ValueError(f"kg={kg} kg is not a finite number; a missing mass is None, not {kg}")
    if isinstance(kg, Decimal):
        return int(_EXACT.to_integral_value(_EXACT.multiply(kg, Decimal(MICROGRAMS_PER_KG))))
    return round(kg * 1e9)


def decimal_kg_from_micrograms(micrograms: int) -> Decimal:
    """Return whole micrograms as a number of record: kilograms with 6 decimals, half to even."""
    return decimal_kg(_EXACT.divide(Decimal(micrograms), Decimal(MICROGRAMS_PER_KG)))


def decimal_kg(kg: float | int | Decimal) -> Decimal:
    """Return a mass [kg] as a number of record: Decimal with 6 decimals, half to even.

    Parameters: ``kg`` mass [kg]; a float is taken at its shortest decimal form (0.1 is 0.1, not
    0.1000000000000000055), because that is the number people saw. Returns: mass [kg].

    Raises: ValueError for what is not a finite number.
    """
    if not math.isfinite(kg):
        raise ValueError(f"kg={kg} kg is not a finite number; a missing mass is None, not {kg}")
    exact = Decimal(repr(kg)) if isinstance(kg, float) else Decimal(kg)
    return exact.quantize(_KG_STEP, context=_EXACT)


def decimal_part(amount: Decimal, *, begin: int, end: int, whole: int) -> Decimal:
    """Return the part of an amount that falls on [begin, end) of its period, to 6 decimals.

    Parameters:
    amount : any unit, with at most 6 decimals
    begin, end : times since the period began, 0 to ``whole``
    whole : length of the period, in the same unit of time

    Returns: [unit of ``amount``]
    Raises: ValueError for anything but ``0 <= begin <= end <= whole``, or ``whole`` not above 0.
    Notes: The amount accrued until ``end`` less that until ``begin``, each rounded half to even. So the parts of any
    division of the period sum exactly to the amount, and a part does not depend on the others: a part differs from its
    unrounded value by less than one millionth.
    """
    if not 0 <= begin <= end <= whole or whole <= 0:
        raise ValueError(f"begin={begin}, end={end} lie outside the period 0 to {whole}; clip them first")
    if begin == 0 and end == whole:
        return amount.quantize(_KG_STEP, context=_EXACT)
    return _EXACT.subtract(_accrued(amount, end, whole), _accrued(amount, begin, whole))


def _accrued(amount: Decimal, until: int, whole: int) -> Decimal:
    share = _EXACT.divide(_EXACT.multiply(amount, Decimal(until)), Decimal(whole))
    return share.quantize(_KG_STEP, context=_EXACT)
