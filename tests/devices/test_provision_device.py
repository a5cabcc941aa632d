"""manage.py provision_device: a device, its chimney and its login, from one command line."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from devices.credentials import INGEST_USER, check_broker_login
from devices.dynsec import ADMIN_USER
from devices.models import Assignment, AssignmentHold, MCUDevice
from devices.services import keep_geometry_holds
from factories.models import Chimney, Factory
from tests import make

pytestmark = pytest.mark.django_db
ONE_HOUR = timedelta(hours=1)


@pytest.fixture
def litein() -> Factory:
    return make.make_factory(name="Litein Tea Factory")


@pytest.fixture
def provision(capsys: Any) -> Any:
    """Runs the command with --json and gives what it printed."""

    def run(*arguments: str, device_id: str = "litein-9", factory: str = "Litein") -> dict[str, Any]:
        call_command("provision_device", "--factory", factory, "--device-id", device_id, "--json", *arguments)
        printed: dict[str, Any] = json.loads(capsys.readouterr().out)
        return printed

    return run


def refusal(*arguments: str, device_id: str = "litein-9", factory: str = "Litein") -> str:
    with pytest.raises(CommandError) as caught:
        call_command("provision_device", "--factory", factory, "--device-id", device_id, *arguments)
    assert not MCUDevice.objects.filter(device_id="litein-9").exists()
    assert not Chimney.objects.exclude(name="Old").exists()
    return str(caught.value)


def test_all_that_a_device_needs_is_printed_as_json(litein: Factory, provision: Any, settings: Any) -> None:
    settings.MQTT_BROKER_URL = "mqtts://carbontrack-ingest:secret@127.0.0.1:18883"

    printed = provision()

    assert list(printed) == ["device_id", "username", "password", "host", "port", "ca_file", "topics", "broker"]
    assert printed["broker"] == "in_force"
    assert (printed["device_id"], printed["username"]) == ("litein-9", "litein-9")
    assert (printed["host"], printed["port"]) == ("127.0.0.1", 18883)
    assert printed["ca_file"].endswith("broker/ca.pem")
    assert printed["topics"] == {
        kind: f"carbontrack/v1/litein-9/{kind}"
        for kind in ("readings", "status", "alerts", "acks", "committed", "commands")
    }
    assert check_broker_login("litein-9", "litein-9", printed["password"])


def test_without_json_the_same_is_printed_for_people(litein: Factory, capsys: Any) -> None:
    call_command("provision_device", "--factory", "Litein", "--device-id", "litein-9")

    out = capsys.readouterr().out
    assert "shown this once" in out
    assert "carbontrack/v1/litein-9/readings" in out


def test_devices_get_the_public_name_of_the_broker(litein: Factory, provision: Any, settings: Any) -> None:
    settings.MQTT_PUBLIC_HOST = "mqtt.example"

    assert provision()["host"] == "mqtt.example"


def test_a_round_chimney_with_one_point_on_its_axis(litein: Factory, provision: Any) -> None:
    provision("--diameter", "0.9")

    chimney, assignment = Chimney.objects.get(), Assignment.objects.get()
    assert (chimney.factory, chimney.shape, chimney.diameter_m) == (litein, "circle", 0.9)
    assert (chimney.velocity_profile_factor, chimney.moisture_method) == (0.84, "fixed")
    assert chimney.moisture_fraction == 0.13
    assert (assignment.chimney, assignment.is_of_record) == (chimney, True)
    assert (assignment.co2_basis, assignment.pressure_compensation) == ("wet", "none")
    assert chimney.emission_sources.get().kind == "boiler"


def test_a_device_waits_for_its_first_reading(litein: Factory, provision: Any) -> None:
    provision()

    assignment = Assignment.objects.get()
    assert assignment.valid_from is None
    assert assignment.waits_since is not None
    assert timezone.now() - ONE_HOUR < assignment.waits_since <= timezone.now()


def test_the_installer_may_say_since_when_it_counts(litein: Factory, provision: Any) -> None:
    provision("--since", "2026-11-30T06:00+03:00")

    assert Assignment.objects.get().valid_from == datetime(2026, 11, 30, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"), [("2026-11-30T06:00", "no offset"), ("2026-11-30T06:30+03:00", "not a whole hour")]
)
def test_since_is_a_whole_hour_with_an_offset(litein: Factory, text: str, words: str) -> None:
    assert words in refusal("--since", text)


def test_an_archived_site_is_refused_in_a_sentence(litein: Factory) -> None:
    make.make_chimney(factory=litein, name="Old")
    Factory.objects.update(archived_at=timezone.now())

    for chimney in ("Old", "New"):
        assert "Litein Tea Factory is archived." in refusal("--chimney", chimney)
    assert not MCUDevice.objects.exists()


def test_without_dimensions_the_readings_wait_for_the_geometry(litein: Factory, capsys: Any) -> None:
    call_command("provision_device", "--factory", "Litein", "--device-id", "litein-9")

    assert "The geometry of its chimney is not stated" in capsys.readouterr().out
    hold = AssignmentHold.objects.get()
    assert (hold.kind, hold.resolution) == ("geometry", "")
    assert hold.starts_at == hold.assignment.waits_since


def test_the_hold_ends_when_the_geometry_is_stated(litein: Factory, provision: Any) -> None:
    provision()
    Chimney.objects.update(shape="circle", diameter_m=1.1, velocity_profile_factor=0.84)

    keep_geometry_holds()
    keep_geometry_holds()

    assert AssignmentHold.objects.get().resolution == "stated"


def test_everything_can_be_said_otherwise(litein: Factory, provision: Any) -> None:
    chimney = "--chimney Dryer --width 0.6 --height 0.8 --profile 0.9".split()
    gas = "--basis dry --compensation proportional --sensor sprintir-20 --range-ppm 200000".split()
    provision(*chimney, *gas)

    chimney, assignment = Chimney.objects.get(), Assignment.objects.get()
    assert (chimney.name, chimney.shape) == ("Dryer", "rectangle")
    assert (chimney.width_m, chimney.height_m, chimney.diameter_m) == (0.6, 0.8, None)
    assert chimney.velocity_profile_factor == 0.9
    assert (assignment.co2_basis, assignment.pressure_compensation) == ("dry", "proportional")
    assert (assignment.sensor, assignment.range_ppm) == ("sprintir-20", 200_000)


def test_a_diameter_of_a_round_chimney(litein: Factory, provision: Any) -> None:
    provision("--diameter", "1.2")

    assert Chimney.objects.get().diameter_m == 1.2


# --- Which factory -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["Litein", "litein", "LITEIN TEA FACTORY", "  Litein   tea factory ", "Litein Tea Factory"]
)
def test_a_factory_is_found_by_the_name_people_use(litein: Factory, provision: Any, name: str) -> None:
    provision(factory=name)

    assert MCUDevice.objects.get().factory == litein


def test_a_factory_that_was_entered_without_the_suffix_is_found_with_it(provision: Any) -> None:
    factory = make.make_factory(name="Kobel")

    provision(factory="Kobel Tea Factory")

    assert MCUDevice.objects.get().factory == factory


def test_one_name_in_two_organisations_is_ambiguous(litein: Factory) -> None:
    make.make_factory(name="LITEIN", organisation=make.make_organisation(name="Other Group"))

    message = refusal()

    assert "'Litein' is ambiguous" in message
    assert "Other Group" in message


def test_an_unknown_factory_gets_a_hint(litein: Factory) -> None:
    assert "Did you mean: Litein Tea Factory?" in refusal(factory="Lit")
    assert "There is no factory 'Nowhere'" in refusal(factory="Nowhere")
    assert "There is no factory ''" in refusal(factory="")


# --- Refusals ----------------------------------------------------------------------------------
def test_a_known_id_is_an_error_and_says_what_to_do(litein: Factory) -> None:
    make.make_device(device_id="momul-1")

    message = refusal(device_id="momul-1")

    assert "device_id='momul-1' is known already" in message
    assert "rotate its secret" in message
    assert not Chimney.objects.exists()


@pytest.mark.parametrize("device_id", [INGEST_USER, f"{INGEST_USER}-a", ADMIN_USER])
def test_the_servers_own_names_are_reserved(litein: Factory, device_id: str) -> None:
    assert "reserved" in refusal(device_id=device_id)


@pytest.mark.parametrize("device_id", ["ab", "a" * 65, "a/b/c", "+++", "a b c", "käse", "abc\n", "", "###"])
def test_an_id_that_is_no_topic_is_refused(litein: Factory, device_id: str) -> None:
    words = refusal(device_id=device_id)
    assert any(word in words for word in ("3 to 64", "cannot be blank", "device_id_fits_a_topic"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--diameter", "0"), "diameter_m: 0 m is outside 0.01 to 5 m"),
        (("--diameter", "-1"), "diameter_m: -1 m is outside 0.01 to 5 m"),
        (("--diameter", "5.1"), "diameter_m: 5.1 m is outside 0.01 to 5 m"),
        (("--diameter", "nan"), "diameter_m: nan m is outside 0.01 to 5 m"),
        (("--width", "0.6"), "height_m: State it"),
        (("--height", "0.6"), "width_m: State it"),
        (("--width", "0.6", "--height", "0"), "height_m: 0 m is outside 0.01 to 5 m"),
        (("--width", "0.6", "--height", "0.6", "--diameter", "0.9"), "width_m: A duct of this shape does not have it"),
        (("--diameter", "1", "--profile", "1.3"), "velocity_profile_factor: 1.3 is outside 0.5 to 1.2"),
        (("--diameter", "1", "--profile", "0"), "velocity_profile_factor: 0 is outside 0.5 to 1.2"),
        (("--diameter", "1", "--profile", "nan"), "velocity_profile_factor: nan is outside 0.5 to 1.2"),
        (("--profile", "0.9"), "needs the dimensions"),
        (("--width", "0.6", "--height", "0.6"), "State the velocity profile factor"),
        (("--range-ppm", "-5"), "range"),
        (("--range-ppm", "2000000"), "range"),
        (("--basis", "moist"), "invalid choice"),
        (("--compensation", "some"), "invalid choice"),
        (("--sensor", "x" * 41), "40"),
        (("--chimney", "x" * 81), "80"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(litein: Factory, arguments: tuple[str, ...], words: str) -> None:
    assert words in refusal(*arguments)


# --- A chimney that is there already -----------------------------------------------------------
def test_an_existing_chimney_is_taken_as_it_is(litein: Factory, provision: Any) -> None:
    chimney = make.make_chimney(factory=litein, name="Old", diameter_m=1.5)

    provision("--chimney", "old")

    assert Assignment.objects.get().chimney == chimney
    assert Chimney.objects.count() == 1


def test_dimensions_of_an_existing_chimney_are_not_said_twice(litein: Factory) -> None:
    make.make_chimney(factory=litein, name="Old", diameter_m=1.5)

    assert "chimney='Old' exists already" in refusal("--chimney", "OLD", "--diameter", "0.9")


def test_a_chimney_that_has_a_device_of_record_takes_no_second(litein: Factory) -> None:
    make.make_assignment(chimney=make.make_chimney(factory=litein, name="Old"))

    message = refusal("--chimney", "Old")

    assert "already has a device of record" in message
    assert "end its assignment first" in message


def test_after_a_device_of_the_past_the_new_one_waits_as_well(litein: Factory, provision: Any) -> None:
    yesterday = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
    chimney = make.make_chimney(factory=litein, name="Old")
    make.make_assignment(chimney=chimney, valid_to=yesterday)

    provision("--chimney", "Old")

    assert Assignment.objects.get(valid_to=None).valid_from is None


def test_a_chimney_of_the_same_name_elsewhere_is_another(litein: Factory, provision: Any) -> None:
    make.make_chimney(name="Old")

    provision("--chimney", "Old")

    assert Chimney.objects.filter(factory=litein).count() == 1


def test_chimneys_are_numbered_on(litein: Factory, provision: Any) -> None:
    for number in (1, 2, 3):
        provision(device_id=f"litein-{number}")

    assert list(Chimney.objects.values_list("name", flat=True)) == ["Chimney 1", "Chimney 2", "Chimney 3"]
    assert litein.emission_sources.get(kind="boiler").chimney.name == "Chimney 1"


def test_indian_hours_begin_at_half_past_in_utc(provision: Any) -> None:
    make.make_factory(name="Gevra", time_zone="Asia/Kolkata", sector="coal_mine")

    provision(factory="gevra")

    waits_since = Assignment.objects.get().waits_since
    assert waits_since is not None
    assert waits_since.minute == 30
