"""What the page of inventories shows, ready to print: totals, rows by source and gas, completeness."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.inventory.lines import (
    BIOGENIC_CO2,
    PUBLISHED_CO2E,
    SETS,
    Approach,
    Basis,
    Completeness,
    Inventory,
    Line,
)
from compliance.inventory.totals import InventoryTotal, totals_of
from energy.models import EnergyType
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from science.interval import UncertainMass

_KG_PER_T = Decimal(1000)
_BASES: dict[str, Promise] = {
    Basis.MEASURED: gettext_lazy("measured"),
    Basis.SUBSTITUTED: gettext_lazy("substituted"),
    Basis.CALCULATED: gettext_lazy("calculated"),
    Basis.ESTIMATED: gettext_lazy("estimated"),
}
_STREAMS: dict[str, Promise] = {
    "stack": gettext_lazy("Chimney"),
    "coal": gettext_lazy("Coal mined"),
    "contract": gettext_lazy("Supply contract"),
    "certificate": gettext_lazy("Certificate"),
}
_GASES = {"CH4_fossil": "CH4", "CH4_biogenic": "CH4", BIOGENIC_CO2: "CO2"}


@dataclass(frozen=True, slots=True)
class TotalCard:
    label: str
    likely_t: Decimal
    low_t: Decimal
    high_t: Decimal | None
    by_set: tuple[tuple[str, Decimal], ...]
    coverage_pct: float | None
    is_co2e: bool


@dataclass(frozen=True, slots=True)
class SourceGasRow:
    """One gas of one stream of one source, over the whole period."""

    source: str
    stream: str
    gas: str
    note: str  # the publisher's set of a sum, the basis of what is not calculated
    kg: Decimal
    co2e_t: tuple[Decimal, ...]  # by AR4, AR5, AR6; empty: outside the scopes
    low_t: Decimal
    high_t: Decimal | None


@dataclass(frozen=True, slots=True)
class GasTable:
    title: str
    rows: tuple[SourceGasRow, ...]


@dataclass(frozen=True, slots=True)
class InventoryPage:
    inventory: Inventory
    cards: tuple[TotalCard, ...]
    tables: tuple[GasTable, ...]
    completeness: tuple[tuple[str, Completeness], ...]
    unknown: tuple[str, ...]
    sets: tuple[str, ...] = SETS

    @property
    def is_empty(self) -> bool:
        return not self.inventory.lines and not self.unknown


def inventory_page(inventory: Inventory, factories: list[Factory]) -> InventoryPage:
    names = {factory.pk: factory.name for factory in factories}
    words = _Words(inventory, is_one_site=len(names) == 1)
    chosen: tuple[tuple[str, Callable[[Line], bool]], ...] = (
        (_("Scope 1 by source and gas"), lambda line: line.scope == 1),
        (_("Scope 2, location-based"), lambda line: line.approach == Approach.LOCATION),
        (_("Scope 2, market-based: stands beside it, never added"), lambda line: line.approach == Approach.MARKET),
        (_("Biogenic CO2, outside the scopes"), lambda line: line.gas == BIOGENIC_CO2),
    )
    return InventoryPage(
        inventory=inventory,
        cards=tuple(_card(total) for total in totals_of(inventory)),
        tables=tuple(GasTable(title, words.rows(choose)) for title, choose in chosen),
        completeness=tuple((names[one.factory_id], one) for one in inventory.completeness),
        unknown=tuple(_unknown(names[one.factory_id], one.what, one.amount) for one in inventory.unknown),
    )


def _card(total: InventoryTotal) -> TotalCard:
    mass = total.mass
    return TotalCard(
        label=str(total.label),
        likely_t=mass.likely_kg / _KG_PER_T,
        low_t=mass.low_kg / _KG_PER_T,
        high_t=_tonnes(mass.high_kg),
        by_set=tuple((name, one.likely_kg / _KG_PER_T) for name, one in total.by_set.items()),
        coverage_pct=None if total.coverage is None else float(total.coverage * 100),
        is_co2e=bool(total.by_set),
    )


def _tonnes(kg: Decimal | None) -> Decimal | None:
    return None if kg is None else kg / _KG_PER_T


def _unknown(site: str, what: str, amount: Decimal) -> str:
    words = {
        "methane_factor": _(
            "%(site)s: the methane of %(amount)s kg of coal is not known. State the class of the mine or its factor."
        ),
        "hours_missing": _("%(site)s: %(amount)s chimney hours have no mass, so its CO2 is at least what is shown."),
        "fuel": _(
            "%(site)s: the fuel behind %(amount)s kg of measured CO2 is not known. Log it, or list it at the source."
        ),
    }
    return words[what] % {"site": site, "amount": f"{amount:,.0f}"}


class _Words:
    """Names of sources and streams. Several sites are summed by the kind of their sources."""

    def __init__(self, inventory: Inventory, *, is_one_site: bool) -> None:
        self._inventory = inventory
        ids = {line.source_id for line in inventory.lines} if is_one_site else set()
        self._sources = dict(EmissionSource.objects.filter(pk__in=[pk for pk in ids if pk]).values_list("pk", "name"))
        codes = {line.stream for line in inventory.lines}
        names = dict(EnergyType.objects.filter(code__in=codes).values_list("code", "name"))
        self._types = {code: _(names.get(code, code)) for code in names}
        self._kinds: dict[str, str] = {kind.value: str(kind.label) for kind in SourceKind}

    def rows(self, choose: Callable[[Line], bool]) -> tuple[SourceGasRow, ...]:
        groups: dict[tuple[str, str, str, str, str], list[Line]] = {}
        for line in self._inventory.lines:
            if choose(line):
                source = self._sources.get(line.source_id or 0) or self._kinds.get(line.source_kind, "")
                key = (source, self._stream(line.stream), line.gas, line.gwp_set, line.basis)
                groups.setdefault(key, []).append(line)
        return tuple(self._row(*key, lines) for key, lines in sorted(groups.items()))

    def _stream(self, code: str) -> str:
        return self._types.get(code) or str(_STREAMS.get(code, code))

    def _row(self, source: str, stream: str, gas: str, gwp_set: str, basis: str, lines: list[Line]) -> SourceGasRow:
        part = replace(self._inventory, lines=tuple(lines))
        mass = part.mass(_each)
        is_counted = gas != BIOGENIC_CO2
        co2e = {name: part.co2e(_each, gwp_set=name) for name in SETS} if is_counted else {}
        shown: UncertainMass = part.co2e(_each) if is_counted else mass
        notes = [str(_BASES[basis])] if basis != Basis.CALCULATED else []
        if gas == PUBLISHED_CO2E:
            notes.append(_("in %(set)s, by its publisher") % {"set": gwp_set} if gwp_set else _("by the supplier"))
        return SourceGasRow(
            source=source,
            stream=stream,
            gas=_GASES.get(gas, stream if gas not in ("CO2", "N2O", PUBLISHED_CO2E) else gas),
            note=", ".join(notes),
            kg=mass.likely_kg,
            co2e_t=tuple(one.likely_kg / _KG_PER_T for one in co2e.values()),
            low_t=shown.low_kg / _KG_PER_T,
            high_t=_tonnes(shown.high_kg),
        )


def _each(_line: Line) -> bool:
    return True
