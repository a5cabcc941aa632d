"""`manage.py device_profile`: tries a profile, saves it, replays."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from devices.models import DeviceProfile
from emissions.models import Emission
from tests.make import make_device
from tests.mqtt_ingest.foreign_build import Pipe, give_profile, payload, sensor

pytestmark = pytest.mark.django_db
MAPS = ["SCD40.CarbonDioxide=co2_ppm=%=0.0001", "DS18B20.Temperature=temperature_c=@TempUnit"]


def run(*arguments: str, maps: list[str]) -> str:
    out = StringIO()
    given = [part for text in maps for part in ("--map", text)]
    call_command("device_profile", "kiln-1", "--name", "Tasmota", *arguments, *given, stdout=out)
    return out.getvalue()


def test_a_profile_is_tried_then_saved_and_its_messages_are_replayed() -> None:
    give_profile(make_device(device_id="kiln-1"), mappings=[])
    Pipe().take(sensor("kiln-1", payload()))

    tried = run(maps=MAPS)
    is_unchanged = DeviceProfile.objects.get().version == 1
    done = run("--save", "--replay", maps=MAPS)

    assert "co2_ppm=93250, temperature_c=181.5" in tried
    assert is_unchanged
    assert "kiln-1 has version 2 of Tasmota" in done
    assert "1 messages read again: received 1 readings: stored 1" in done
    assert Emission.objects.get().co2_ppm == 93_250


@pytest.mark.parametrize(
    ("maps", "words"),
    [
        (["a=co2_ppm"], "is not PATH=FIELD=UNIT"),
        (["a=co2_ppm=ppm=x"], "is no number"),
        (["a=co2_ppm=furlong"], "no unit of co2_ppm"),
        (["a=co2_ppm=ppm", "b=co2_ppm=ppm"], "both fill co2_ppm"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(maps: list[str], words: str) -> None:
    give_profile(make_device(device_id="kiln-1"))

    with pytest.raises(CommandError, match=words):
        run("--save", maps=maps)
    assert DeviceProfile.objects.get().version == 1
