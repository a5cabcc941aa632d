"""Monthly partitions: made ahead, made on demand for a late month, made once by two at once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from emissions import partitions
from emissions.models import Emission
from emissions.partitions import ensure_partitions, existing_partitions, partition_name
from tests import make
from tests.measuring import at_once


@pytest.mark.django_db
def test_migrate_alone_makes_a_year_back_and_two_months_ahead() -> None:
    now = timezone.now()
    names = set(existing_partitions())

    for days in (*range(0, 367, 15), -31, -61):
        month = now - timedelta(days=days)
        assert partition_name((month.year, month.month)) in names, month


@pytest.mark.django_db
def test_a_reading_of_a_month_without_a_partition_is_refused_by_the_database() -> None:
    device = make.make_device()
    long_ago = datetime(2020, 2, 29, 12, tzinfo=UTC)

    with pytest.raises(IntegrityError, match="no partition"), transaction.atomic():
        Emission.objects.create(device=device, timestamp=long_ago, received_at=long_ago, stream=0, seq=1, interval_s=5)

    assert ensure_partitions(long_ago, long_ago) == ["emissions_emission_y2020m02"]
    Emission.objects.create(device=device, timestamp=long_ago, received_at=long_ago, stream=0, seq=1, interval_s=5)
    assert ensure_partitions(long_ago, long_ago) == []


@pytest.mark.django_db
def test_every_month_between_two_is_made_across_a_new_year() -> None:
    made = ensure_partitions(datetime(2019, 11, 30, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC))

    assert [name[-7:] for name in made] == ["2019m11", "2019m12", "2020m01", "2020m02"]


@pytest.mark.django_db
def test_the_month_is_utcs() -> None:
    east = datetime.fromisoformat("2019-03-01T02:00:00+03:00")  # still February in UTC

    assert ensure_partitions(east, east) == ["emissions_emission_y2019m02"]


@pytest.mark.django_db(transaction=True)
def test_months_made_in_a_transaction_that_failed_are_not_believed_in() -> None:
    month = datetime(2018, 5, 5, tzinfo=UTC)
    with transaction.atomic():
        ensure_partitions(month, month)
        transaction.set_rollback(True)

    made = ensure_partitions(month, month)

    assert made == ["emissions_emission_y2018m05"]
    drop("emissions_emission_y2018m05")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_each_month_once_and_neither_fails() -> None:
    first, last = datetime(2017, 1, 1, tzinfo=UTC), datetime(2017, 12, 1, tzinfo=UTC)

    made = at_once(4, lambda _n: ensure_partitions(first, last))

    names = [name for names in made for name in names]
    assert sorted(names) == [f"emissions_emission_y2017m{month:02d}" for month in range(1, 13)]
    drop(*names)


def drop(*names: str) -> None:
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP TABLE {name}")
    partitions.forget_known_partitions()


@pytest.mark.django_db
def test_the_command_may_be_run_twice(capsys: pytest.CaptureFixture[str]) -> None:
    partitions.forget_known_partitions()
    call_command("create_partitions")

    assert capsys.readouterr().out.strip() == "partitions made: 0"
