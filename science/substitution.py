"""Substitution: values for hours that were not measured, by two regulators' rules.

Lives here: the EU-style and the EPA-style value, percent monitor availability. Does not live here: the
fuel-based fallback (``combustion.py`` with logged fuel), which method an organisation uses (a setting).

Substituted mass is never shown as measured, and never enters a mass balance, its band, or a rank.
"""

import math
import statistics
from collections.abc import Sequence
from enum import StrEnum

from science import limits

EU_SIGMAS = 2.0
INITIAL_CO2_H = 720
INITIAL_FLOW_H = 2160


class Parameter(StrEnum):
    """The substituted quantity: a concentration (or rate) or a flow."""

    CO2 = "co2"
    FLOW = "flow"


class EpaRow(StrEnum):
    """The row of the table of 40 CFR 75.33 that a gap falls under."""

    INITIAL = "initial"
    NEIGHBOURS = "neighbours"
    PERCENTILE_90 = "90th percentile"
    PERCENTILE_95 = "95th percentile"
    MAXIMUM = "maximum"
    POTENTIAL = "maximum potential"


def eu_substitute(valid_hours: Sequence[float]) -> float:
    """Return the EU-style substitute of a concentration: mean + 2 sample standard deviations.

    Parameters: valid hourly means of the reporting period, any unit. Returns: the same unit.
    Raises: ValueError for fewer than two values, or one that is negative or not finite.
    Source: EU MRR article 45(3) [K: article text to be confirmed].
    """
    _require_values("valid_hours", valid_hours, at_least=2)
    return statistics.fmean(valid_hours) + EU_SIGMAS * statistics.stdev(valid_hours)


def monitor_availability_pct(*, valid_operating_h: float, operating_h: float) -> float:
    """Return percent monitor availability: valid operating hours of operating hours [h], last 8,760.

    Raises: ValueError for no operating hours, or more valid than operating. Source: 40 CFR 75.32.
    """
    limits.require_positive(name="operating_h", value=operating_h, unit="h")
    limits.require_within(name="valid_operating_h", value=valid_operating_h, unit="h", low=0.0, high=operating_h)
    return 100.0 * valid_operating_h / operating_h


def nearest_rank_percentile(values: Sequence[float], *, percentile: float) -> float:
    """Return the nearest-rank percentile: the smallest value that ``percentile`` % do not exceed.

    Parameters: values (any unit), percentile (0-100]. Returns: one of the values.
    Raises: ValueError for no values or a percentile outside (0, 100].
    Notes: [A] part 75 names no interpolation; nearest rank returns an hour that was measured.
    """
    _require_values("values", values, at_least=1)
    limits.require_positive(name="percentile", value=percentile, unit="%", high=100.0)
    return sorted(values)[math.ceil(percentile / 100.0 * len(values)) - 1]


def epa_substitute(
    *,
    parameter: str,
    hour_before: float,
    hour_after: float,
    look_back: Sequence[float],
    gap_h: float,
    availability_pct: float,
    maximum_potential: float,
    valid_h: int,
) -> float:
    """Return the EPA-style substitute for each hour of a gap.

    Parameters:
    parameter : a ``Parameter``
    hour_before, hour_after : valid hours next to the gap, HB and HA
    look_back : the last 720 valid operating hours (CO2) or 2,160 (flow), at most 3 years; in the initial
        period of a flow, the hours of the same load bin
    gap_h : length of the gap [h]
    availability_pct : PMA [%]
    maximum_potential : for example 20 % CO2, or the design flow
    valid_h : valid operating hours since the monitor began [h]

    Returns: In the unit of the values given.
    Raises: ValueError for a gap <= 0, availability outside 0-100, a value negative or not finite, an empty look-back
    where the rule needs one.

    Notes:
    ==============  =======  ============================================  =====================
    PMA             gap      CO2                                           flow
    ==============  =======  ============================================  =====================
    initial period  any      mean(HB, HA)                                  mean of load bin
    >= 95           <= 24 h  mean(HB, HA)                                  mean of look-back
    >= 95           > 24 h   max(90th percentile, mean(HB, HA))            the same
    90 to 95        <= 8 h   as the second row                             as the second row
    90 to 95        > 8 h    max(95th percentile, mean(HB, HA))            the same
    80 to 90        any      maximum of look-back                          the same
    < 80            any      maximum potential                             the same
    ==============  =======  ============================================  =====================

    Source: 40 CFR 75.31 (initial), 75.33 (the table above, simplified).
    """
    quantity = Parameter(parameter)
    _require_values("hour_before and hour_after", (hour_before, hour_after), at_least=2)
    limits.require_within(name="maximum_potential", value=maximum_potential, unit="", low=0.0)
    neighbours = (hour_before + hour_after) / 2.0
    row = epa_row(parameter=parameter, gap_h=gap_h, availability_pct=availability_pct, valid_h=valid_h)
    if row is EpaRow.POTENTIAL:
        return maximum_potential
    if not (quantity is Parameter.CO2 and row is EpaRow.INITIAL):
        _require_values("look_back", look_back, at_least=1)
    if row in (EpaRow.INITIAL, EpaRow.NEIGHBOURS):
        return neighbours if quantity is Parameter.CO2 else statistics.fmean(look_back)
    if row is EpaRow.MAXIMUM:
        return max(look_back)
    percentile = 90.0 if row is EpaRow.PERCENTILE_90 else 95.0
    return max(nearest_rank_percentile(look_back, percentile=percentile), neighbours)


def epa_row(*, parameter: str, gap_h: float, availability_pct: float, valid_h: int) -> EpaRow:
    """Return the row that a gap falls under; parameters, errors and source as in ``epa_substitute``."""
    limits.require_positive(name="gap_h", value=gap_h, unit="h")
    limits.require_within(name="availability_pct", value=availability_pct, unit="%", low=0.0, high=100.0)
    if valid_h < (INITIAL_CO2_H if Parameter(parameter) is Parameter.CO2 else INITIAL_FLOW_H):
        return EpaRow.INITIAL
    if availability_pct < 80.0:
        return EpaRow.POTENTIAL
    if availability_pct < 90.0:
        return EpaRow.MAXIMUM
    if gap_h <= (24.0 if availability_pct >= 95.0 else 8.0):
        return EpaRow.NEIGHBOURS
    return EpaRow.PERCENTILE_90 if availability_pct >= 95.0 else EpaRow.PERCENTILE_95


def _require_values(name: str, values: Sequence[float], *, at_least: int) -> None:
    if len(values) < at_least:
        raise ValueError(f"{name} has {len(values)} values, below the limit of {at_least}; widen the period")
    for value in values:
        limits.require_within(name=name, value=value, unit="", low=0.0, remedy="leave invalid hours out")
