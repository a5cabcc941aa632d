"""What needs a look first: the sites with open alarms, the dearest first, and their days of stack against fuel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext

from alerts.choices import AlertKind, Severity
from alerts.queries import SiteException, cost_rank, exceptions_of
from compliance.balance import balances
from factories.models import Factory
from portal.alarm_rows import FORMS
from portal.drawn.ratio_dots import RatioDots, ratio_dots


@dataclass(frozen=True, slots=True)
class SiteLook:
    """A site and the alarm of it that costs most. `price` is empty while it is not known."""

    factory_id: int
    name: str
    url: str
    form: str  # of components/_state.html
    severity: str
    sentence: str
    price: str
    more: str  # its other alarms, in words
    more_url: str
    dots: RatioDots | None


def looks(
    user: Any, factories: Sequence[Factory], now: datetime, *, without: Sequence[AlertKind] = ()
) -> list[SiteLook]:
    """The sites with an open alarm that the user sees, the most costly first; two queries for all of them.

    `without`: kinds that the page shows elsewhere.
    """
    found: list[tuple[SiteException, int, Factory]] = []
    by_site = exceptions_of(user, factories)
    for factory in factories:
        of_site = [row for row in by_site.get(factory.pk, []) if row.kind not in without]
        if of_site:
            found.append((of_site[0], len(of_site) - 1, factory))
    found.sort(key=lambda item: cost_rank(item[0]))
    days = balances([factory for _row, _more, factory in found], now) if found else {}
    return [
        SiteLook(
            factory_id=factory.pk,
            name=factory.name,
            url=reverse("alarm", args=[row.alert_id]),
            form=FORMS[Severity(row.severity)],
            severity=str(Severity(row.severity).label),
            sentence=row.sentence,
            price=row.price,
            more=ngettext("%d more alarm", "%d more alarms", more) % more if more else "",
            more_url=f"{reverse('alarms')}?factory={factory.pk}",
            dots=ratio_dots(days[factory.pk].days),
        )
        for row, more, factory in found
    ]
