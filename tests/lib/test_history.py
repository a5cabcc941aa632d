"""Rows as they were known at a moment, from the audit history, on real PostgreSQL with real transactions."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from django.db import connection, transaction

from energy.models import EnergyEntry
from energy.services import energy_log
from factories.models import EmissionSource, Factory
from lib import history
from tests import make

AMOUNTS = "SELECT e.id, e.amount FROM energy_energyentry AS e WHERE e.deleted_at IS NULL ORDER BY e.id"


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def amounts(moment: datetime | None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(*history.reading(AMOUNTS, {}, moment, EnergyEntry))
        return [amount for _id, amount in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_every_state_of_an_entry_is_found_again() -> None:
    user, factory = make.make_user(), make.make_factory()
    started = now()
    entry = make.make_energy_entry(factory, user=user, amount=Decimal(10), unit="t")
    acts: list[Callable[[], Any]] = [
        lambda: energy_log.correct(user, entry.pk, {"amount": Decimal(12)}, "weighed again"),
        lambda: energy_log.delete(user, entry.pk, "of the other site"),
        lambda: energy_log.undo(user, entry.pk),
        lambda: make.make_energy_entry(factory, user=user, amount=Decimal(3), unit="t"),
    ]
    shown = [(started, []), (now(), amounts(None))]
    for act in acts:
        act()
        shown.append((now(), amounts(None)))

    assert [found for _at, found in shown] == [[], [10], [12], [], [12], [12, 3]]
    assert [amounts(at) for at, _found in shown] == [found for _at, found in shown]


@pytest.mark.django_db(transaction=True)
def test_changes_of_one_transaction_count_by_their_order_and_a_deleted_row_is_gone() -> None:
    factory = make.make_factory()
    with transaction.atomic():  # one time for all events
        source = EmissionSource.objects.create(factory=factory, kind="vehicle", name="First")
        EmissionSource.objects.filter(pk=source.pk).update(name="Second")
    before = now()
    EmissionSource.objects.filter(pk=source.pk).delete()

    def names(moment: datetime | None) -> list[str]:
        return [row.name for row in history.rows(EmissionSource, moment, factory=factory, kind="vehicle")]

    assert (names(before), names(now()), names(None)) == (["Second"], [], [])
    [row] = history.rows(EmissionSource, before, lambda rows: rows.filter(name__startswith="Sec"), factory=factory)
    assert (row.pk, row.factory_id) == (source.pk, factory.pk)
    assert [row.name for row in history.rows(Factory, before, pk=factory.pk)] == [factory.name]


@pytest.mark.django_db(transaction=True)
def test_a_moment_is_settled_when_no_older_transaction_writes() -> None:
    factory = make.make_factory()
    settings = connection.get_connection_params()
    other = psycopg2.connect(
        **{key: settings[key] for key in ("host", "port", "user", "password") if key in settings},
        dbname=settings["dbname"],
    )
    before = now()
    with other, other.cursor() as cursor:  # begins and writes, and commits later
        cursor.execute("UPDATE factories_factory SET name = 'Later' WHERE id = %s", [factory.pk])
        moment = now()
        with transaction.atomic():  # sees the end of the other one, though it asked before
            assert not history.wait_until_settled(moment, longest_s=0.05)
            other.commit()
            assert history.wait_until_settled(moment, longest_s=0.05)
        assert history.wait_until_settled(before, longest_s=0)
    other.close()

    assert [row.name for row in history.rows(Factory, moment, pk=factory.pk)] == ["Later"]


def test_a_statement_that_does_not_read_the_table_is_refused() -> None:
    with pytest.raises(LookupError, match="factories_factory"):
        history.reading(AMOUNTS, {}, datetime.now(UTC), Factory)
