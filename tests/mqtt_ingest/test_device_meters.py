"""A counter of a device as the meter of a source: its factory days become entries, never the same energy twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from devices.models import MCUDevice
from emissions.channels import ChannelValue, RegisterStep, store_channels
from emissions.models import MeasuredAs, SensorChannel
from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from lib.errors import ApiError
from logbook.choices import Origin
from mqtt_ingest.device_meters import (
    MeterPoint,
    begin_meter,
    end_meter,
    enter_counts,
    meter_points,
    set_asides_of,
    touch_meters,
)
from mqtt_ingest.models import DeviceMeter
from tests import make
from tests.logbook.doors import codes, problem_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
START = datetime(2026, 11, 19, 3, tzinfo=UTC)  # of a factory day; the clock is three days and three hours later


@pytest.fixture
def site() -> Factory:
    return make.make_factory(day_starts_at=6)


def source_of(site: Factory, kind: SourceKind = SourceKind.GRID, **fields: Any) -> EmissionSource:
    found = EmissionSource.objects.filter(factory=site, kind=kind).first()
    return found or EmissionSource.objects.create(factory=site, kind=kind, name=kind.label, **fields)


class Register:
    """A counter of a device at a site that sends values as ingest stores them."""

    def __init__(self, site: Factory, code: str = "meter", unit: str = "kWh", device: MCUDevice | None = None) -> None:
        self.device = device or make.make_device(factory=site)
        self.code, self.unit = code, unit
        self.sends()

    def sends(self, *values: tuple[datetime, float]) -> None:
        rows = [ChannelValue(self.device.pk, self.code, self.unit, MeasuredAs.COUNTER, at, n) for at, n in values]
        with connection.cursor() as cursor:
            touch_meters(store_channels(cursor, rows))

    @property
    def channel(self) -> SensorChannel:
        return SensorChannel.objects.select_related("device__factory__organisation").get(
            device=self.device, code=self.code
        )

    def meters(self, site: Factory, start: datetime, energy_type: str = "electricity", **source: Any) -> DeviceMeter:
        return begin_meter(self.channel, energy_type, source_of(site, **source).pk, None, start)


def used() -> list[tuple[datetime, datetime, float]]:
    rows = EnergyEntry.objects.filter(origin=Origin.METER, deleted_at=None).order_by("period_start")
    return [(row.period_start, row.period_end, float(row.amount)) for row in rows]


def readings() -> list[tuple[datetime, float, bool]]:
    rows = EnergyEntry.objects.filter(origin=Origin.DEVICE, deleted_at=None).order_by("timestamp")
    return [(row.timestamp, float(row.amount), row.meter_restarted) for row in rows]


def of_days(start: datetime, *kwh: float, first: float = 1000.0) -> list[tuple[datetime, float]]:
    """A value five minutes before and after each start of a day, and the register after each day's kWh."""
    found, register = [], first
    for place, amount in enumerate([0.0, *kwh]):
        register += amount
        found += [(start + DAY * place - timedelta(minutes=5), register - 0.5), (start + DAY * place, register)]
        found += [(start + DAY * place + timedelta(minutes=5), register + 0.5)]
    return found


# --- Readings of a register --------------------------------------------------------------------
MORNING = datetime(2026, 11, 20, 3, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        # The first value begins the series.
        (RegisterStep(None, None, at(3), 7.0), [(3, "7", True)]),
        # 2 minutes before and 3 after the start of the day: 2/5 of the way from 100 to 101.
        (RegisterStep(at(-2), 100.0, at(3), 101.0), [(0, "100.4", False)]),
        (RegisterStep(at(-5), 100.0, at(0), 101.0), [(0, "101", False)]),
        # More than an hour of silence: nobody knows when it counted.
        (RegisterStep(at(-50), 100.0, at(30), 108.0), [(-50, "100", False), (30, "108", False)]),
        # A new register: the last of the old one, the first of the new one.
        (RegisterStep(at(-2), 100.0, at(3), 0.5), [(-2, "100", False), (3, "0.5", True)]),
        # The last value of a meter that ended.
        (RegisterStep(at(10), 100.0, at(15), 101.0), [(15, "101", False)]),
    ],
)
def test_what_a_log_needs_of_a_step(step: RegisterStep, expected: list[tuple[float, str, bool]]) -> None:
    found = meter_points([step], [MORNING])

    assert found == [MeterPoint(at(minutes), Decimal(amount), restart) for minutes, amount, restart in expected]


# --- Entries of days ----------------------------------------------------------------------------
def test_each_factory_day_becomes_an_entry_in_kilograms(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends(*of_days(START, 812.0, 905.5))

    assert enter_counts() == 1

    assert used() == [(START, START + DAY, 812.0), (START + DAY, START + 2 * DAY, 905.5)]
    entry = EnergyEntry.objects.filter(origin=Origin.METER).latest("-period_start")
    assert entry.source is not None
    assert (entry.source.kind, entry.unit, entry.scope) == (SourceKind.GRID, "kWh", 2)
    assert entry.co2e_kg == entry.amount * entry.factor.value
    assert enter_counts() == 0


def test_a_second_run_changes_nothing_and_only_what_is_late_is_corrected(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends((START + DAY - timedelta(minutes=10), 1800.0), (START + DAY + timedelta(minutes=10), 1810.0))
    enter_counts()
    assert used() == [(START, START + DAY, 805.0)]
    DeviceMeter.objects.update(stale_from=START)
    enter_counts()
    events = EnergyEntry.objects.get(origin=Origin.METER).events.count()
    assert events == 1

    register.sends((START + DAY, 1807.0))  # the broker was away; the line between 1800 and 1810 was a guess
    enter_counts()

    assert used() == [(START, START + DAY, 807.0)]
    reading = EnergyEntry.objects.get(origin=Origin.DEVICE, timestamp=START + DAY)
    assert reading.change_reason.endswith("came late")


def test_a_new_register_starts_again_and_nothing_is_counted_between(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    noon = START + DAY / 4
    register.sends((noon, 1200.0), (noon + timedelta(minutes=5), 3.0), (noon + timedelta(minutes=10), 4.0))
    register.sends((START + DAY - timedelta(minutes=5), 602.9), (START + DAY, 603.0))
    enter_counts()

    assert [(amount, restart) for _at, amount, restart in readings()] == [
        (1000, True),
        (1200, False),
        (3, True),
        (603, False),
    ]
    assert [amount for _start, _end, amount in used()] == [200, 600]


def test_a_gap_is_one_use_from_the_value_before_it_to_the_one_after(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends((START + DAY / 2, 1400.0))
    enter_counts()
    register.sends((START + DAY * 2.5, 2900.0))
    enter_counts()

    assert used() == [(START, START + DAY / 2, 400.0), (START + DAY / 2, START + DAY * 2.5, 1500.0)]


def test_what_a_person_changed_stays(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends(*of_days(START, 800.0))
    enter_counts()
    reading = EnergyEntry.objects.get(origin=Origin.DEVICE, timestamp=START + DAY)
    energy_log.correct(make.make_user(), reading.pk, {"amount": Decimal(1790)}, "read at the meter")
    register.sends((START + DAY + timedelta(seconds=20), 1800.2))
    enter_counts()

    assert used() == [(START, START + DAY, 790.0)]


def test_an_ended_meter_enters_its_last_value_and_another_goes_on(site: Factory) -> None:
    old, new = Register(site), Register(site)
    old.sends((START, 1000.0))
    new.sends((START, 50.0))
    old.meters(site, START)
    with pytest.raises(ApiError) as caught:
        new.meters(site, START)
    assert caught.value.code == "meter_exists"
    old.sends((START + DAY / 2, 1400.0))
    DeviceMeter.objects.update(counts_until=START + DAY / 2 + timedelta(minutes=1))
    new.meters(site, START + DAY / 2 + timedelta(minutes=1))
    new.sends((START + DAY * 0.75, 60.0), (START + DAY, 70.0))
    enter_counts()

    assert used() == [(START, START + DAY / 2, 400.0), (START + DAY * 0.75, START + DAY, 10.0)]


def test_an_impossible_count_stops_the_meter_until_somebody_acts(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    # A used register was built in: 909,000 kWh in a day are more than any site draws.
    register.sends(*of_days(START + DAY, 500.0, first=910_000.0))
    enter_counts()
    meter = DeviceMeter.objects.get()
    assert "909000" in meter.problem.replace(",", "")
    assert used() == []

    # An hour before the first start of a day that it saw, the new register was read and logged by hand.
    make.make_energy_entry(
        site,
        user=make.make_user(),
        energy_type="electricity",
        amount=Decimal(909_990),
        unit="kWh",
        kind=EntryKind.METER_READING,
        source_id=meter.source_id,
        timestamp=START + DAY - timedelta(hours=1),
        meter_restarted=True,
    )
    enter_counts()

    assert DeviceMeter.objects.get().problem == ""
    assert [amount for _start, _end, amount in used()] == [10, 500]


def test_a_counter_of_batches_is_told_instead_of_half_counted(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 0.0))
    register.meters(site, START)
    # Five batches of 20 values, each from 0 to 95 kWh: two readings at each fall, and the first.
    batches = [(START + timedelta(minutes=5 * n), n % 20 * 5.0) for n in range(100)]
    register.sends(*batches)
    enter_counts()

    assert "that is no register" in DeviceMeter.objects.get().problem
    assert used() == []


# --- The same energy twice ----------------------------------------------------------------------
def test_what_is_logged_already_goes_first_and_what_was_set_aside_returns(site: Factory) -> None:
    logged = make.make_energy_entry(
        site,
        energy_type="electricity",
        amount=Decimal(800),
        unit="kWh",
        period_start=START + DAY,
        period_end=START + 2 * DAY,
    )
    register = Register(site)
    register.sends((START, 1000.0))
    meter = register.meters(site, START)
    register.sends(*of_days(START, 812.0, 805.0, 790.0))
    enter_counts()

    assert used() == [(START, START + DAY, 812.0), (START + 2 * DAY, START + 3 * DAY, 790.0)]
    (aside,) = set_asides_of(meter)
    assert (aside.start.timestamp, aside.reading.timestamp) == (START + DAY, START + 2 * DAY)
    assert aside.counted_already == logged

    energy_log.delete(make.make_user(), logged.pk, "the meter is right")

    assert [amount for _start, _end, amount in used()] == [812, 805, 790]
    assert set_asides_of(meter) == []


def test_a_count_that_stands_stays_when_somebody_logs_the_same(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    register.meters(site, START)
    register.sends(*of_days(START, 812.0))
    enter_counts()

    entry = make.make_energy_entry(
        site, energy_type="electricity", amount=Decimal(800), unit="kWh", period_start=START, period_end=START + DAY
    )

    assert "overlaps" in codes(entry)  # the form asks which one is right
    register.sends((START + DAY + timedelta(seconds=20), 1812.2))
    enter_counts()
    # 300 of 320 s from 1,811.5 to 1,812.2: 1,812.15625.
    assert [amount for _start, _end, amount in used()] == [812.15625]


def test_a_scale_at_the_boiler_makes_entries_of_wood(site: Factory) -> None:
    scale = Register(site, "wood", "kg")
    scale.sends((START - DAY, 0.0))
    scale.meters(site, START, "firewood", kind=SourceKind.BOILER, fuels="firewood")
    scale.sends(*of_days(START, 9000.0, first=0.5))
    enter_counts()

    entry = EnergyEntry.objects.get(origin=Origin.METER)
    # The register stood at 0.5 kg at the start of the day, at 9,000.5 at its end. At 30 % moisture
    # 9,000 x 0.7 x 0.5 x 44.0095 / 12.011 = 11,541.9 kg of biogenic CO2.
    assert float(entry.amount) == 9000.0
    assert float(entry.biogenic_co2_kg or 0) == pytest.approx(9000 * 0.7 * 0.5 * 44.0095 / 12.011, rel=1e-3)


@pytest.mark.parametrize(
    ("unit", "energy_type", "kind", "problem"),
    [
        ("kWh", "electricity", SourceKind.BOILER, ("source", "other_energy")),
        # Of a generator the fuel counts, never its kWh beside it.
        ("kWh", "electricity", SourceKind.GENSET, ("source", "other_energy")),
        ("kWh", "firewood", SourceKind.GRID, ("source", "other_energy")),
        ("m3", "firewood", SourceKind.BOILER, ("energy_type", "no_counter")),
        ("kg", "electricity", SourceKind.GRID, ("unit", "wrong_dimension")),
    ],
)
def test_a_counter_of_something_else_is_refused(
    site: Factory, unit: str, energy_type: str, kind: SourceKind, problem: tuple[str, str]
) -> None:
    register = Register(site, "one", unit)
    register.sends((START, 0.0))

    with pytest.raises(ApiError) as caught:
        register.meters(site, START, energy_type, kind=kind)

    assert problem_of(caught)[0] == problem[0]


def test_values_that_come_while_it_enters_are_not_forgotten(site: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    meter = register.meters(site, START)
    enter_counts()
    real = energy_log.record

    def record_and_hear_more(*args: Any, **kwargs: Any) -> Any:
        touch_meters({meter.channel_id: START + DAY})
        return real(*args, **kwargs)

    monkeypatch.setattr(energy_log, "record", record_and_hear_more)
    register.sends(*of_days(START, 812.0))
    enter_counts()

    assert DeviceMeter.objects.get().stale_from is not None


def test_ending_a_meter_twice_or_what_is_none_changes_nothing(site: Factory) -> None:
    register = Register(site)
    register.sends((START, 1000.0))
    end_meter(register.channel)
    register.meters(site, START)
    end_meter(register.channel)
    until = DeviceMeter.objects.get().counts_until
    end_meter(register.channel)

    assert DeviceMeter.objects.get().counts_until == until
