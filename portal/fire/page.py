"""The display-ready content of the page of a site's fire: today, and its last factory days. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from compliance import site_days
from compliance.fire import GOOD_LOSS, FireTold, what_fires_tell, wood_chimneys
from compliance.steam import SteamDay, has_steam_meter, steam_days
from emissions.settling import SitePeriod
from factories.days import FactoryDay, days_until, running_day
from factories.models import Factory
from portal.fire_told import FireCard, fire_card, steam_note

DAYS = 30
_CHART_WIDTH, _CHART_HEIGHT = 960, 200


@dataclass(frozen=True, slots=True)
class FireDay:
    """A factory day of the table, and its drawing: a bar for the loss of the chimney, a mark for the share of the heat
    that is not in the steam. What was not measured is empty."""

    day: FactoryDay
    told: FireTold | None
    steam: SteamDay | None
    x: str
    end_x: str
    y: str
    height: str
    steam_y: str

    @property
    def percent(self) -> float | None:
        return None if self.told is None else 100 * self.told.loss.total

    @property
    def co2_pct(self) -> float | None:
        return None if self.told is None else 100 * self.told.fire.co2_fraction_dry

    @property
    def excess_pct(self) -> float | None:
        return None if self.told is None else 100 * self.told.loss.excess_air

    @property
    def cost(self) -> str:
        told = self.told
        if told is None or told.avoidable_cost is None or told.price is None:
            return ""
        return f"{told.price.currency} {told.avoidable_cost:,.0f}"

    @property
    def covered_pct(self) -> float | None:
        return None if self.steam is None else 100 * self.steam.covered_share

    @property
    def steam_pct(self) -> float | None:
        return None if self.steam is None or self.steam.efficiency is None else 100 * self.steam.efficiency


@dataclass(frozen=True, slots=True)
class FirePage:
    factory: Factory
    has_wood_chimney: bool
    has_steam_meter: bool
    card: FireCard | None
    days: tuple[FireDay, ...]  # ascending
    good_y: str
    bar_width: str
    summary: str
    steam_summary: str
    steam_note: str
    width: int = _CHART_WIDTH
    height: int = _CHART_HEIGHT

    @property
    def has_fires(self) -> bool:
        return any(day.told for day in self.days)

    @property
    def has_steam(self) -> bool:
        return any(day.steam for day in self.days)


def fire_page(factory: Factory, now: datetime) -> FirePage:
    site_days.refresh([factory.pk])
    days = days_until(factory, running_day(factory, now).day - timedelta(days=1), DAYS)
    told = what_fires_tell([factory], [SitePeriod(factory.pk, day.starts_at, day.ends_at) for day in days], now)
    steam = steam_days(factory, days)
    losses = [one.loss.total for one in told if one is not None]
    not_in_steam = [None if one is None or one.efficiency is None else 1 - one.efficiency for one in steam]
    top = 1.1 * max([*losses, *(share for share in not_in_steam if share is not None), GOOD_LOSS])
    step = _CHART_WIDTH / DAYS

    def y(share: float) -> str:
        return f"{_CHART_HEIGHT * (1 - share / top):.4g}"

    rows = [
        FireDay(
            day=day,
            told=told[place],
            steam=steam[place],
            x=f"{place * step + 2:.4g}",
            end_x=f"{(place + 1) * step - 2:.4g}",
            y=y(one.loss.total) if (one := told[place]) else "",
            height=f"{_CHART_HEIGHT * one.loss.total / top:.4g}" if one else "",
            steam_y=y(share) if (share := not_in_steam[place]) is not None else "",
        )
        for place, day in enumerate(days)
    ]
    known = [day for day in steam if day is not None]
    return FirePage(
        factory=factory,
        has_wood_chimney=bool(wood_chimneys([factory])[factory.pk]),
        has_steam_meter=has_steam_meter(factory),
        card=fire_card(factory, now),
        days=tuple(rows),
        good_y=y(GOOD_LOSS),
        bar_width=f"{step - 4:.4g}",
        summary=_summary(losses),
        steam_summary=_steam_summary([day.kg_per_kg for day in known if day.kg_per_kg is not None], len(known)),
        steam_note=steam_note(known[-1]) if known else "",
    )


def _summary(losses: Sequence[float]) -> str:
    if not losses:
        return ""
    return _("On %(count)d of %(days)d days a wood fire was measured; it lost %(low)s to %(high)s %% of the heat.") % {
        "count": len(losses),
        "days": DAYS,
        "low": f"{100 * min(losses):.1f}",
        "high": f"{100 * max(losses):.1f}",
    }


def _steam_summary(ratios: Sequence[float], measured: int) -> str:
    if not measured:
        return ""
    values: dict[str, Any] = {"measured": measured, "count": len(ratios), "days": DAYS}
    if not ratios:
        return _("Steam was measured on %(measured)d of %(days)d days. None can be compared with the wood.") % values
    values |= {"low": f"{min(ratios):.1f}", "high": f"{max(ratios):.1f}"}
    words = _("On %(count)d of %(days)d days a kg of wood made %(low)s to %(high)s kg of steam.")
    return words % values
