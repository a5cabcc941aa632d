"""Reads of alarms: which a person sees, the causes of a month, and the exceptions of sites."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from accounts.permissions import may, organisations_of, visible_to
from accounts.roles import Action
from alerts.choices import AlertState, Cause, Severity
from alerts.kinds import KINDS
from alerts.models import Alert, AlertRule
from factories.models import Factory


def alerts_of(user: Any) -> QuerySet[Alert]:
    """The alarms that a person sees: at their sites, and of kinds whose subject they may see there. Their money is for
    those who see the energy log, which has it too."""
    seen = Q(pk__in=[])
    for needs in {row.needs for row in KINDS.values()}:
        kinds = [code for code, row in KINDS.items() if row.needs is needs]
        sites = visible_to(user, Factory.objects.all(), factory_path="", action=needs).values("pk")
        seen |= Q(kind__in=kinds, factory__in=sites)
    visible = visible_to(user, Alert.objects.filter(seen), action=Action.VIEW_ALERTS)
    sites = visible_to(user, Factory.objects.all(), factory_path="", action=Action.VIEW_ENERGY).values("pk")
    sees_money = Case(When(factory__in=sites, then=Value(True)), default=Value(False))
    related = ("factory__organisation", "device", "chimney", "assigned_to", "acknowledged_by", "closed_by")
    return visible.annotate(sees_money=sees_money).select_related(*related)  # type: ignore[no-redef]


def open_alerts(user: Any) -> QuerySet[Alert]:
    """Open ones, the gravest first, then those that cost most."""
    return ordered(alerts_of(user).filter(closed_at=None))


def ordered(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    gravity = Case(*(When(severity=severity, then=Value(severity.gravity)) for severity in Severity))
    costs = [F(name).desc(nulls_last=True) for name in ("cost_amount", "cost_kg_co2")]
    return alerts.order_by(gravity.desc(), *costs, "-opened_at", "-pk")


def open_count(user: Any) -> int:
    """Those that nobody has acknowledged or put off."""
    waiting = Q(state__in=[AlertState.OPEN, AlertState.ASSIGNED], closed_at=None)  # rides `alert_still_so`
    return alerts_of(user).filter(waiting).count()


def rules_of(user: Any) -> QuerySet[AlertRule]:
    """The rules of the user's sites, and those of their organisations: these hold at the sites too."""
    sites = visible_to(user, Factory.objects.all(), factory_path="", action=Action.VIEW_ALERTS)
    q = Q(factory__in=sites.values("pk")) | Q(factory=None, organisation__in=sites.values("organisation"))
    return (
        AlertRule.objects.filter(q).select_related("factory", "organisation").order_by("organisation", "factory", "pk")
    )


def may_set_rules(user: Any, organisation_id: int, factory: Factory | None) -> bool:
    """Whether the user sets the rules of a site; without one those of the organisation, which hold at all its sites:
    headquarters of a county do not."""
    if factory is not None:
        return may(user, Action.MANAGE_ALERT_RULES, factory)
    return organisation_id in organisations_of(user, Action.MANAGE_ALERT_RULES)


# --- Causes -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CauseRow:
    """A cause of alarms, how many it had, and its share of all together with the rows before it.

    Without a mass: alarms of different bases, or of the same hour of a fire, do not add up.
    """

    cause: str  # empty: nobody said
    words: str
    count: int
    cumulative_pct: float


def causes(alerts: QuerySet[Alert], start: datetime, end: datetime, *, unknown: str) -> list[CauseRow]:
    """The causes of the alarms that opened in [start, end), the most frequent first (Pareto)."""
    found = alerts.filter(opened_at__gte=start, opened_at__lt=end).order_by()
    rows = list(found.values("cause").annotate(count=Count("pk")).order_by("-count", "cause"))
    total, so_far = sum(row["count"] for row in rows), 0
    pareto = []
    for row in rows:
        so_far += row["count"]
        words = str(Cause(row["cause"]).label) if row["cause"] else unknown
        pareto.append(CauseRow(row["cause"], words, row["count"], 100 * so_far / total))
    return pareto


# --- Exceptions ---------------------------------------------------------------------------------
def exceptions_of(user: Any, factories: Iterable[Factory]) -> dict[int, list[Alert]]:
    """For each site with open alarms that the user sees, these, the most costly first. One query for all sites.

    Order the sites by `cost_rank`. What somebody has put off is not shown.
    """
    by_site: dict[int, list[Alert]] = {}
    shown = alerts_of(user).filter(closed_at=None, factory__in=[factory.pk for factory in factories])
    for alert in sorted(shown.exclude(state=AlertState.SNOOZED), key=cost_rank):
        by_site.setdefault(alert.factory_id, []).append(alert)
    return by_site


def cost_rank(alert: Alert) -> tuple[Any, ...]:
    """What costs money first, then what emits most, then the gravest; what is not known comes after what is."""
    return (-(alert.cost_amount or 0), -(alert.cost_kg_co2 or 0), -Severity(alert.severity).gravity, alert.pk)
