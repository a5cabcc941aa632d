"""The display-ready content of the page of stack against fuel: its verdict, dots of six weeks, a table. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from compliance import site_days
from compliance.balance import BalanceDay, last_days
from compliance.balance_words import VERDICT_LABELS, balance_sentence
from factories.days import day_label
from factories.models import Factory
from portal.drawn.ratio_dots import RatioDots, ratio_dots

DAYS = 42
WIDTH, HEIGHT = 640, 160


@dataclass(frozen=True, slots=True)
class BalanceRow:
    label: str
    of_day: BalanceDay
    verdict: str
    is_said: bool  # something was found

    @property
    def band(self) -> str:
        judged = self.of_day.judged
        return f"{judged.low:.2f}-{judged.high:.2f}"

    @property
    def co2_pct(self) -> float | None:
        fraction = self.of_day.pair.co2_dry_fraction
        return None if fraction is None else 100 * fraction

    @property
    def fuel_per_kg(self) -> float | None:
        pair = self.of_day.pair
        return pair.fuel_kg / pair.made_kg if pair.fuel_kg is not None and pair.made_kg else None


@dataclass(frozen=True, slots=True)
class BalancePage:
    factory: Factory
    sentence: str
    has_ratio: bool
    band_is_learned: bool
    low: str
    high: str
    dots: RatioDots | None
    rows: tuple[BalanceRow, ...]  # newest first
    csv_url: str


def balance_page(factory: Factory, now: datetime) -> BalancePage:
    site_days.refresh([factory.pk])
    found = last_days(factory, now, DAYS)
    judged = found.days[-1].judged
    quiet = {"unknown", "nothing"}
    rows = [
        BalanceRow(day_label(day.day), day, str(VERDICT_LABELS[day.judged.verdict]), day.judged.verdict not in quiet)
        for day in reversed(found.days)
    ]
    return BalancePage(
        factory=factory,
        sentence=balance_sentence(factory, found, now),
        has_ratio=any(ratio is not None for _day, ratio in found.ratios),
        band_is_learned=judged.is_learned,
        low=f"{judged.low:.2f}",
        high=f"{judged.high:.2f}",
        dots=ratio_dots(found.ratios, band=(judged.low, judged.high), size=(WIDTH, HEIGHT)),
        rows=tuple(rows),
        csv_url=f"{reverse('api-factories-balance', args=[factory.pk])}?from={found.days[0].day.isoformat()}&as=csv",
    )
