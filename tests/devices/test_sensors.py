"""The catalogue of sensors and what fits a chimney, as every door asks it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from devices.models import Assignment, MCUDevice
from devices.sensors import CATALOGUE, fitting, flue_gas_of, type_of
from tests import make

pytestmark = pytest.mark.django_db


def mount(chimney: Any, **fields: Any) -> None:
    device = make.make_device(factory=chimney.factory)
    fields = {"co2_basis": "dry", "pressure_compensation": "none", "valid_from": make.LONG_AGO} | fields
    assignment = Assignment(device=device, chimney=chimney, factory=chimney.factory, **fields)
    assignment.full_clean()
    assignment.save()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("mh-z19", "Winsen MH-Z19"),
        ("MH-Z19B", "Winsen MH-Z19"),
        ("Winsen MH-Z19C", "Winsen MH-Z19C"),
        ("sprintir-20", "GSS SprintIR"),
        ("GSS ExplorIR-M 20 %", "GSS ExplorIR"),
        ("STC31-C", "Sensirion STC31-C"),
        ("STC31", "Sensirion STC31"),
        ("own-ndir", None),
        ("", None),
    ],
)
def test_a_sensor_is_known_by_its_name(name: str, known: str | None) -> None:
    found = type_of(name)

    assert (found and found.name) == known


def test_the_gas_of_a_wood_boiler_has_up_to_19_8_percent_and_less_when_wet() -> None:
    chimney = make.make_chimney(moisture_fraction=0.13)

    gas = flue_gas_of(chimney)

    assert gas is not None
    assert gas.burned == "Boiler (firewood)"
    assert gas.dry_ppm == pytest.approx(1830 / 9240 * 1e6)  # 198,052 ppm: Fc/Fd of wood residue
    assert gas.wet_ppm == pytest.approx(198_052 * 0.87, abs=1)


def test_an_indoor_sensor_on_a_wood_boiler_is_refused_with_the_reason_and_what_fits() -> None:
    with pytest.raises(ValidationError) as refused:
        mount(make.make_chimney(), sensor="mh-z19", range_ppm=5_000)

    (message,) = refused.value.message_dict["sensor"]
    assert "Winsen MH-Z19 measures up to 5,000 ppm" in message
    assert "Boiler (firewood) has up to 198,052 ppm" in message
    assert "GSS SprintIR 20 %" in message
    assert "MH-Z19" not in message.partition("What fits")[2]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"sensor": "mh-z19", "range_ppm": 200_000}, "range_ppm", "range_not_made"),  # by another range of its own
        ({"sensor": "mh-z19", "range_ppm": None}, "sensor", "range_too_short"),
        ({"sensor": "", "range_ppm": 5_000}, "sensor", "range_too_short"),
        ({"sensor": "own-ndir", "range_ppm": None}, "range_ppm", "range_missing"),
        ({"sensor": "sprintir-5", "range_ppm": 50_000}, "sensor", "range_too_short"),
        ({"sensor": "sprintir-20", "range_ppm": 200_000, "co2_basis": "wet"}, "co2_basis", "needs_dry_gas"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(fields: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        mount(make.make_chimney(), **fields)

    assert code in [error.code for error in refused.value.error_dict[field]]


@pytest.mark.parametrize(
    "fields",
    [
        {"sensor": "sprintir-20", "range_ppm": 200_000},
        {"sensor": "stc31", "range_ppm": 250_000},
        {"sensor": "own-ndir", "range_ppm": 300_000},
        {"sensor": "", "range_ppm": None},  # not stated yet
    ],
)
def test_what_fits_is_mounted(fields: dict[str, Any]) -> None:
    mount(make.make_chimney(), **fields)

    assert Assignment.objects.count() == 1


def test_gas_needs_less_range_than_wood_and_air_needs_none() -> None:
    gas_fired, shaft = make.make_chimney(), make.make_chimney()
    gas_fired.emission_sources.update(fuels="natural_gas")
    shaft.emission_sources.update(kind="other", chimney=None)

    mount(gas_fired, sensor="own-ndir", range_ppm=120_000)  # 11.94 %
    mount(shaft, sensor="mh-z19", range_ppm=5_000)

    assert Assignment.objects.count() == 2


def test_what_was_mounted_before_can_still_be_ended() -> None:
    assignment = make.make_assignment(sensor="mh-z19", range_ppm=5_000)

    assignment.valid_to = make.LONG_AGO.replace(month=12)
    assignment.full_clean()
    assignment.range_ppm = 10_000
    with pytest.raises(ValidationError):
        assignment.full_clean()


def test_the_command_and_the_admin_site_refuse_it_too(admin_client: Client) -> None:
    chimney = make.make_chimney(factory=make.make_factory(name="Litein Tea Factory"))
    fields = ["--factory", "Litein", "--device-id", "indoor-1", "--chimney", chimney.name]
    with pytest.raises(CommandError, match="What fits: "):
        call_command("provision_device", *fields, "--sensor", "mh-z19", "--range-ppm", "5000")
    assert not MCUDevice.objects.exists()

    device = make.make_device(factory=chimney.factory)
    form = {"device": device.pk, "chimney": chimney.pk, "factory": chimney.factory_id, "sensor": "mh-z19"}
    form |= {"range_ppm": 5000, "co2_basis": "dry", "pressure_compensation": "none", "is_of_record": "on"}
    page = admin_client.post("/admin/devices/assignment/add/", form).content.decode()
    assert "What fits: " in page


def test_every_type_has_a_source_and_ascending_ranges() -> None:
    for one in CATALOGUE:
        assert list(one.ranges_ppm) == sorted(one.ranges_ppm)
        assert one.source.startswith("Sensor data, ")
    assert "GSS SprintIR 20 %" in fitting(198_052)
    assert "Winsen MH-Z19 1 %" not in fitting(198_052)
