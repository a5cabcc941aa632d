"""The display-ready content of the page of a site's fire: today, and its last factory days. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from compliance.fire import GOOD_LOSS, FireTold, what_fires_tell, wood_chimneys
from emissions.settling import SitePeriod
from factories.days import FactoryDay, days_until, running_day
from factories.models import Factory
from portal.fire_told import FireCard, fire_card

DAYS = 30
_CHART_WIDTH, _CHART_HEIGHT = 960, 200


@dataclass(frozen=True, slots=True)
class FireDay:
    """A factory day of the table, and its bar. Without a fire `told` is None, and nothing is drawn."""

    day: FactoryDay
    told: FireTold | None
    x: str
    y: str
    height: str

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


@dataclass(frozen=True, slots=True)
class FirePage:
    factory: Factory
    has_wood_chimney: bool
    card: FireCard | None
    days: tuple[FireDay, ...]  # ascending
    good_y: str
    bar_width: str
    summary: str
    width: int = _CHART_WIDTH
    height: int = _CHART_HEIGHT

    @property
    def has_fires(self) -> bool:
        return any(day.told for day in self.days)


def fire_page(factory: Factory, now: datetime) -> FirePage:
    days = days_until(factory, running_day(factory, now).day - timedelta(days=1), DAYS)
    told = what_fires_tell([factory], [SitePeriod(factory.pk, day.starts_at, day.ends_at) for day in days], now)
    step = _CHART_WIDTH / DAYS
    losses = [one.loss.total for one in told if one is not None]
    top = 1.1 * max([*losses, GOOD_LOSS])
    rows = []
    for place, (day, one) in enumerate(zip(days, told, strict=True)):
        height = _CHART_HEIGHT * one.loss.total / top if one else 0.0
        rows.append(FireDay(day, one, f"{place * step + 2:.4g}", f"{_CHART_HEIGHT - height:.4g}", f"{height:.4g}"))
    return FirePage(
        factory=factory,
        has_wood_chimney=bool(wood_chimneys([factory])[factory.pk]),
        card=fire_card(factory, now),
        days=tuple(rows),
        good_y=f"{_CHART_HEIGHT * (1 - GOOD_LOSS / top):.4g}",
        bar_width=f"{step - 4:.4g}",
        summary=_summary(losses),
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
