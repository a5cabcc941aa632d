"""Builders of what site days come from: production, and hours of a chimney as roll-ups would have stored them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from compliance.models import SiteDay
from compliance.site_days import refresh
from devices.models import Assignment
from emissions.models import EmissionHour
from factories.choices import Product
from factories.models import Factory
from production.models import ProductionEntry

DAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, 3, tzinfo=UTC)  # 06:00 in Nairobi, where the factory day begins
LENGTH = timedelta(days=1)
HOUR = timedelta(hours=1)


def make_production(
    factory: Factory, amount_kg: str | int = 1000, start: datetime = START, end: datetime | None = None, **fields: Any
) -> ProductionEntry:
    fields.setdefault("product", Product.MADE_TEA)
    return ProductionEntry.objects.create(
        factory=factory, amount_kg=Decimal(amount_kg), period_start=start, period_end=end or start + LENGTH, **fields
    )


def make_hours(
    assignment: Assignment, start: datetime, count: int, *, status: str = "measured", kg: float | None = 100.0
) -> list[EmissionHour]:
    """Hours that follow each other; `kg` is the mass of record of each."""
    return EmissionHour.objects.bulk_create(
        hour_of(assignment, start + HOUR * n, kg=kg, status=status) for n in range(count)
    )


def hour_of(assignment: Assignment, start: datetime, *, kg: float | None, status: str = "measured") -> EmissionHour:
    """Not saved."""
    mass_ug = None if kg is None else round(kg * 1e9)
    return EmissionHour(
        device_id=assignment.device_id,
        assignment=assignment,
        period_start=start,
        status=status,
        record_ug=mass_ug,
        measured_ug=mass_ug or 0,
        flux_ug_per_m2=0,
        covered_ms=3_600_000,
        weight_s=3600.0,
        operating_ms=3_600_000,
        idle_ms=0,
        readings=720,
        valid_readings=720,
        method_version="1",
    )


def day_of(factory: Factory, day: date = DAY) -> SiteDay:
    refresh([factory.pk])
    return SiteDay.objects.get(factory=factory, day=day)


def days_of(factory: Factory) -> list[SiteDay]:
    refresh([factory.pk])
    return list(SiteDay.objects.filter(factory=factory).order_by("day"))


def as_told(days: list[SiteDay]) -> list[dict[str, Any]]:
    """Everything a row says but when it was made."""
    names = [field.name for field in SiteDay._meta.concrete_fields if field.name != "refreshed_at"]
    return [{name: getattr(day, name) for name in names} for day in days]
