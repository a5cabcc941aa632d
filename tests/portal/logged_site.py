"""A factory with a log and a chimney, for the tests of its pages: 40 days of wood and tea, 30 of measured hours."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from devices.models import Assignment
from emissions.models import EmissionHour
from factories.models import Factory
from tests import make
from tests.cast import Cast, make_cast
from tests.compliance.build import hour_of
from tests.shared import shared

# 14:20 in Nairobi: the factory day began at 06:00, so eight whole hours of it are over.
NOW = datetime(2026, 11, 22, 11, 20, tzinfo=UTC)
TODAY = date(2026, 11, 22)
YESTERDAY = date(2026, 11, 21)


@dataclass(frozen=True)
class LoggedSite:
    factory: Factory
    user: User
    assignment: Assignment | None = None
    cast: Cast | None = None


def day_start(day: date) -> datetime:
    """06:00 at the site."""
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def wood_stere(day: date) -> Decimal:
    """Something else each day, so that a mixed-up day shows."""
    return Decimal(40) + day.toordinal() % 7


def log_days(factory: Factory, user: User, days: Iterable[date]) -> None:
    """Firewood, electricity and made tea of whole factory days."""
    for day in days:
        start = day_start(day)
        make.make_energy_entry(
            factory, user=user, amount=wood_stere(day), timestamp=start, cost=Decimal(48_000), currency="KES"
        )
        make.make_energy_entry(
            factory, user=user, energy_type="electricity", amount=Decimal(5000), unit="kWh", timestamp=start
        )
        make.make_production(factory, user=user, amount=Decimal(10_000), timestamp=start)


def hour_kg(start: datetime) -> int:
    return 700 + (start.toordinal() * 7 + start.hour * 13) % 90


def measure(assignment: Assignment, first: datetime, last: datetime, *, without: Iterable[datetime] = ()) -> None:
    """Measured hours of record that begin in [first, last), but for those in `without`."""
    left_out, rows, start = set(without), [], first
    while start < last:
        if start not in left_out:
            rows.append(hour_of(assignment, start, kg=hour_kg(start)))
        start += timedelta(hours=1)
    EmissionHour.objects.bulk_create(rows)


def day_at(now: datetime) -> date:
    """The factory day that is running; 06:00 in Nairobi is 03:00 UTC."""
    return (now.astimezone(UTC) - timedelta(hours=3)).date()


def make_site(
    factory: Factory,
    user: User,
    *,
    days: int = 40,
    measured_days: int = 30,
    now: datetime = NOW,
    cast: Cast | None = None,
) -> LoggedSite:
    """The factory as it stands at `now`: logged up to yesterday, measured up to this hour."""
    log_days(factory, user, [day_at(now) - timedelta(days=back) for back in range(1, days + 1)])
    if not measured_days:
        return LoggedSite(factory, user)
    device = make.make_device(factory=factory, last_heartbeat=now)
    assignment = make.make_assignment(device=device)
    first = day_start(day_at(now) - timedelta(days=measured_days))
    measure(assignment, first, now.replace(minute=0, second=0, microsecond=0))
    return LoggedSite(factory, user, assignment, cast)


def make_logged_litein() -> LoggedSite:
    """Litein as it stands at `NOW`, with the rest of the cast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: NOW)
        cast = make_cast()
        return make_site(cast.litein, cast.litein_manager, cast=cast)


kept_litein = shared("kept_litein", make_logged_litein)


@pytest.fixture
def logged_litein(kept_litein: LoggedSite) -> LoggedSite:
    return copy.deepcopy(kept_litein)
