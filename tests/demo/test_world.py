"""The simulated world: what is in it, and that seeding it twice is seeding it once."""

import io
import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, User
from accounts.permissions import visible_to
from accounts.roles import Role
from demo import cast, fleet_files, mines, people, world
from devices import credentials
from devices.models import Assignment, DeviceSecret, MCUDevice
from factories.choices import SourceKind
from factories.models import Chimney, EmissionSource, Factory, Organisation
from mqtt_ingest.spare_device import DEVICE_ID as SPARE_DEVICE_ID
from mqtt_ingest.spare_device import FILE_NAME

PASSWORD = "open sesame please"

# Generous boxes around the counties (south, north, west, east), to catch a swapped sign or a wrong degree.
COUNTY_BOUNDS = {
    "Bomet": (-1.05, -0.45, 34.95, 35.60),
    "Embu": (-0.95, -0.15, 37.30, 37.95),
    "Kericho": (-0.70, 0.05, 35.00, 35.70),
    "Kiambu": (-1.35, -0.75, 36.45, 37.40),
    "Kirinyaga": (-0.80, -0.15, 37.05, 37.55),
    "Kisii": (-1.05, -0.50, 34.55, 35.10),
    "Meru": (-0.45, 0.55, 37.25, 38.35),
    "Murang'a": (-1.10, -0.55, 36.65, 37.45),
    "Nandi": (-0.15, 0.60, 34.70, 35.45),
    "Nyamira": (-0.95, -0.40, 34.70, 35.15),
    "Nyeri": (-0.70, 0.05, 36.55, 37.35),
}


@pytest.fixture
def seed(db: None, settings: Settings, tmp_path: Path) -> Callable[..., list[tuple[str, str]]]:
    """`seed(fleet=5)` makes the world with so many devices, keeping its files in `tmp_path`."""
    settings.DATA_DIR = tmp_path

    def run(*, fleet: int = 5, password: str = PASSWORD) -> list[tuple[str, str]]:
        settings.DEMO_FLEET = fleet
        return world.seed(io.StringIO(), password)

    return run


def test_table_of_factories_is_complete_and_plausible() -> None:
    factories = cast.factories()

    assert len(factories) == 67
    assert len({factory.name for factory in factories}) == 67
    assert len({factory.slug for factory in factories}) == 67
    for factory in factories:
        south, north, west, east = COUNTY_BOUNDS[factory.county]
        assert south <= factory.latitude <= north, factory
        assert west <= factory.longitude <= east, factory
        assert 1_400 <= factory.altitude_m <= 2_400, factory
        assert factory.altitude_is_estimated, factory


def test_fleet_has_67_devices_with_the_named_misfits() -> None:
    devices = cast.devices()

    assert len({device.device_id for device in devices}) == len(devices) == 67
    assert devices[0].device_id == "litein-01"
    assert [device.index for device in devices] == list(range(67))
    misfits = {
        device.device_id: device.behaviour for device in devices if device.behaviour is not cast.Behaviour.HEALTHY
    }
    assert misfits == {
        "kapkatet-01": cast.Behaviour.SILENT,
        "toror-01": cast.Behaviour.NEVER_REPORTED,
        "nyansiongo-01": cast.Behaviour.SENSOR_FAULT,
        "gachege-01": cast.Behaviour.OVER_RANGE,
        "motigo-01": cast.Behaviour.DRIFT,
    }
    assert len({device.factory_name for device in devices}) == 66  # one has none, one has two
    assert all(0.9 <= device.diameter_m <= 2.0 for device in devices)


def test_whole_world_is_seeded(seed: Callable[..., list[tuple[str, str]]], tmp_path: Path) -> None:
    seed(fleet=67)

    organisation = Organisation.objects.get(name=world.ORGANISATION_NAME)
    factories = Factory.objects.filter(organisation=organisation)
    assert factories.count() == 67
    assert EmissionSource.objects.filter(factory__in=factories, kind=SourceKind.BOILER).count() == 68
    assert MCUDevice.objects.filter(factory__in=factories).count() == 67
    assert not MCUDevice.objects.filter(factory__name=cast.WITHOUT_DEVICE).exists()
    assert Chimney.objects.filter(factory__name=cast.WITH_TWO_CHIMNEYS).count() == 2
    assert not Chimney.objects.filter(emission_sources=None).exists()
    assert Assignment.objects.filter(is_of_record=True, valid_to=None).count() == 68  # with the spare one
    room_sensor = Assignment.objects.get(device__device_id="gachege-01")
    assert (room_sensor.sensor, room_sensor.range_ppm) == ("mh-z19", 5_000.0)
    assert len(fleet_files.load_passwords(tmp_path)) == 67


def test_silent_device_was_last_heard_of_at_ten_past_three(seed: Callable[..., list[tuple[str, str]]]) -> None:
    seed(fleet=67)

    device = MCUDevice.objects.select_related("factory").get(device_id="kapkatet-01")
    assert device.last_heartbeat is not None
    heard = device.last_heartbeat.astimezone(device.factory.zone)
    assert (heard.hour, heard.minute) == (3, 10)
    assert timedelta(0) <= timezone.now() - heard <= timedelta(days=1)
    assert device.reported_online is False
    assert MCUDevice.objects.get(device_id="toror-01").last_heartbeat is None


def test_second_seeding_changes_nothing_and_asks_little(
    seed: Callable[..., list[tuple[str, str]]], tmp_path: Path
) -> None:
    first_logins = seed(fleet=5)
    passwords = fleet_files.load_passwords(tmp_path)
    hashes = dict(User.objects.values_list("email", "password"))
    secrets = set(DeviceSecret.objects.values_list("pk", "revoked_at"))

    with CaptureQueriesContext(connection) as queries:
        second_logins = seed(fleet=5)

    assert second_logins == first_logins
    assert fleet_files.load_passwords(tmp_path) == passwords
    assert dict(User.objects.values_list("email", "password")) == hashes
    assert set(DeviceSecret.objects.values_list("pk", "revoked_at")) == secrets
    assert Factory.objects.count() == 67 + 1 + 3
    assert Membership.objects.count() == 12 + 66 + 3  # accounts, managers of tea factories, of mines
    assert len(queries) <= 16
    assert not [q for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_passwords_in_the_files_open_the_broker(seed: Callable[..., list[tuple[str, str]]], tmp_path: Path) -> None:
    seed(fleet=3)

    passwords = fleet_files.load_passwords(tmp_path)
    spare = json.loads((tmp_path / FILE_NAME).read_text())
    assert MCUDevice.objects.get(device_id=spare["device_id"]).factory.name == world.TWIN_NAME
    assert list(passwords) == ["boito-01", "kapkoros-01", "litein-01"]
    for device_id, password in {**passwords, spare["device_id"]: spare["password"]}.items():
        assert credentials.check_broker_login(device_id, device_id, password)
    assert stat.S_IMODE((tmp_path / "fleet.json").stat().st_mode) == 0o600


def test_a_lost_or_wrong_device_password_is_replaced_and_the_others_are_kept(
    seed: Callable[..., list[tuple[str, str]]], tmp_path: Path
) -> None:
    seed(fleet=3)
    before = fleet_files.load_passwords(tmp_path)
    fleet_files.save_passwords(tmp_path, {"litein-01": before["litein-01"], "boito-01": "guessed"})

    seed(fleet=3)

    after = fleet_files.load_passwords(tmp_path)
    assert after["litein-01"] == before["litein-01"]
    assert after.keys() == before.keys()
    for device_id in ("boito-01", "kapkoros-01"):
        assert after[device_id] != before[device_id]
        assert credentials.check_broker_login(device_id, device_id, after[device_id])


def test_larger_fleet_later_adds_devices_and_smaller_one_removes_none(
    seed: Callable[..., list[tuple[str, str]]], tmp_path: Path
) -> None:
    seed(fleet=1)
    litein = fleet_files.load_passwords(tmp_path)["litein-01"]

    seed(fleet=3)
    seed(fleet=1)

    assert MCUDevice.objects.exclude(device_id=SPARE_DEVICE_ID).count() == 3
    assert fleet_files.load_passwords(tmp_path)["litein-01"] == litein
    assert len(fleet_files.load_passwords(tmp_path)) == 3


def test_fleet_of_none_leaves_only_the_spare_device(seed: Callable[..., list[tuple[str, str]]], tmp_path: Path) -> None:
    seed(fleet=0)

    assert list(MCUDevice.objects.values_list("device_id", flat=True)) == [SPARE_DEVICE_ID]
    assert fleet_files.load_passwords(tmp_path) == {}


def test_changed_demo_password_reaches_all_accounts(seed: Callable[..., list[tuple[str, str]]]) -> None:
    seed(fleet=0)

    logins = seed(fleet=0, password="another password")

    users = {user.email: user for user in User.objects.all()}
    assert {login for _who, login in logins} == users.keys() - {None}
    assert all(users[login].check_password("another password") for _who, login in logins)


def test_managers_without_a_login_can_be_called_and_cannot_sign_in(seed: Callable[..., list[tuple[str, str]]]) -> None:
    seed(fleet=0)

    staff = User.objects.filter(email=None)
    assert staff.count() == 66 + 3
    assert not any(user.has_usable_password() for user in staff)
    # The range that Ofcom keeps for film and theatre: nobody's phone rings.
    phones = User.objects.exclude(phone=None).values_list("phone", flat=True)
    assert all(phone and phone.startswith("+447700900") and len(phone) == 13 for phone in phones)
    managed = Membership.objects.filter(role=Role.FACTORY_MANAGER).values_list("factory", flat=True)
    assert len(set(managed)) == 67 + 3


def test_three_fictional_mines_are_an_organisation_of_their_own(seed: Callable[..., list[tuple[str, str]]]) -> None:
    seed(fleet=0)

    found = Factory.objects.filter(organisation__name=mines.ORGANISATION_NAME)
    assert [mine.sector for mine in found] == ["coal_mine"] * 3
    assert all("(fictional)" in mine.name for mine in found)
    assert {(mine.country, mine.time_zone) for mine in found} == {("IN", "Asia/Kolkata")}
    sources = EmissionSource.objects.filter(factory__in=found)
    classes = sources.filter(kind=SourceKind.MINE_METHANE).values_list("mine_class", flat=True)
    assert set(classes) == {"opencast", "underground_degree_1", "underground_degree_2"}
    assert not sources.filter(kind=SourceKind.BOILER).exists()


def test_accounts_see_what_they_should(seed: Callable[..., list[tuple[str, str]]]) -> None:
    logins = seed(fleet=0)

    def sees(login: str) -> set[str]:
        user = User.objects.get(email=f"{login}@{people.MAIL_DOMAIN}")
        return set(visible_to(user, Factory.objects.all(), factory_path="").values_list("name", flat=True))

    ktda = {factory.name for factory in cast.factories()}
    names = [login.split("@")[0] for _who, login in logins]
    assert names == ["hq", "manager", "auditor", "installer", "integrator", "mine"]
    assert sees("mine") == {mine.name for mine in mines.MINES}
    assert sees("hq") == sees("integrator") == ktda | {world.TWIN_NAME}
    assert sees("auditor") == ktda
    assert sees("manager") == {"Litein Tea Factory"}
    assert {"Litein Tea Factory", cast.WITHOUT_DEVICE, world.TWIN_NAME} < sees("installer")
    first = Membership.objects.filter(user__email__startswith="hq@").first()
    assert first is not None
    assert (first.role, first.organisation.name) == (Role.HQ_MANAGER, world.ORGANISATION_NAME)


def test_world_is_not_seeded_into_a_named_database(
    seed: Callable[..., list[tuple[str, str]]], settings: Settings
) -> None:
    settings.IS_LOCAL = False

    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL is set"):
        seed()
