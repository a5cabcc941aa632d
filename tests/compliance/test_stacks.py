"""Stack or fuel: which of the two the CO2 of heat of a day comes from, never both."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
import time_machine

from compliance import queries
from devices.models import Assignment, MCUDevice
from devices.registration import Geometry, provision_device
from emissions.models import EmissionHour
from emissions.rollups import begin_assignments
from factories.choices import SourceKind
from factories.models import Chimney, EmissionSource
from factories.services import add_source
from tests.compliance.build import DAY, HOUR, LENGTH, START, as_told, day_of, days_of, make_hours
from tests.make import make_assignment, make_chimney, make_device, make_energy_entry, make_factory, make_readings

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> SimpleNamespace:
    """A boiler under a chimney with a device of record."""
    factory = make_factory()
    chimney = make_chimney(factory=factory)
    return SimpleNamespace(
        factory=factory,
        chimney=chimney,
        assignment=make_assignment(device=make_device(factory=factory), chimney=chimney),
    )


def test_measured_hours_are_the_basis_and_the_fuel_its_cross_check(site: SimpleNamespace) -> None:
    wood = make_energy_entry(site.factory, amount=Decimal(10_000), unit="kg")
    make_hours(site.assignment, START, 24, kg=500.0)

    row = day_of(site.factory)

    assert (row.basis, row.heat_co2_kg, row.stack_co2_kg) == ("measured", 12_000, 12_000)
    assert row.heat_carbon_co2_kg == wood.biogenic_co2_kg == Decimal("12833.333333")
    # All of it is biogenic, as the wood is; CH4 and N2O stay by the fuel.
    assert (row.record_biogenic_co2_kg, row.record_scope1_co2e_kg) == (12_000, wood.co2e_kg)
    assert (row.chimneys, row.stack_h, row.stack_measured_h) == (1, 24, 24)


@pytest.mark.parametrize(("measured", "basis"), [(19, "fuel"), (20, "measured")])
def test_a_day_is_measured_from_80_percent_of_its_hours_and_scaled_to_all_of_them(
    site: SimpleNamespace, measured: int, basis: str
) -> None:
    wood = make_energy_entry(site.factory, amount=Decimal(10_000), unit="kg")
    make_hours(site.assignment, START, measured, kg=500.0)

    row = day_of(site.factory)

    # Of record: 19 x 500 + 5 x 12,833.333333 / 24 h from the wood, or 20 x 500 + 4 x 534.722222.
    of_record_kg = Decimal("12173.611111") if basis == "fuel" else Decimal("12138.888889")
    assert (row.basis, row.stack_co2_kg) == (basis, of_record_kg)
    assert row.heat_co2_kg == (12_000 if basis == "measured" else wood.biogenic_co2_kg)


def test_over_range_makes_the_day_a_lower_bound(site: SimpleNamespace) -> None:
    make_hours(site.assignment, START, 24, kg=500.0)
    EmissionHour.objects.filter(period_start=START).update(over_range_ms=720_000)

    row = day_of(site.factory)

    assert (row.basis, row.heat_co2_kg, row.is_stack_lower_bound) == ("measured", 12_000, True)
    assert row.stack_measured_h == 24  # 20 % of the hour


def test_hours_at_the_end_of_the_range_are_in_the_sum_but_do_not_measure_the_day(site: SimpleNamespace) -> None:
    wood = make_energy_entry(site.factory, amount=Decimal(10_000), unit="kg")
    make_hours(site.assignment, START, 20, kg=500.0)
    make_hours(site.assignment, START + 20 * HOUR, 4, kg=900.0)
    EmissionHour.objects.filter(record_ug=900 * 10**9).update(over_range_ms=720_001)

    row = day_of(site.factory)
    assert (row.basis, row.stack_measured_h, row.stack_co2_kg) == ("measured", 20, 20 * 500 + 4 * 900)
    assert (row.heat_co2_kg, row.is_stack_lower_bound) == (13_600, True)

    EmissionHour.objects.update(over_range_ms=3_600_000)
    row = day_of(site.factory)
    assert (row.basis, row.stack_measured_h, row.heat_co2_kg) == ("fuel", 0, wood.biogenic_co2_kg)
    assert row.stack_co2_kg == 13_600  # at least


def test_a_period_with_an_incomplete_day_has_no_sum_of_the_stacks(site: SimpleNamespace) -> None:
    make_hours(site.assignment, START, 24 + 23, kg=500.0)
    first, second = (row.day for row in days_of(site.factory))

    whole = queries.sums([site.factory.pk], first, first, now=START + 3 * LENGTH)[site.factory.pk]
    part = queries.sums([site.factory.pk], first, second, now=START + 3 * LENGTH)[site.factory.pk]

    assert (whole.stack_co2_kg, part.stack_co2_kg) == (12_000, None)
    assert part.stack_filled_co2_kg == 24_000  # substituted at the mean of the hours that are known


def test_idle_hours_need_no_measurement_and_a_day_of_them_is_zero(site: SimpleNamespace) -> None:
    make_hours(site.assignment, START, 14, status="idle", kg=0.0)
    make_hours(site.assignment, START + 14 * HOUR, 8, kg=500.0)

    row = day_of(site.factory)
    assert (row.basis, row.heat_co2_kg, row.stack_idle_h, row.is_idle) == ("measured", 5000, 14, False)

    EmissionHour.objects.all().delete()
    make_hours(site.assignment, START, 24, status="idle", kg=0.0)
    row = day_of(site.factory)
    assert (row.heat_co2_kg, row.is_idle) == (0, True)


def test_every_chimney_must_be_measured(site: SimpleNamespace) -> None:
    second = make_assignment(device=make_device(factory=site.factory))
    make_hours(site.assignment, START, 24)
    assert day_of(site.factory).basis == ""  # no fuel either

    make_hours(second, START, 24)
    row = day_of(site.factory)
    assert (row.basis, row.heat_co2_kg, row.stack_h, row.chimneys) == ("measured", 4800, 48, 2)


def test_a_boiler_without_a_chimney_that_is_measured_leaves_the_day_to_the_fuel(site: SimpleNamespace) -> None:
    make_hours(site.assignment, START, 24)
    EmissionSource.objects.create(factory=site.factory, name="Second boiler", kind=SourceKind.BOILER)

    assert day_of(site.factory).basis == ""


def test_the_stack_of_a_genset_is_no_heat(site: SimpleNamespace) -> None:
    genset = make_assignment(device=make_device(factory=site.factory))
    EmissionSource.objects.create(factory=site.factory, name="Genset", kind=SourceKind.GENSET, chimney=genset.chimney)
    make_hours(site.assignment, START, 24, kg=100.0)
    make_hours(genset, START, 24, kg=7.0)

    assert day_of(site.factory).heat_co2_kg == 2400


def test_a_cross_check_counts_nowhere(site: SimpleNamespace) -> None:
    check = make_assignment(device=make_device(factory=site.factory), chimney=site.chimney, is_of_record=False)
    make_hours(site.assignment, START, 24)
    make_hours(check, START, 24)

    assert day_of(site.factory).stack_co2_kg == 2400


def test_measured_co2_of_a_co_fired_boiler_is_split_by_the_carbon_burned(site: SimpleNamespace) -> None:
    make_energy_entry(site.factory, amount=Decimal(7919), unit="kg")
    make_energy_entry(site.factory, energy_type="heavy_fuel_oil", amount=Decimal(1000), unit="L")
    make_hours(site.assignment, START, 24, kg=13_102.3 / 24)

    row = day_of(site.factory)

    # kg CO2 of the carbon: wood at 30 % moisture, oil of 0.94 kg/L at 40.4 GJ/t and 77.4 kg/GJ.
    wood_kg = Decimal(7919) * Decimal("0.7") * Decimal("0.50") * 44 / 12  # 10,162.7
    oil_kg = Decimal("0.94") * Decimal("40.4") * Decimal("77.4")  # 2,939.3
    fossil_kg = Decimal("13102.3") * oil_kg / (wood_kg + oil_kg)  # 2,939.4
    # CH4 and N2O: wood of 12.2171 MJ/kg at 30 and 4 kg/TJ, oil at 3 and 0.6; AR6 27.0, 29.8 and 273.
    wood_gj, oil_gj = 7919 * Decimal("0.0122171"), Decimal("0.94") * Decimal("40.4")
    gases_kg = wood_gj * Decimal("1.902") + oil_gj * Decimal("0.2532")  # 184.0 + 9.6
    assert row.record_scope1_co2e_kg == pytest.approx(fossil_kg + gases_kg, abs=Decimal("0.00001"))
    assert round(row.record_scope1_co2e_kg, 1) == Decimal("3133.0")
    assert round(row.record_biogenic_co2_kg, 1) == Decimal("10162.9")
    assert row.record_biogenic_co2_kg == pytest.approx(Decimal("13102.3") - fossil_kg, abs=Decimal("0.000002"))


def test_a_device_mounted_at_noon_measured_half_a_day(site: SimpleNamespace) -> None:
    Assignment.objects.update(valid_from=START + LENGTH / 2)
    make_hours(site.assignment, START + LENGTH / 2, 12)

    row = day_of(site.factory)

    assert (row.stack_h, row.stack_measured_h, row.basis) == (12, 12, "")


def test_two_devices_that_follow_each_other_make_one_whole_day(site: SimpleNamespace) -> None:
    noon = START + LENGTH / 2
    Assignment.objects.update(valid_to=noon)
    second = make_assignment(device=make_device(factory=site.factory), chimney=site.chimney, valid_from=noon)
    make_hours(site.assignment, START, 12)
    make_hours(second, noon, 12)

    row = day_of(site.factory)

    assert (row.chimneys, row.stack_h, row.basis, row.heat_co2_kg) == (1, 24, "measured", 2400)


def test_an_hour_without_a_verdict_marks_nothing(site: SimpleNamespace) -> None:
    days_of(site.factory)
    make_hours(site.assignment, START, 1, status="missing", kg=None)

    assert days_of(site.factory) == []


def test_a_longer_assignment_is_seen_without_an_hour_that_changed(site: SimpleNamespace) -> None:
    make_hours(site.assignment, START, 24)
    assert day_of(site.factory).stack_h == 24

    site.assignment.valid_to = START + timedelta(hours=6)
    site.assignment.save()

    assert day_of(site.factory).stack_h == 6


# --- A new chimney or source changes nothing that is past ----------------------------------------
@time_machine.travel(START + 30 * LENGTH + 4.5 * HOUR, tick=False)
def test_a_second_chimney_leaves_the_days_before_it_bit_for_bit(site: SimpleNamespace) -> None:
    for day in range(30):
        make_energy_entry(site.factory, amount=Decimal(9_000), unit="kg", timestamp=START + day * LENGTH + 3 * HOUR)
    make_hours(site.assignment, START, 30 * 24, kg=450.0)
    before = as_told(days_of(site.factory))
    assert {day["basis"] for day in before} == {"measured"}

    provision_device(factory_name=site.factory.name, device_id="second", geometry=Geometry(diameter_m=1.1))
    chimney = Chimney.objects.get(name="Chimney 2")
    add_source(site.factory, name="Boiler 2", kind=SourceKind.BOILER, chimney=chimney, fuels="firewood")
    make_readings(MCUDevice.objects.get(device_id="second"), START + 30 * LENGTH + 5.2 * HOUR, 3)
    begin_assignments()

    second = Assignment.objects.get(device__device_id="second")
    assert second.valid_from == START + 30 * LENGTH + 5 * HOUR
    assert as_told(days_of(site.factory)) == before
    make_hours(site.assignment, START + 30 * LENGTH, 24, kg=450.0)
    assert day_of(site.factory, DAY + timedelta(days=30)).basis == ""  # from now on both chimneys are needed


def test_a_source_that_ends_leaves_the_days_before_its_end(site: SimpleNamespace) -> None:
    second = add_source(site.factory, name="Old", kind=SourceKind.BOILER, first_day=DAY - timedelta(days=400))
    make_hours(site.assignment, START, 48)
    assert [day.basis for day in days_of(site.factory)] == ["", ""]  # it has no chimney that is measured

    second.last_day = DAY
    second.save()

    assert [day.basis for day in days_of(site.factory)] == ["", "measured"]
