"""Hours that are over keep each of their versions, and are found as they were known at a moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from devices.choices import SetAsideReason
from devices.models import MCUDevice
from devices.set_aside import InvalidPeriod, set_aside
from emissions import rollups
from emissions.models import EmissionHour, EmissionHourEvent
from lib import history
from tests import make

HOUR = timedelta(hours=1)
START = datetime(2026, 11, 20, 3, tzinfo=UTC)
KNOWN = "SELECT h.period_start, h.measured_ug, h.readings FROM emissions_emissionhour AS h ORDER BY h.period_start"


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def hours(moment: datetime | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(*history.reading(KNOWN, {}, moment, EmissionHour))
        return list(cursor.fetchall())


def send(device: MCUDevice, start: datetime, count: int, **fields: Any) -> None:
    make.make_readings(device, start, count, **fields)
    rollups.touch_period(device.pk, start, start + timedelta(seconds=5 * count))
    assert rollups.roll_up_touched()


@pytest.mark.django_db(transaction=True)
def test_late_readings_and_a_period_set_aside_leave_what_was_known_before() -> None:
    assignment = make.make_assignment()
    device = assignment.device
    shown = [(now(), hours())]
    send(device, START, 720)  # an hour; the last reading ends with the gap
    shown.append((now(), hours()))
    send(device, START + HOUR, 300, first_seq=721)  # the first part of the next one, late
    shown.append((now(), hours()))
    send(device, START + HOUR + timedelta(seconds=1500), 420, first_seq=1021, co2_ppm=60_000.0)
    shown.append((now(), hours()))
    set_aside(InvalidPeriod(device, START, START + HOUR, SetAsideReason.PROBE_OUT), make.make_user())
    rollups.touch_changed_setups()
    rollups.roll_up_touched()
    shown.append((now(), hours()))

    assert [len(found) for _at, found in shown] == [0, 1, 2, 2, 1]
    assert len({str(found) for _at, found in shown}) == 5
    assert [hours(at) for at, _found in shown] == [found for _at, found in shown]
    assert hours(now()) == hours()


@pytest.mark.django_db(transaction=True)
def test_an_hour_that_stays_as_it_is_is_not_written_again() -> None:
    device = make.make_assignment().device
    send(device, START, 1440)
    places = list(EmissionHour.objects.order_by("period_start").values_list("period_start", "known_from"))

    rollups.touch_period(device.pk, START, None)
    assert rollups.roll_up_touched()

    assert list(EmissionHour.objects.order_by("period_start").values_list("period_start", "known_from")) == places
    assert not EmissionHourEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_running_hour_leaves_no_version_and_was_not_known() -> None:
    device = make.make_assignment(valid_from=START).device
    begin = timezone.now().replace(minute=0, second=0, microsecond=0)
    for part in range(3):
        send(device, begin + timedelta(seconds=50 * part), 10, first_seq=1 + 10 * part)

    assert not EmissionHourEvent.objects.exists()
    assert (len(hours()), hours(now())) == (1, [])


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_began_first_and_wrote_last_leaves_one_version_of_an_hour() -> None:
    """A site is set aside while the roll-up of its device runs: the times of both versions overlap."""
    device = make.make_assignment().device
    send(device, START, 720)
    settings = connection.get_connection_params()
    first = psycopg2.connect(
        **{key: settings[key] for key in ("host", "port", "user", "password") if key in settings},
        dbname=settings["dbname"],
    )
    with first, first.cursor() as cursor:
        cursor.execute("SELECT now()")
        began = cursor.fetchone()[0]
        EmissionHour.objects.update(measured_ug=2)
        cursor.execute("UPDATE emissions_emissionhour SET measured_ug = 1")
    first.close()

    second = EmissionHourEvent.objects.get(measured_ug=2)
    assert began < second.known_from
    for at in (began, second.known_from, now()):
        assert [measured_ug for _start, measured_ug, _readings in hours(at)] == [1]
