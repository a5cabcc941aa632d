"""What a register that counts up has counted between two readings, also past its end. Pure."""

from decimal import Decimal


def counted_between(before: Decimal, after: Decimal, digits: int | None) -> Decimal | None:
    """The count from one reading to the next; None when it went back and no register of so many digits explains it.

    A register of 5 digits stands at 0 again after 99,999. More than half of it in one step is a wrong reading.
    """
    if after >= before:
        return after - before
    limit = Decimal(10) ** (digits or 0)
    counted = after - before + limit
    return counted if digits and before < limit and counted <= limit / 2 else None


def likely_digits(largest: Decimal) -> int:
    """How many digits a register has, as far as its largest reading shows."""
    return len(str(int(largest)))
