"""A small organisation with a known past for the tests of HQ's morning, told relative to now."""

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from accounts.roles import Role
from compliance.site_days import refresh
from energy.models import EnergyEntry
from factories.choices import Product
from factories.days import running_day
from factories.models import Factory
from production.models import ProductionEntry
from tests import make
from tests.compliance.build import make_hours

DAY = timedelta(days=1)
EACH_DAY_BACK = 8


def day_start(factory: Factory, days_back: int, now: datetime | None = None) -> datetime:
    """The start of the factory day that many days before the current one."""
    start = running_day(factory, now or timezone.now()).starts_at
    return (start - days_back * DAY).astimezone(factory.zone)


def log_days(
    factory: Factory, first_back: int, last_back: int, *, scale: int = 1, entered_after: timedelta = timedelta(0)
) -> None:
    """The factory days from so many back to so many back: the last eight each by itself, those before in one entry."""
    stretches = [(back, 1) for back in range(last_back, min(first_back, EACH_DAY_BACK) + 1)]
    if first_back > EACH_DAY_BACK:
        stretches.append((first_back, first_back - EACH_DAY_BACK))
    for back, days in stretches:
        log_stretch(factory, day_start(factory, back), days, scale=scale, entered_after=entered_after)


def log_stretch(factory: Factory, start: datetime, days: int, *, scale: int, entered_after: timedelta) -> None:
    """Firewood, electricity and made tea of some days in a row, entered at their end or so long after it."""
    end = start + days * DAY
    period: dict[str, Any] = {"timestamp": start, "period_start": start, "period_end": end}
    wood = make.make_energy_entry(factory, amount=Decimal(43 * days) * scale, **period)
    power = make.make_energy_entry(
        factory, energy_type="electricity", amount=Decimal(6100 * days) * scale, unit="kWh", **period
    )
    made = make.make_production(
        factory, product=Product.MADE_TEA, amount=Decimal(12_300 * days) * scale, period_start=start, period_end=end
    )
    at = min(end + entered_after, timezone.now() - timedelta(minutes=1))
    EnergyEntry.objects.filter(pk__in=[wood.pk, power.pk]).update(created_at=at)
    ProductionEntry.objects.filter(pk=made.pk).update(created_at=at)


def measure(factory: Factory, days_back: range, *, hours: int = 24, kg: float = 500.0) -> None:
    """A chimney whose device of record measured so many hours of each of these days, and since long ago no others."""
    assignment = make.make_assignment(device=make.make_device(factory=factory, last_heartbeat=timezone.now()))
    for back in days_back:
        make_hours(assignment, day_start(factory, back), hours, kg=kg)


def tea_group() -> SimpleNamespace:
    """Four factories: all is well; late and half silent; no sensor and days missing; nothing at all."""
    organisation = make.make_organisation(name="Tea Group")
    well, late, plain, empty = (
        make.make_factory(organisation=organisation, name=name) for name in ("Well", "Late", "Plain", "Nothing")
    )
    log_days(well, 30, 1)
    log_days(late, 30, 1, scale=2, entered_after=2 * DAY)
    log_days(plain, 19, 3)
    measure(well, range(1, 31))
    measure(late, range(1, 31), hours=9, kg=700.0)
    hq = make.make_user(email="head@test.example")
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=organisation)
    refresh([well.pk, late.pk, plain.pk, empty.pk])
    return SimpleNamespace(
        organisation=organisation,
        well=well,
        late=late,
        plain=plain,
        empty=empty,
        hq=hq,
        factories=[well, late, plain, empty],
    )
