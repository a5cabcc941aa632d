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
from science.balance import BalanceVerdict

USUAL_FROM = timedelta(days=28)
SETTLES_WITHIN = timedelta(hours=1)  # after it closed, for its last minutes and for readings that come late
ABOVE_LIMIT = {AlertKind.CO2_HIGH: "co2_ppm", AlertKind.FLOW_HIGH: "velocity_ms"}
NOT_MEASURED = {AlertKind.SENSOR_SILENT, AlertKind.HOLD_OPEN}
NO_MONEY = {CostBasis.NOT_MEASURED}
_UG_PER_KG = 10**9


Masses = dict[int, Decimal]  # kg of CO2 by alarm
COLUMNS = ("cost_kg_co2", "cost_amount", "cost_currency", "cost_basis")
Price = tuple[Decimal | None, Decimal | None, str, str]  # of these columns
NOT_KNOWN: Price = (None, None, "", "")


def price_open(now: datetime | None = None) -> int:
    """Bring the prices of alarms that are open, or closed within the hour, up to date; how many changed. Idempotent: a
    price is a function of what is stored."""
    now = now or timezone.now()
    closed = Q(kind__in=list(KINDS), closed_at__gt=now - SETTLES_WITHIN)
    alerts = list(Alert.objects.filter(Q(closed_at=None) | closed).select_related("factory__organisation"))
    found = prices(alerts, now)
    changed = []
    for alert in alerts:
        price = found.get(alert.pk, NOT_KNOWN)
        if price != tuple(getattr(alert, column) for column in COLUMNS):
            for column, value in zip(COLUMNS, price, strict=True):
                setattr(alert, column, value)
            changed.append(alert)
    with transaction.atomic():
        # In the order of the rounds of evaluation, so that neither waits for the other.
        locked = Alert.objects.filter(pk__in=[alert.pk for alert in changed]).order_by("opened_at", "pk")
        list(locked.select_for_update().values_list("pk"))
        Alert.objects.bulk_update(changed, COLUMNS)
    return len(changed)


def prices(alerts: Sequence[Alert], now: datetime) -> dict[int, Price]:
    """The price of each alarm until now, or until it closed; alarms whose price is not known are absent."""
    masses = {
        CostBasis.ABOVE_LIMIT: _above_limit(alerts, now),
        CostBasis.NOT_MEASURED: _not_measured(alerts, now),
        CostBasis.NOT_IN_LOG: _not_in_log(alerts),
        CostBasis.GOOD_FIRE: _of_a_good_fire(alerts, now),
    }
    of_fuel = [alert for alert in alerts if any(alert.pk in masses[basis] for basis in set(masses) - NO_MONEY)]
    of_wood = _of_wood_alone(of_fuel)
    wood = wood_prices(set(of_wood.values()), now)
    found = {}
    for basis, kg_by_alert in masses.items():
        for pk, kg in kg_by_alert.items():
            price = wood.get(of_wood.get(pk, 0))
            money = (round(price.cost(float(kg)), 2), price.currency) if price else (None, "")
            found[pk] = (kg, *money, str(basis))
    return found


def _of_wood_alone(alerts: Sequence[Alert]) -> dict[int, int]:
    """The sites of alarms whose CO2 is that of firewood: at their chimney, or at all chimneys, nothing else burns."""
    sites = list({alert.factory_id: alert.factory for alert in alerts}.values())
    chimneys, of_wood = wood_chimneys(sites), wood_sites(sites)
    return {
        alert.pk: alert.factory_id
        for alert in alerts
        if alert.kind == AlertKind.EFFICIENCY_LOW  # of wood fires only
        or alert.factory_id in of_wood
        or alert.chimney_id in chimneys[alert.factory_id]
    }


@dataclass(frozen=True, slots=True)
class _Mass:
    alert_id: int
    mass_ug: float | None


def _masses(name: str, alerts: Iterable[Alert], now: datetime, **more: object) -> Masses:
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
    return {row.alert_id: _rounded(Decimal(row.mass_ug) / _UG_PER_KG) for row in rows if row.mass_ug is not None}


def _rounded(kg: float | Decimal) -> Decimal:
    return round(Decimal(kg), 3)


def _above_limit(alerts: Iterable[Alert], now: datetime) -> Masses:
    """At the flow measured, CO2 above its limit is mass times (1 - limit / value); likewise velocity at its CO2."""
    asked = [alert for alert in alerts if alert.kind in ABOVE_LIMIT and alert.device_id and alert.limit]
    limits, columns = [alert.limit for alert in asked], [ABOVE_LIMIT[AlertKind(alert.kind)] for alert in asked]
    return _masses("mass_above_limit", asked, now, limits=limits, columns=columns)


def _not_measured(alerts: Iterable[Alert], now: datetime) -> Masses:
    """The mean of the device's hours of record in the 28 days before, times the hours since."""
    asked = [alert for alert in alerts if alert.kind in NOT_MEASURED and alert.device_id]
    return _masses("usual_mass", asked, now, usual_from=USUAL_FROM)


def _not_in_log(alerts: Iterable[Alert]) -> Masses:
    """What the stack shows beyond the log on the days of the alarm, where the verdict is fuel that was not logged."""
    asked = [alert for alert in alerts if alert.kind == AlertKind.STACK_AGAINST_FUEL]
    unlogged = [alert for alert in asked if alert.params.get("verdict") == BalanceVerdict.UNLOGGED_FUEL]
    return {alert.pk: _rounded(alert.params["difference_kg"]) for alert in unlogged}


def _of_a_good_fire(alerts: Iterable[Alert], now: datetime) -> Masses:
    """What the fires of the site emitted since it began, over the whole hours, and good ones would not have."""
    asked = [alert for alert in alerts if alert.kind == AlertKind.EFFICIENCY_LOW]
    periods = []
    for alert in asked:
        begin, end = (local_hour_start(at, alert.factory.zone) for at in (alert.began_at, alert.closed_at or now))
        periods.append(SitePeriod(alert.factory_id, begin, end))
    sites = {alert.factory_id: alert.factory for alert in asked}
    told = zip(asked, what_fires_tell(list(sites.values()), periods, now) if asked else (), strict=True)
    return {alert.pk: _rounded(fire.avoidable_co2_kg) for alert, fire in told if fire is not None}
