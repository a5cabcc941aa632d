"""Meters of devices and people: when one begins and ends, what is logged by hand beside it, and undone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from lib.errors import ApiError
from mqtt_ingest.device_meters import begin_meter, end_meter, enter_counts
from mqtt_ingest.models import DeviceMeter
from tests import make
from tests.mqtt_ingest.test_device_meters import DAY, START, Register, of_days, source_of, used

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def site() -> Factory:
    return make.make_factory(day_starts_at=6)


# --- Minutes of a beginning and an end ----------------------------------------------------------
def test_who_took_the_wrong_source_begins_again_in_the_same_minute(site: Factory, clock: Any) -> None:
    register = Register(site)
    register.sends((clock.now - timedelta(minutes=1), 1000.0))
    first, other = (
        source_of(site),
        EmissionSource.objects.create(factory=site, kind=SourceKind.GRID, name="Second feeder"),
    )
    begin_meter(register.channel, "electricity", first.pk, None)
    clock.now += timedelta(seconds=20)
    end_meter(register.channel)
    assert not DeviceMeter.objects.exists()  # it never counted
    begin_meter(register.channel, "electricity", other.pk, None)
    clock.now += timedelta(minutes=10)
    register.sends((clock.now - timedelta(minutes=1), 1010.0), (clock.now, 1012.0))
    end_meter(register.channel)
    clock.now += timedelta(seconds=20)
    begin_meter(register.channel, "electricity", first.pk, None)
    enter_counts()

    assert [amount for _start, _end, amount in used()] == [2]
    assert [meter.problem for meter in DeviceMeter.objects.all()] == ["", ""]


def test_a_meter_begins_neither_in_the_future_nor_before_all_registers(site: Factory, clock: Any) -> None:
    register = Register(site)
    register.sends((START, 0.0))

    for begin in (clock.now + DAY, datetime(1, 1, 2, tzinfo=UTC)):
        with pytest.raises(ApiError) as caught:
            register.meters(site, begin)
        assert "counts_from" in caught.value.fields


def test_years_without_values_are_not_gone_through(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, datetime(1999, 1, 1, tzinfo=UTC))
    register.sends(*of_days(START, 812.0))

    enter_counts()

    assert [amount for _start, _end, amount in used()] == [0.5, 812]


def test_one_meter_that_fails_keeps_no_other_from_being_entered(
    site: Factory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing, fine = Register(site), Register(make.make_factory(day_starts_at=6))
    for register in (failing, fine):
        register.sends((START, 1000.0))
        register.meters(register.device.factory, START)
        register.sends(*of_days(START, 812.0))
    real = energy_log.record

    def fail_at_one_site(user: Any, factory: Factory, *args: Any, **kwargs: Any) -> Any:
        if factory == site:
            raise ZeroDivisionError
        return real(user, factory, *args, **kwargs)

    monkeypatch.setattr(energy_log, "record", fail_at_one_site)

    assert enter_counts() == 1
    assert [amount for _start, _end, amount in used()] == [812]
    assert "cannot be entered" in caplog.text


# --- Persons beside it --------------------------------------------------------------------------
def by_hand(site: Factory, at: datetime, kwh: float, source: EmissionSource | None) -> EnergyEntry:
    return make.make_energy_entry(
        site,
        user=make.make_user(),
        energy_type="electricity",
        amount=Decimal(str(kwh)),
        unit="kWh",
        kind=EntryKind.METER_READING,
        source_id=source and source.pk,
        timestamp=at,
    )


def test_a_reading_by_hand_at_the_start_of_the_day_stands_for_that_of_the_device(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    by_hand(site, START + DAY, 1805.0, source_of(site))  # who reads the meter at six every morning
    meter = register.meters(site, START)
    register.sends(*of_days(START, 800.0, 700.0))
    enter_counts()
    meter.refresh_from_db()

    assert meter.problem == ""
    assert [amount for _start, _end, amount in used()] == [805, 695]  # 1,000 to 1,805, to 2,500


def test_rows_of_readings_are_locked_before_the_site_as_whoever_corrects_one_does(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends(*of_days(START, 800.0, 700.0))
    enter_counts()
    register.sends((START + DAY + timedelta(seconds=20), 1800.2))
    with CaptureQueriesContext(connection) as queries:
        enter_counts()

    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    sites = [place for place, lock in enumerate(locks) if 'FROM "factories_factory"' in lock]
    readings_first = [place for place, lock in enumerate(locks) if " IN (" in lock and "client_id" in lock]
    assert readings_first[0] < sites[0]


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_took_the_place_of_an_entry_gives_way_when_that_is_undone(
    site: Factory, clock: Any, is_deleted: bool
) -> None:
    person = make.make_user()
    logged = make.make_bill(site, 800, START, START + DAY, user=person)
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends(*of_days(START, 812.0, 700.0))
    enter_counts()
    assert [amount for _start, _end, amount in used()] == [700]
    clock.now += timedelta(minutes=1)
    if is_deleted:
        energy_log.delete(person, logged.pk, "the meter is right")
    else:
        energy_log.correct(person, logged.pk, {"energy_type": "diesel", "unit": "L"}, "it was diesel")
    assert [amount for _start, _end, amount in used()] == [812, 700]
    clock.now += timedelta(minutes=1)

    energy_log.undo(person, logged.pk)

    assert [amount for _start, _end, amount in used()] == [700]  # the 800 kWh are logged again


def test_a_count_that_stood_beside_an_entry_stays_when_its_deletion_is_undone(site: Factory, clock: Any) -> None:
    register, person = Register(site), make.make_user()
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends(*of_days(START, 812.0))
    enter_counts()
    clock.now += timedelta(minutes=1)
    logged = make.make_bill(site, 30, START, START + DAY, user=person)  # asked, and said that it is another meter
    clock.now += timedelta(minutes=1)
    energy_log.delete(person, logged.pk, "wrong day")

    energy_log.undo(person, logged.pk)

    assert [amount for _start, _end, amount in used()] == [812]


def test_readings_of_the_whole_site_stand_for_its_meter_until_they_are_deleted(site: Factory, clock: Any) -> None:
    by_hand(site, START, 5000, None)
    last = by_hand(site, START + 2 * DAY, 6500, None)
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends(*of_days(START, 812.0, 700.0))
    enter_counts()
    assert [amount for _start, _end, amount in used()] == [1500]
    clock.now += timedelta(minutes=1)
    energy_log.delete(last.recorded_by, last.pk, "read wrongly")
    assert [amount for _start, _end, amount in used()] == [812, 700]
    clock.now += timedelta(minutes=1)

    energy_log.undo(last.recorded_by, last.pk)

    assert [amount for _start, _end, amount in used()] == [1500]
