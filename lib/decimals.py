"""Decimals as people read them. Rounding what we keep is in `science/rounding.py`."""

from decimal import Decimal, localcontext

_PRECISION = 60


def plain(number: Decimal) -> str:
    """Without an exponent and without the trailing zeros of its column."""
    with localcontext() as context:
        context.prec = _PRECISION
        return f"{number.normalize():f}"
