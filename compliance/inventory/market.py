"""Scope 2 once more, market-based: what contracts and certificates cover at their suppliers' factors. No database.

A contract covers, at each moment of its period, the same share of the grid electricity used: its amount, of which the
time without a logged use is left out, over all that is used in its period. Together contracts cover no more than was
used. The rest stays at the grid's factor (GHG Protocol Scope 2 Guidance, 6.5), and heat is the same in both totals.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from compliance.inventory.calculated import grouped, lines_of
from compliance.inventory.inputs import InventoryInputs, LoggedUse
from compliance.inventory.lines import Approach, Line
from compliance.inventory.spread import overlap, united
from energy.choices import Carrier, FactorGas
from science.rounding import decimal_kg, decimal_part

_ZERO, _ONE = Decimal(0), Decimal(1)
_MASSES = ("factor_amount", "energy_gj", "co2_kg", "biogenic_co2_kg", "ch4_kg", "n2o_kg", "co2e_kg")

Shares = Sequence[tuple[LoggedUse, Decimal]]


def market_lines(site: InventoryInputs, location: Iterable[Line]) -> Iterator[Line]:
    """The lines of the market-based total."""
    shares = covered_shares(site.contracts, site.contract_uses)
    grid = [use for use in site.uses if use.carrier == Carrier.GRID] if shares else []
    covered = {use.energy_type for use in grid}
    kept = [line for line in location if line.approach == Approach.LOCATION and line.stream not in covered]
    made = lines_of(site, grouped(site, _uses_by_market(grid, shares)))
    for line in [*kept, *made]:
        yield replace(line, approach=Approach.MARKET)


def covered_shares(contracts: Sequence[LoggedUse], uses: Sequence[LoggedUse]) -> list[tuple[LoggedUse, Decimal]]:
    """Each contract with the share of the use in its period that it covers, 0 to 1."""
    shares = []
    for contract in contracts:
        inside = [use for use in uses if use.start_us < contract.end_us and use.end_us > contract.start_us]
        logged_us = overlap(united((use.start_us, use.end_us) for use in inside), contract.start_us, contract.end_us)
        bought_gj = (contract.energy_gj or _ZERO) * logged_us / (contract.end_us - contract.start_us)
        used_gj = sum((_piece(use, contract.start_us, contract.end_us).energy_gj or _ZERO for use in inside), _ZERO)
        if bought_gj and used_gj:  # one without energy covers nothing
            shares.append((contract, min(_ONE, bought_gj / used_gj)))
    return shares


def _uses_by_market(grid: Iterable[LoggedUse], shares: Shares) -> Iterator[LoggedUse]:
    """Each use, cut where contracts begin and end: what they cover by each, and the rest."""
    edges = {edge for contract, _share in shares for edge in (contract.start_us, contract.end_us)}
    for use in grid:
        inner = sorted({edge for edge in edges if use.start_us < edge < use.end_us} | {use.start_us, use.end_us})
        for start_us, end_us in pairwise(inner):
            piece = _piece(use, start_us, end_us)
            holding = [(c, share) for c, share in shares if c.start_us <= start_us and c.end_us >= end_us]
            together = sum((share for _contract, share in holding), _ZERO)
            yield _scaled(piece, _ONE - min(_ONE, together))
            for contract, share in holding:
                yield _supplied(piece, contract, share / max(_ONE, together))


def _piece(use: LoggedUse, start_us: int, end_us: int) -> LoggedUse:
    """The part of a use in a stretch of time."""
    begin, stop = max(start_us, use.start_us), min(end_us, use.end_us)
    if (begin, stop) == (use.start_us, use.end_us):
        return use
    within = {"begin": begin - use.start_us, "end": stop - use.start_us, "whole": use.end_us - use.start_us}
    parts: dict[str, Any] = {
        name: decimal_part(value, **within) for name in _MASSES if (value := getattr(use, name)) is not None
    }
    return use._replace(start_us=begin, end_us=stop, **parts)


def _scaled(use: LoggedUse, share: Decimal) -> LoggedUse:
    parts: dict[str, Any] = {
        name: decimal_kg(value * share) for name in _MASSES if (value := getattr(use, name)) is not None
    }
    return use._replace(**parts)


def _supplied(use: LoggedUse, contract: LoggedUse, share: Decimal) -> LoggedUse:
    """The covered part of a use, at the supplier's factor: a sum of gases in potentials that nobody states."""
    energy_gj = decimal_kg((use.energy_gj or _ZERO) * share)
    assert contract.energy_gj  # else it has no share
    assert contract.market_co2e_kg is not None  # a constraint of the table
    return use._replace(
        energy_type=contract.instrument,
        factor_gas=FactorGas.CO2E,
        per_unit="GJ",
        factor_amount=energy_gj,
        energy_gj=energy_gj,
        co2e_kg=decimal_kg(contract.market_co2e_kg * energy_gj / contract.energy_gj),
        co2_kg=None,
        ch4_kg=None,
        n2o_kg=None,
        biogenic_co2_kg=_ZERO,
        is_biogenic=False,
        gwp_set="",
        factor_id=None,
        ch4_factor_id=None,
        n2o_factor_id=None,
    )
