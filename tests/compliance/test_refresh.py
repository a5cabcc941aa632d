"""Site days do not depend on the order of writes and refreshes, nor on who refreshes when."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance import site_days
from compliance.models import SiteDay, TouchedSite
from compliance.site_days import rebuild, refresh
from emissions.models import EmissionHour
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.models import Factory
from production.models import ProductionEntry
from tests.compliance.build import DAY, LENGTH, START, as_told, day_of, days_of, make_hours, make_production
from tests.make import make_assignment, make_device, make_energy_entry, make_factory, make_user
from tests.measuring import at_once
from tests.waiting import TIMEOUT_S

FIRST, LAST = DAY - timedelta(days=40), DAY + timedelta(days=40)


# --- Any order ---------------------------------------------------------------------------------
def _record(state: Any, hours: int, length: int) -> None:
    start = START + timedelta(hours=hours)
    make_energy_entry(
        state.factory,
        user=state.user,
        amount=Decimal(abs(hours) * 7 + 1) / 8,
        timestamp=None,
        energy_type=("firewood", "electricity", "diesel")[hours % 3],
        unit=("kg", "kWh", "L")[hours % 3],
        period_start=start - timedelta(hours=length),
        period_end=start,
    )


def _produce(state: Any, hours: int, length: int) -> None:
    start = START + timedelta(hours=hours)
    make_production(state.factory, abs(hours) + length, start - timedelta(hours=length), start)


def _delete(state: Any, hours: int, length: int) -> None:
    entry = EnergyEntry.objects.filter(factory=state.factory, deleted_at=None).order_by("id").first()
    if entry:
        energy_log.delete(state.user, entry.pk, "wrong")
        if length % 3 == 0:
            energy_log.undo(state.user, entry.pk)


def _rewrite(state: Any, hours: int, length: int) -> None:
    first = ProductionEntry.objects.filter(factory=state.factory).order_by("id").first()
    if first:
        ProductionEntry.objects.filter(pk=first.pk).update(amount_kg=length)


def _measure(state: Any, hours: int, length: int) -> None:
    start = START + timedelta(hours=hours)
    EmissionHour.objects.filter(device=state.assignment.device, period_start__gte=start).delete()
    make_hours(state.assignment, start, length, kg=hours + 0.1)


def _cut(state: Any, hours: int, length: int) -> None:
    Factory.objects.filter(pk=state.factory.pk).update(day_starts_at=hours % 24)


def _refresh(state: Any, hours: int, length: int) -> None:
    refresh([state.factory.pk] if hours % 2 else None)


ACTS: list[Callable[[Any, int, int], None]] = [
    _record,
    _record,
    _produce,
    _delete,
    _rewrite,
    _measure,
    _cut,
    _refresh,
    _refresh,
]


class State:
    """A site for one run of acts."""

    def __init__(self) -> None:
        self.factory = make_factory()
        self.user = make_user(password=None)
        self.assignment = make_assignment(device=make_device(factory=self.factory))


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(-60, 0), st.integers(1, 50)), max_size=12))
def test_any_order_of_writes_and_refreshes_equals_a_rebuild(
    acts: list[tuple[Callable[[Any, int, int], None], int, int]],
) -> None:
    state = State()
    for act, hours, length in acts:
        act(state, hours, length)

    told = as_told(days_of(state.factory))
    SiteDay.objects.filter(factory=state.factory).delete()
    rebuild([state.factory.pk], FIRST, LAST)

    assert told == as_told(list(SiteDay.objects.filter(factory=state.factory).order_by("day")))


# --- Several at once ---------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_writers_and_refreshers_at_once_lose_nothing() -> None:
    factories = [make_factory() for _n in range(2)]
    user = make_user()

    def act(number: int) -> None:
        for n in range(6):
            if number < 3:
                make_energy_entry(factories[n % 2], user=user, amount=Decimal(number * 10 + n + 1), unit="kg")
            else:
                refresh([f.pk for f in reversed(factories)] if number % 2 else None)

    at_once(6, act)
    refresh()

    for parity, factory in enumerate(factories):
        logged = [number * 10 + n + 1 for number in range(3) for n in range(6) if n % 2 == parity]
        assert day_of(factory).firewood_kg == sum(logged)
    assert TouchedSite.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_days_are_made_is_made_in_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = make_factory()
    make_energy_entry(factory, amount=Decimal(100), unit="kg")
    load = site_days.load

    def write_after_reading(windows: Any) -> Any:
        found = load(windows)
        at_once(1, lambda _n: make_energy_entry(factory, amount=Decimal(50), unit="kg"))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(site_days, "load", write_after_reading)
        refresh([factory.pk])
    assert SiteDay.objects.get(factory=factory).firewood_kg == 100

    assert day_of(factory).firewood_kg == 150


@pytest.mark.django_db(transaction=True)
def test_a_worker_leaves_a_site_to_whoever_makes_it_and_a_reader_waits_for_him() -> None:
    factory = make_factory()
    make_energy_entry(factory)
    made: list[int] = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [site_days._LOCK, factory.pk])
        at_once(1, lambda _n: made.append(refresh()))
        assert made == [0]
        reader = threading.Thread(target=lambda: (made.append(refresh([factory.pk])), connections.close_all()))
        reader.start()
        reader.join(timeout=0.3)
        assert reader.is_alive()
    reader.join(timeout=TIMEOUT_S)

    assert made == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_a_round_that_fails_keeps_its_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = make_factory()
    make_energy_entry(factory)

    def fail(*_args: Any) -> None:
        raise RuntimeError("out of disk")

    with monkeypatch.context() as patch:
        patch.setattr(site_days, "_replace", fail)
        with pytest.raises(RuntimeError):
            refresh()

    assert refresh() == 1
    assert SiteDay.objects.filter(factory=factory, day=date(2026, 11, 20)).exists()


@pytest.mark.django_db
def test_a_site_that_is_gone_is_passed_over() -> None:
    TouchedSite.objects.create(factory_id=999_999, starts_at=START, ends_at=START + LENGTH)

    assert (refresh(), TouchedSite.objects.count()) == (0, 0)
