"""Masses with their uncertainty: how intervals of parts make the interval of a total.

Lives here: adding, scaling, low and high. Does not live here: how large the parts are (`uncertainty.py` for a chimney,
`gaps.py` for hours that were filled).

A systematic error is the same at each hour of its source, so it adds up linearly over time within a source, and in
quadrature between sources. An error of a gap is new at each gap, so its variance adds up. Splitting a period therefore
keeps the interval of the whole (ISO GUM 5.2.2).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from science.rounding import decimal_kg
from science.uncertainty import COVERAGE_FACTOR

_NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class UncertainMass:
    """A mass [kg] with its errors, both as one standard deviation.

    likely_kg : the figure of record
    systematic_kg : [kg] by source of error, like "stack 12" or "factor diesel"
    variance_kg2 : [kg2] of independent errors
    is_at_least : a sensor was at the end of its range: there is no upper end
    """

    likely_kg: Decimal
    systematic_kg: Mapping[str, float] = field(default_factory=lambda: _NONE)  # Python 3.11 takes it for mutable
    variance_kg2: float = 0.0
    is_at_least: bool = False

    @property
    def half_width_kg(self) -> float:
        """[kg] Expanded uncertainty, k = 2."""
        return COVERAGE_FACTOR * math.sqrt(math.fsum(s * s for s in self.systematic_kg.values()) + self.variance_kg2)

    @property
    def low_kg(self) -> Decimal:
        """[kg] No less than zero, six decimals."""
        return max(Decimal(0), self.likely_kg - decimal_kg(self.half_width_kg))

    @property
    def high_kg(self) -> Decimal | None:
        """[kg] None: at least the likely mass, without an upper end."""
        return None if self.is_at_least else self.likely_kg + decimal_kg(self.half_width_kg)

    def times(self, factor: Decimal) -> "UncertainMass":
        """The mass times an exact number, such as a potential or a share."""
        scale = float(factor)
        return UncertainMass(
            self.likely_kg * factor,
            {name: sigma * scale for name, sigma in self.systematic_kg.items()},
            self.variance_kg2 * scale * scale,
            self.is_at_least,
        )


def total(parts: Iterable[UncertainMass]) -> UncertainMass:
    """Return the sum: exact in its mass, with errors as the module says."""
    likely_kg, variance_kg2, is_at_least = Decimal(0), 0.0, False
    systematic_kg: dict[str, float] = {}
    for part in parts:
        likely_kg += part.likely_kg
        variance_kg2 += part.variance_kg2
        is_at_least |= part.is_at_least
        for name, sigma in part.systematic_kg.items():
            systematic_kg[name] = systematic_kg.get(name, 0.0) + sigma
    return UncertainMass(likely_kg, systematic_kg, variance_kg2, is_at_least)
