"""What an alarm costs: kg of CO2 and money of fuel since it began. `docs/method.md` 14 has the assumptions.

Four bases, never mixed: emitted above the limit; in the stack and not in the log; what a good fire would not have
emitted; emitted and not measured, at the site's usual rate. Null is "not known", never zero. Money is that of the wood
which the CO2 stands for (`energy/prices.py`), where nothing but firewood burns; what was merely not measured has none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alerts.choices import AlertKind, CostBasis
from alerts.kinds import KINDS
from alerts.models import Alert
from compliance.fire import what_fires_tell, wood_chimneys, wood_sites
from emissions.settling import SitePeriod
from energy.prices import wood_prices
from factories.days import local_hour_start
from lib import sql

USUAL_FROM = timedelta(days=28)
SETTLES_WITHIN = timedelta(hours=1)  # after it closed, for its last minutes and for readings that come late
ABOVE_LIMIT = {AlertKind.CO2_HIGH: "co2_ppm", AlertKind.FLOW_HIGH: "velocity_ms"}
NOT_MEASURED = {AlertKind.SENSOR_SILENT, AlertKind.HOLD_OPEN}
_UG_PER_KG = 10**9


@dataclass(frozen=True, slots=True)
class Price:
    kg_co2: Decimal
    basis: CostBasis
    amount: Decimal | None = None
    currency: str = ""


def price_open(now: datetime | None = None) -> int:
    """Bring the prices of alarms that are open, or closed within the hour, up to date; how many changed. Idempotent: a
    price is a function of what is stored."""
    now = now or timezone.now()
    closed = Q(kind__in=list(KINDS), closed_at__gt=now - SETTLES_WITHIN)
    alerts = list(Alert.objects.filter(Q(closed_at=None) | closed).select_related("factory__organisation"))
    found = prices(alerts, now)
    changed = []
    for alert in alerts:
        price = found.get(alert.pk)
        values = (
            (None, None, "", "") if price is None else (price.kg_co2, price.amount, price.currency, str(price.basis))
        )
        if values != (alert.cost_kg_co2, alert.cost_amount, alert.cost_currency, alert.cost_basis):
            alert.cost_kg_co2, alert.cost_amount, alert.cost_currency, alert.cost_basis = values
            changed.append(alert)
    with transaction.atomic():
        # In the order of the rounds of evaluation, so that neither waits for the other.
        locked = Alert.objects.filter(pk__in=[alert.pk for alert in changed]).order_by("opened_at", "pk")
        list(locked.select_for_update().values_list("pk"))
        Alert.objects.bulk_update(changed, ["cost_kg_co2", "cost_amount", "cost_currency", "cost_basis"])
    return len(changed)


def prices(alerts: Sequence[Alert], now: datetime) -> dict[int, Price]:
    """The price of each alarm until now, or until it closed; alarms whose price is not known are absent."""
    masses = _above_limit(alerts, now) | _not_measured(alerts, now) | _not_in_log(alerts) | _of_a_good_fire(alerts, now)
    fuel = [alert for alert in alerts if alert.pk in masses and masses[alert.pk][1] is not CostBasis.NOT_MEASURED]
    of_wood = _of_wood_alone(fuel)
    wood = wood_prices({alert.factory_id for alert in fuel if alert.pk in of_wood and alert.factory_id}, now)
    found = {}
    for alert in alerts:
        if alert.pk not in masses:
            continue
        kg, basis = masses[alert.pk]
        price = wood.get(alert.factory_id or 0) if alert.pk in of_wood else None
        found[alert.pk] = Price(kg, basis)
        if price is not None:
            found[alert.pk] = Price(kg, basis, round(price.cost(float(kg)), 2), price.currency)
    return found


def _of_wood_alone(alerts: Sequence[Alert]) -> set[int]:
    """The alarms whose CO2 is that of firewood: at their chimney, or at all chimneys, nothing else burns."""
    sites = {alert.factory_id: alert.factory for alert in alerts if alert.factory is not None}
    if not sites:
        return set()
    chimneys, of_wood = wood_chimneys(list(sites.values())), wood_sites(list(sites.values()))
    return {
        alert.pk
        for alert in alerts
        if alert.factory_id is not None
        and (
            alert.kind == AlertKind.EFFICIENCY_LOW  # of wood fires only
            or alert.factory_id in of_wood
            or alert.chimney_id in chimneys[alert.factory_id]
        )
    }


def _kg(micrograms: float) -> Decimal:
    return round(Decimal(micrograms) / _UG_PER_KG, 3)


@dataclass(frozen=True, slots=True)
class _Mass:
    alert_id: int
    mass_ug: float | None


def _masses(name: str, alerts: Iterable[Alert], now: datetime, **more: list[object]) -> dict[int, Decimal]:
    asked = list(alerts)
    if not asked:
        return {}
    parameters = {
        "alert_ids": [alert.pk for alert in asked],
        "device_ids": [alert.device_id for alert in asked],
        "begins": [alert.began_at for alert in asked],
        "ends": [alert.closed_at or now for alert in asked],
    }
    rows = sql.fetch(sql.load("alerts", name), parameters | more, _Mass)
    return {row.alert_id: _kg(row.mass_ug) for row in rows if row.mass_ug is not None}


def _above_limit(alerts: Iterable[Alert], now: datetime) -> dict[int, tuple[Decimal, CostBasis]]:
    """At the flow measured, CO2 above its limit is mass times (1 - limit / value); likewise velocity at its CO2."""
    asked = [alert for alert in alerts if alert.kind in ABOVE_LIMIT and alert.device_id and alert.limit]
    more: dict[str, list[object]] = {
        "limits": [alert.limit for alert in asked],
        "columns": [ABOVE_LIMIT[AlertKind(alert.kind)] for alert in asked],
    }
    found = _masses("mass_above_limit", asked, now, **more)
    return {pk: (kg, CostBasis.ABOVE_LIMIT) for pk, kg in found.items()}


def _not_measured(alerts: Iterable[Alert], now: datetime) -> dict[int, tuple[Decimal, CostBasis]]:
    """The mean of the device's hours of record in the 28 days before, times the hours since."""
    asked = [alert for alert in alerts if alert.kind in NOT_MEASURED and alert.device_id]
    found = _masses("usual_mass", asked, now, usual_from=USUAL_FROM)  # type: ignore[arg-type]
    return {pk: (kg, CostBasis.NOT_MEASURED) for pk, kg in found.items()}


def _not_in_log(alerts: Iterable[Alert]) -> dict[int, tuple[Decimal, CostBasis]]:
    """What the stack shows beyond the log, on the days of the alarm; unknown where the log is above the stack."""
    found = {}
    for alert in alerts:
        if alert.kind == AlertKind.STACK_AGAINST_FUEL:
            missing_kg = alert.params.get("stack_kg", 0) - alert.params.get("fuel_kg", 0)
            if missing_kg > 0:
                found[alert.pk] = (round(Decimal(missing_kg), 3), CostBasis.NOT_IN_LOG)
    return found


def _of_a_good_fire(alerts: Iterable[Alert], now: datetime) -> dict[int, tuple[Decimal, CostBasis]]:
    """What the fires of the site emitted since it began, over the whole hours, and good ones would not have."""
    asked = [alert for alert in alerts if alert.kind == AlertKind.EFFICIENCY_LOW]
    sites = {alert.factory_id: alert.factory for alert in asked if alert.factory is not None}
    periods = [
        SitePeriod(site.pk, *(local_hour_start(at, site.zone) for at in (alert.began_at, alert.closed_at or now)))
        for alert in asked
        if (site := alert.factory) is not None
    ]
    told = what_fires_tell(list(sites.values()), periods, now) if asked else []
    return {
        alert.pk: (round(Decimal(fire.avoidable_co2_kg), 3), CostBasis.GOOD_FIRE)
        for alert, fire in zip(asked, told, strict=True)
        if fire is not None
    }
