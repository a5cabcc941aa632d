"""What needs a look first: the sites with open alarms, the dearest first, and their days of stack against fuel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext

from alerts.choices import AlertKind
from alerts.queries import cost_rank, exceptions_of
from compliance.balance import balances
from factories.models import Factory
from portal.alarm_rows import AlarmRow, row_of
from portal.drawn.ratio_dots import RatioDots, ratio_dots


@dataclass(frozen=True, slots=True)
class SiteLook:
    """A site and the alarm of it that costs most."""

    factory_id: int
    alarm: AlarmRow
    more: str  # its other alarms, in words
    more_url: str
    dots: RatioDots | None


def looks(
    user: Any, factories: Sequence[Factory], now: datetime, *, without: Sequence[AlertKind] = ()
) -> list[SiteLook]:
    """The sites with an open alarm that the user sees, the most costly first; two queries for all of them.

    `without`: kinds that the page shows elsewhere.
    """
    by_site = exceptions_of(user, factories)
    shown = [[alert for alert in by_site.get(site.pk, []) if alert.kind not in without] for site in factories]
    found = sorted(
        ((alerts[0], len(alerts) - 1, site) for alerts, site in zip(shown, factories, strict=True) if alerts),
        key=lambda item: cost_rank(item[0]),
    )
    days = balances([site for _alert, _more, site in found], now)
    return [
        SiteLook(
            factory_id=site.pk,
            alarm=row_of(alert, may=False),
            more=ngettext("%d more alarm", "%d more alarms", more) % more if more else "",
            more_url=f"{reverse('alarms')}?factory={site.pk}",
            dots=ratio_dots(days[site.pk].ratios),
        )
        for alert, more, site in found
    ]
