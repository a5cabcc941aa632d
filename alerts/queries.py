"""Reads of alarms: which a person sees, the causes of a month, and the exceptions of sites."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from accounts.permissions import may, organisations_of, visible_to
from accounts.roles import Action
from alerts.choices import AlertState, Cause, Severity
from alerts.kinds import KINDS
from alerts.models import Alert, AlertRule
from alerts.sentences import price_sentence, sentence_of
from factories.models import Factory

GRAVITY = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
by_gravity = Case(
    *(When(severity=severity, then=Value(rank)) for severity, rank in GRAVITY.items()), output_field=IntegerField()
)


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
    costs = [F(name).desc(nulls_last=True) for name in ("cost_amount", "cost_kg_co2")]
    return alerts.annotate(gravity=by_gravity).order_by("gravity", *costs, "-opened_at", "-pk")


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
@dataclass(frozen=True, slots=True)
class SiteException:
    """An open alarm of a site, as a list of sites shows it: what is so, and what it costs; None: not known."""

    alert_id: int
    kind: str
    severity: str
    sentence: str
    price: str
    cost_kg_co2: Decimal | None
    cost_amount: Decimal | None
    currency: str


def exceptions_of(user: Any, factories: Iterable[Factory]) -> dict[int, list[SiteException]]:
    """For each site with open alarms that the user sees, these, the most costly first. One query for all sites.

    Order the sites by `cost_rank`. What somebody has put off is not shown.
    """
    by_site: dict[int, list[SiteException]] = {}
    shown = open_alerts(user).filter(factory__in=[factory.pk for factory in factories])
    for alert in shown.exclude(state=AlertState.SNOOZED):
        assert alert.factory_id is not None
        by_site.setdefault(alert.factory_id, []).append(
            SiteException(
                alert.pk,
                alert.kind,
                alert.severity,
                sentence_of(alert),
                price_sentence(alert),
                alert.cost_kg_co2,
                alert.cost_amount,
                alert.cost_currency,
            )
        )
    return {pk: sorted(rows, key=cost_rank) for pk, rows in by_site.items()}


def cost_rank(row: SiteException) -> tuple[Any, ...]:
    """What costs money first, then what emits most, then the gravest; what is not known comes after what is."""
    return (-(row.cost_amount or 0), -(row.cost_kg_co2 or 0), GRAVITY[Severity(row.severity)], row.alert_id)
