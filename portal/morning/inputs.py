"""The inputs of HQ's morning figures with their words: by factory, with unit, coverage and period.

The figures are in `figures.py`, the sums behind them in `sums.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from compliance.explain import identity
from compliance.schedule import Log
from compliance.targets import Verdict
from factories.days import day_label
from factories.models import Factory
from factories.sectors import Sector
from lib.templatetags.units import interval, quantity
from portal.carbon_words import co2e_notes
from portal.landing import factory_address
from portal.morning.sums import MorningSums
from science.interval import UncertainMass, total

_SUMS_OF_RECORD = ("good_h", "stack_h", "energy_days", "scope_1_2_kg", "methane_kg", "biogenic_kg", "made_kg")
_LOG_OF_RECORD = ("missing_yesterday", "days_on_schedule", "operating_pct")
_INTERVALS_OF_RECORD = ("scope_1_2_low_kg", "scope_1_2_high_kg", "biogenic_low_kg", "biogenic_high_kg")
RECORD_COLUMNS = (
    *("factory_id", "name", "first_day", "last_day"),
    *(*_LOG_OF_RECORD, *_SUMS_OF_RECORD, *_INTERVALS_OF_RECORD, "on_target"),
)


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One factory's part in a figure; `cells` are display-ready, one per heading after the factory's name."""

    name: str
    url: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One display-ready figure. `form`: fine, look or unknown, with `verdict` as its word."""

    key: str
    label: str
    value: str
    interval: str = ""  # low and high of a total
    goal: str = ""
    form: str = ""
    verdict: str = ""
    coverage: str
    period: str
    notes: tuple[str, ...] = ()
    definition: str
    heads: tuple[str, ...]
    lines: tuple[SiteLine, ...]
    identity: str = ""  # of the value


@dataclass(frozen=True, slots=True)
class Inputs:
    """All inputs of the figures, by factory."""

    factories: Sequence[Factory]
    first_day: date
    last_day: date
    logs: Mapping[int, Log]
    sums: Mapping[int, MorningSums]
    verdicts: Mapping[int, Verdict]
    sector: Sector
    settling_sentence: str  # of the measured masses; empty when they are final

    @property
    def period(self) -> str:
        return _("%(first)s to %(last)s, %(count)d factory days") % {
            "first": day_label(self.first_day),
            "last": day_label(self.last_day),
            "count": (self.last_day - self.first_day).days + 1,
        }

    def identity(self, name: str, *ids: int) -> str:
        """Of these sites in the period; without any, empty."""
        return identity.site(ids, self.first_day, self.last_day, name)

    def of(self, factory: Factory) -> MorningSums:
        return self.sums[factory.pk]


def counter() -> Callable[[int, int], str]:
    """`58 of 67`, translated once: a figure has a line for every factory."""
    pattern = _("%(count)d of %(total)d")
    return lambda count, total: pattern % {"count": count, "total": total}


def sites(inputs: Inputs, count: int, total: int) -> str:
    return str(inputs.sector.sites_of) % {"count": count, "total": total}


def lines_of(
    inputs: Inputs, cells: Callable[[Factory], tuple[str, ...]], order: Callable[[Factory], Any]
) -> tuple[SiteLine, ...]:
    ordered = sorted(inputs.factories, key=lambda factory: (order(factory), factory.name))
    return tuple(SiteLine(f.name, factory_address(f.pk), cells(f)) for f in ordered)


def state_of_goal(is_reached: bool | None) -> tuple[str, str]:
    """Form and word of a figure: reached, not yet, or no data. Never "bad"."""
    if is_reached is None:
        return "unknown", _("no data yet")
    return ("fine", _("goal reached")) if is_reached else ("look", _("not yet at the goal"))


# --- Words --------------------------------------------------------------------------------------
def gwp_sets(inputs: Inputs) -> tuple[str, ...]:
    """A CO2e figure needs the name of its GWP set."""
    return co2e_notes({sums.gwp_set for sums in inputs.sums.values()}, (), ())


def scope_notes(inputs: Inputs) -> tuple[str, ...]:
    """The same with electricity, whose factors have a basis and potentials of their own."""
    rows = inputs.sums.values()
    return co2e_notes(
        {row.gwp_set for row in rows}, {row.published_gwp_set for row in rows}, {row.scope2_basis for row in rows}
    )


def per_tonne(value: Decimal | None) -> str:
    return quantity(value * 1000, "kg_co2e_per_t") if value is not None else _("no data")


def tonnes(kg: Decimal | None, unit: str) -> str:
    return quantity(kg / 1000, unit) if kg is not None else _("no data")


def interval_of(masses: Sequence[UncertainMass | None], unit: str) -> str:
    known = [mass for mass in masses if mass is not None]
    return interval(total(known), unit) if known else ""


def sum_of(known: Sequence[Decimal]) -> Decimal | None:
    return sum(known, Decimal(0)) if known else None


def largest_first(masses: Mapping[int, Decimal | None]) -> Callable[[Factory], tuple[bool, Decimal]]:
    return lambda factory: (masses[factory.pk] is None, -(masses[factory.pk] or Decimal(0)))


def day_count(inputs: Inputs) -> int:
    return (inputs.last_day - inputs.first_day) // timedelta(days=1) + 1


def factory_records(inputs: Inputs | None) -> list[dict[str, object]]:
    """Each factory's part in all figures, as numbers; columns as in RECORD_COLUMNS."""
    return [_record(inputs, factory) for factory in inputs.factories] if inputs else []


def _record(inputs: Inputs, factory: Factory) -> dict[str, object]:
    sums, log, verdict = inputs.of(factory), inputs.logs[factory.pk], inputs.verdicts.get(factory.pk)
    return {
        "factory_id": factory.pk,
        "name": factory.name,
        "first_day": inputs.first_day,
        "last_day": inputs.last_day,
        "missing_yesterday": [str(item) for item in log.yesterday.missing],
        "days_on_schedule": log.days_on_schedule,
        "operating_pct": None if sums.operating_pct is None else round(sums.operating_pct, 4),
        **{name: getattr(sums, name) for name in _SUMS_OF_RECORD},
        **_ends("scope_1_2", sums.scope_1_2 if sums.scope_1_2_kg is not None else None),
        **_ends("biogenic", sums.biogenic if sums.biogenic_kg is not None else None),
        "on_target": None if verdict is None else verdict.met,
    }


def _ends(name: str, mass: UncertainMass | None) -> dict[str, Decimal | None]:
    """No high end beside a mass: it is at least that much."""
    ends = (None, None) if mass is None else (mass.low_kg, mass.high_kg)
    return dict(zip((f"{name}_low_kg", f"{name}_high_kg"), ends, strict=True))
