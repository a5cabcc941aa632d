"""What needs a look first: the sites with open alarms, the dearest first, and their days of stack against fuel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext

from alerts.choices import AlertKind
from alerts.queries import cost_rank, exceptions_of
from compliance.balance import ratios
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
    dots: RatioDots | None = None


def looks(user: Any, factories: Sequence[Factory], *, without: Sequence[AlertKind] = ()) -> list[SiteLook]:
    """The sites with an open alarm that the user sees, the most costly first; one query for all of them.

    `without`: kinds that the page shows elsewhere.
    """
    by_site = exceptions_of(user, factories)
    shown = [[alert for alert in by_site.get(site.pk, []) if alert.kind not in without] for site in factories]
    return [
        SiteLook(
            factory_id=alert.factory_id,
            alarm=row_of(alert, may=False),
            more=ngettext("%d more alarm", "%d more alarms", len(others)) % len(others) if others else "",
            more_url=f"{reverse('alarms')}?factory={alert.factory_id}",
        )
        for alert, *others in sorted(filter(None, shown), key=lambda alerts: cost_rank(alerts[0]))
    ]


def with_dots(looks: Sequence[SiteLook], factories: Sequence[Factory], now: datetime) -> list[SiteLook]:
    """With the days of stack against fuel of each; one query for all."""
    looked_at = {look.factory_id for look in looks}
    days = ratios([factory for factory in factories if factory.pk in looked_at], now)
    return [replace(look, dots=ratio_dots(days[look.factory_id])) for look in looks]
