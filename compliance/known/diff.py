"""The difference of an inventory between two moments at which it was known, by source and gas, and by cause.

The effect of each entry is exact: entries are changed one cause after the other, in the order of time, with everything
else as it is at the later moment; each cause has the difference that it makes. What remains is of late readings and
set-up: it is that of the one cause there is, or a line of its own. The causes add up to the
difference to the last digit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from compliance.inventory import inputs
from compliance.inventory.build import build, site_lines
from compliance.inventory.inputs import InventoryInputs
from compliance.inventory.lines import PRECISION, Inventory, Line
from compliance.known.causes import EntryCause, Told, entry_causes, hour_causes, setup_causes, words_of
from energy.models import EnergyEntry
from factories.known import factories_known
from factories.models import Factory
from production.models import ProductionEntry

MOST_CAUSES = 60  # of entries at a site; the rest together
# Each cause computes its site once more, so many sites share this number; each tells at least so many causes apart.
MOST_CAUSES_OF_ALL, LEAST_CAUSES = 600, 5
_ZERO = Decimal(0)
_LISTS = ("uses", "contracts", "contract_uses", "made")
# What a change of set-up does to hours is said by that change.
_FOLLOWS = frozenset({"hours_computed_again"})


class Amounts(NamedTuple):
    """kg CO2e by scope, and biogenic CO2 outside the scopes. The two of scope 2 are never added."""

    scope_1_kg: Decimal = _ZERO
    scope_2_location_kg: Decimal = _ZERO
    scope_2_market_kg: Decimal = _ZERO
    biogenic_co2_kg: Decimal = _ZERO

    def less(self, other: "Amounts") -> "Amounts":
        return Amounts(*(one - two for one, two in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class ChangeCause:
    """Why a figure differs, and by how much; `effect` None: part of the line `not_told_apart` of the site."""

    factory_id: int
    told: Told
    effect: Amounts | None

    @property
    def words(self) -> str:
        return words_of(self.told)


@dataclass(frozen=True, slots=True)
class GasRow:
    """kg of one gas of one source at both moments."""

    factory_id: int
    source_id: int | None
    scope: int
    approach: str
    gas: str
    before_kg: Decimal
    after_kg: Decimal

    @property
    def difference_kg(self) -> Decimal:
        return self.after_kg - self.before_kg


@dataclass(frozen=True, slots=True)
class InventoryDifference:
    before: Inventory
    after: Inventory
    before_amounts: Amounts
    after_amounts: Amounts
    rows: tuple[GasRow, ...]  # that differ
    causes: tuple[ChangeCause, ...]  # their effects add up to the difference of the amounts

    @property
    def amounts(self) -> Amounts:
        return self.after_amounts.less(self.before_amounts)


def diff(
    factories: Iterable[Factory], first_day: date, end_day: date, start: datetime, end: datetime, *, gwp_set: str = ""
) -> InventoryDifference:
    """What became known of a period (`end_day` exclusive) between two moments. Without `gwp_set` each side is in the
    organisation's of its moment."""
    factories = list(factories)
    before, after = (
        build(factories, first_day, end_day, gwp_set=gwp_set, as_known_on=moment) for moment in (start, end)
    )
    sites_before, sites_after = (
        {site.place.factory_id: site for site in inputs.load(known, first_day, end_day, as_known_on=moment)}
        for moment, known in ((moment, factories_known(factories, moment)) for moment in (start, end))
    )
    gwp_before = before.gwp_set if before.factory_ids else after.gwp_set
    causes: list[ChangeCause] = []
    most = min(MOST_CAUSES, max(LEAST_CAUSES, MOST_CAUSES_OF_ALL // max(1, len(sites_after))))
    with localcontext(prec=PRECISION):
        for factory in sorted(factories, key=lambda factory: factory.pk):
            if factory.pk in sites_after:
                site = _Site(factory, sites_before.get(factory.pk), sites_after[factory.pk], after, gwp_before)
                causes += site.causes(start, end, most)
        return InventoryDifference(
            before,
            after,
            amounts_of(before, before.lines, gwp_before),
            amounts_of(after, after.lines, after.gwp_set),
            tuple(_rows(before.lines, after.lines)),
            tuple(causes),
        )


def amounts_of(inventory: Inventory, lines: Sequence[Line], gwp_set: str) -> Amounts:
    """Of some lines, with the potentials that an inventory knows."""
    found = replace(inventory, lines=tuple(lines), gwp_set=gwp_set)
    parts = (found.scope1, found.co2e(_of_scope_2("location")), found.co2e(_of_scope_2("market")), found.biogenic)
    return Amounts(*(part.likely_kg for part in parts))


def _of_scope_2(approach: str) -> Any:
    return lambda line: line.scope == 2 and line.approach == approach


def _rows(before: Sequence[Line], after: Sequence[Line]) -> Iterable[GasRow]:
    sums: dict[tuple[Any, ...], list[Decimal]] = {}
    for side, lines in enumerate((before, after)):
        for line in lines:
            key = (line.factory_id, line.source_id, line.scope, line.approach, line.gas)
            sums.setdefault(key, [_ZERO, _ZERO])[side] += line.mass.likely_kg
    for key in sorted(sums, key=lambda key: tuple(-1 if part is None else part for part in key)):
        if sums[key][0] != sums[key][1]:
            yield GasRow(*key, *sums[key])


class _Site:
    """One site at both moments. `known` has the potentials; all effects are in the set of the earlier moment."""

    def __init__(
        self, factory: Factory, before: InventoryInputs | None, after: InventoryInputs, known: Inventory, gwp_set: str
    ) -> None:
        self.factory, self.before, self.after, self.known, self.gwp_set = factory, before, after, known, gwp_set
        nothing: dict[str, Any] = {name: [] for name in _LISTS}
        self.old = nothing if before is None else {name: list(getattr(before, name)) for name in _LISTS}

    def causes(self, start: datetime, end: datetime, most: int) -> list[ChangeCause]:
        entries = self._entry_causes(start, end)
        state = {name: {_key(row): row for row in rows} for name, rows in self.old.items()}
        shown = self._amounts(site_lines(replace(self.after, **self._lists(state))))
        first = Amounts() if self.before is None else self._amounts(site_lines(self.before))
        causes = self._others(shown.less(first), start, end)
        for place, entry in enumerate(entries):
            together = entries[place:] if place >= most else [entry]
            for one in together:
                self._apply(one, state)
            now = self._amounts(site_lines(replace(self.after, **self._lists(state))))
            told = entry.told
            if len(together) > 1:
                told = told._replace(what="", reason="", by="", number=sum(one.told.number for one in together))
            causes.append(ChangeCause(self.factory.pk, told, now.less(shown)))
            shown = now
            if together[-1] is not entry:
                break
        lines = [line for line in self.known.lines if line.factory_id == self.factory.pk]
        with_new_set = amounts_of(self.known, lines, self.known.gwp_set).less(self._amounts(lines))
        if any(with_new_set):
            names = f"{self.gwp_set} → {self.known.gwp_set}"
            causes.append(ChangeCause(self.factory.pk, Told(None, "gwp_set", "", "", names, 1), with_new_set))
        return causes

    def _amounts(self, lines: Sequence[Line]) -> Amounts:
        return amounts_of(self.known, lines, self.gwp_set)

    def _entry_causes(self, start: datetime, end: datetime) -> list[EntryCause]:
        used, used_now = [
            {row.id: row for name in _LISTS[:3] for row in rows[name]}
            for rows in (self.old, {name: getattr(self.after, name) for name in _LISTS})
        ]
        made, made_now = ({row.entry_id: row for row in rows} for rows in (self.old["made"], self.after.made))
        found = [
            *entry_causes(EnergyEntry, used, used_now, start, end),
            *entry_causes(ProductionEntry, made, made_now, start, end),
        ]
        return sorted(found, key=lambda cause: cause.told)

    def _others(self, effect: Amounts, start: datetime, end: datetime) -> list[ChangeCause]:
        """Late readings and set-up, with what they did together."""
        period = (inputs.moment_of(self.after.start_us), inputs.moment_of(self.after.end_us))
        told = [*setup_causes(self.factory, start, end), *hour_causes(self.factory.pk, period, start, end)]
        own = [one for one in told if one.code not in _FOLLOWS] or told
        if not any(effect):
            return [ChangeCause(self.factory.pk, one, Amounts()) for one in own]
        if len(own) == 1:
            return [ChangeCause(self.factory.pk, own[0], effect)]
        code = "not_told_apart" if own else "hours_computed_again"
        together = ChangeCause(self.factory.pk, Told(None, code, "", "", "", 1), effect)
        return [*(ChangeCause(self.factory.pk, one, None) for one in own), together]

    def _apply(self, cause: EntryCause, state: dict[str, dict[int, Any]]) -> None:
        for name in ("made",) if cause.model is ProductionEntry else _LISTS[:3]:
            rows = {_key(row): row for row in getattr(self.after, name)}
            for pk in cause.ids:
                state[name].pop(pk, None)
                if pk in rows:
                    state[name][pk] = rows[pk]

    @staticmethod
    def _lists(state: dict[str, dict[int, Any]]) -> dict[str, Any]:
        return {name: [rows[pk] for pk in sorted(rows)] for name, rows in state.items()}


def _key(row: Any) -> int:
    return int(getattr(row, "entry_id", None) or row.id)
