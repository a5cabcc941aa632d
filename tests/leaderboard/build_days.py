"""Site days made by hand, for tests of the rank: what the statement reads, without entries and readings behind it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from compliance.models import SiteDay
from factories.models import Factory, Organisation
from leaderboard.metrics import Metric
from leaderboard.places import Leaderboard, Row, leaderboard_for
from leaderboard.sums import forget, last_complete_days
from tests import make

# The model factory of docs/method.md 11, by the default factors: 1.8 kg wood and 0.5 kWh per kg made.
MADE_KG = Decimal(10_000)
WOOD_KG = Decimal(18_000)
POWER_KWH = Decimal(5_000)
# Of a kg of wood at 30 % moisture: 18.5 x 0.7 - 2.443 x 0.3 MJ; x (30 x 27.0 + 4 x 273) / 1e6; 0.7 x 0.50 x 44/12.
WOOD_MJ, WOOD_CO2E_KG, WOOD_CO2_KG = Decimal("12.2171"), Decimal("0.0232369242"), Decimal("1.283333333")
GRID_2025 = Decimal("0.0954")  # kg CO2e/kWh; the newest there is, so it holds in 2026 too
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)  # 12:00 in Kenya: the day of the 21st is over since 06:00
LAST = date(2026, 11, 21)
ALL = 86_400
MONTH = "2026-11"


def heat(wood_kg: Decimal | float) -> dict[str, Decimal]:
    """What wood gives by the default factor, AR6."""
    kg = Decimal(str(wood_kg))
    return {
        "heat_gj": kg * WOOD_MJ / 1000,
        "heat_scope1_co2e_kg": kg * WOOD_CO2E_KG,
        "firewood_kg": kg,
        "biogenic_co2_kg": kg * WOOD_CO2_KG,
        "heat_carbon_co2_kg": kg * WOOD_CO2_KG,
    }


def power(kwh: Decimal | float, grid: Decimal = GRID_2025) -> dict[str, Decimal]:
    amount = Decimal(str(kwh))
    return {"electricity_kwh": amount, "electricity_gj": amount * Decimal("0.0036"), "scope2_co2e_kg": amount * grid}


def stack(co2_kg: Decimal | float | None, *, measured: int = 24, idle: int = 0) -> dict[str, Any]:
    return {
        "chimneys": 1,
        "stack_h": 24,
        "is_idle": idle == 24,
        "stack_measured_h": measured,
        "stack_idle_h": idle,
        "stack_co2_kg": None if co2_kg is None else Decimal(str(co2_kg)),
    }


NO_HEAT: dict[str, Any] = {**heat(0), "heat_covered_s": 0, "firewood_kg": None, "heat_carbon_co2_kg": None}
NO_POWER: dict[str, Any] = {**power(0), "electricity_covered_s": 0, "electricity_kwh": None}
NO_STACK: dict[str, Any] = {
    "chimneys": 0,
    "is_idle": False,
    "stack_h": 0,
    "stack_measured_h": 0,
    "stack_idle_h": 0,
    "stack_co2_kg": None,
}
NO_PRODUCTION: dict[str, Any] = {"made_kg": None, "has_production": False, "production_covered_s": 0}
IDLE = NO_HEAT | NO_POWER | stack(0, measured=0, idle=24) | {"made_kg": None, "has_production": False}


def usual(wood: float = 1.0) -> dict[str, Any]:
    """A day of 10 t, its log confirmed by the stack. `wood`: times the usual."""
    wood_kg = WOOD_KG * Decimal(str(wood))
    return {
        "made_kg": MADE_KG,
        "production_covered_s": ALL,
        "has_production": True,
        "heat_covered_s": ALL,
        "electricity_covered_s": ALL,
        **heat(wood_kg),
        **power(POWER_KWH),
        **stack(wood_kg * WOOD_CO2_KG),
    }


def a_day(factory: Factory, day: date, **columns: Any) -> SiteDay:
    """Not saved. The factory day begins at 06:00 in Kenya, 03:00 UTC."""
    starts_at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    return SiteDay(
        factory=factory,
        day=day,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=1),
        refreshed_at=NOW - timedelta(days=1),  # never ahead of the clock: pages keep sums by it
        **columns,
    )


def fill_days(factory: Factory, count: int = 30, *, last: date = LAST, wood: float = 1.0, **columns: Any) -> None:
    """`count` days up to `last`, each as usual but for `columns`."""
    SiteDay.objects.bulk_create(
        a_day(factory, last - timedelta(days=back), **(usual(wood) | columns)) for back in range(count)
    )


def change_day(factory: Factory, day: date, **columns: Any) -> None:
    SiteDay.objects.filter(factory=factory, day=day).update(**columns)


def make_network(organisation: Organisation, count: int = 6) -> list[Factory]:
    """Sites that are ranked today, whatever day that is, each with a twentieth more wood than the one before."""
    sites = [make.make_factory(organisation=organisation, county="Meru") for _ in range(count)]
    last = last_complete_days(sites, timezone.now())[sites[0].pk]
    days = min(365, 30 + max(0, (last - date(2026, 11, 20)).days))
    for index, site in enumerate(sites):
        fill_days(site, days, last=last, wood=1.0 + index / 20)
    return sites


def board(user: User, metric: Metric | str = "", period: str = MONTH, group: str = "") -> Leaderboard:
    forget()  # days are changed by hand here
    code = metric if isinstance(metric, str) else metric.code
    return leaderboard_for(user, {"metric": code, "period": period, "group": group}, NOW)


def row_of(ranked: Leaderboard, factory: Factory) -> Row:
    return next(row for row in ranked.rows if row.factory == factory)
