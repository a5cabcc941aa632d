"""What the database itself refuses for every caller: overlapping assignments, ids that are no topic, mixed
factories."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from devices.models import Assignment, AssignmentHold, Calibration, DeviceSecret, MCUDevice
from devices.queries import DeviceState, is_online, state_of
from tests import make

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


# --- Assignments -------------------------------------------------------------------------------
def test_a_chimney_has_one_device_of_record_at_any_moment() -> None:
    chimney = make.make_chimney()
    make.make_assignment(chimney=chimney, valid_from=NOON, valid_to=NOON + 2 * HOUR)

    with pytest.raises(IntegrityError, match="one_device_of_record_per_chimney"), transaction.atomic():
        make.make_assignment(chimney=chimney, valid_from=NOON + HOUR)
    make.make_assignment(chimney=chimney, valid_from=NOON + 2 * HOUR)  # half-open: the hours touch


def test_a_cross_check_may_sit_beside_the_device_of_record() -> None:
    chimney = make.make_chimney()
    make.make_assignment(chimney=chimney)

    make.make_assignment(chimney=chimney, is_of_record=False)
    make.make_assignment(chimney=chimney, is_of_record=False)

    assert chimney.assignments.count() == 3


def test_a_device_is_in_one_chimney_at_a_time() -> None:
    device = make.make_device()
    one, two = make.make_chimney(factory=device.factory), make.make_chimney(factory=device.factory)
    make.make_assignment(device=device, chimney=one, valid_from=NOON)

    with pytest.raises(IntegrityError, match="device_in_one_chimney_at_a_time"):
        make.make_assignment(device=device, chimney=two, valid_from=NOON + HOUR, is_of_record=False)


def test_an_assignment_ends_after_it_begins() -> None:
    # An empty range never overlaps, so nothing but this would stop it.
    with pytest.raises(IntegrityError, match="assignment_period_forward"):
        make.make_assignment(valid_from=NOON, valid_to=NOON)


@pytest.mark.parametrize("range_ppm", [0, -1, 1_000_001, float("nan")])
def test_a_range_that_no_sensor_has_is_refused(range_ppm: float) -> None:
    with pytest.raises(IntegrityError, match="assignment_range_plausible"):
        make.make_assignment(range_ppm=range_ppm)


def _foreign(**fields: Any) -> Assignment:
    device = make.make_device()
    values = {"device": device, "chimney": make.make_chimney(factory=device.factory), "factory": device.factory}
    return Assignment(valid_from=NOON, **(values | fields))


@pytest.mark.parametrize("foreign", ["chimney", "device", "factory"])
def test_an_assignment_joins_no_two_factories(foreign: str) -> None:
    other = {"chimney": make.make_chimney, "device": make.make_device, "factory": make.make_factory}[foreign]()
    assignment = _foreign(**{foreign: other})

    with pytest.raises(IntegrityError, match=r"assignment_.*_of_factory"):
        assignment.save()


@pytest.mark.parametrize("table", ["devices_mcudevice", "factories_chimney"])
def test_neither_device_nor_chimney_leaves_the_factory_of_its_assignment(table: str) -> None:
    make.make_assignment()
    elsewhere = make.make_factory()

    with (
        pytest.raises(IntegrityError, match=r"assignment_.*_of_factory"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE {table} SET factory_id = %s", [elsewhere.pk])


@pytest.mark.parametrize("field", ["valid_from", "valid_to"])
def test_an_assignment_changes_on_whole_hours_of_the_site(field: str) -> None:
    device = make.make_device(factory=make.make_factory(time_zone="Asia/Kolkata"))
    chimney = make.make_chimney(factory=device.factory)
    half_past = NOON + timedelta(minutes=30)  # a whole hour in India
    right = {"valid_from": half_past, "valid_to": half_past + HOUR}
    make.make_assignment(device=device, chimney=chimney, **right).full_clean(validate_constraints=False)

    wrong = Assignment(device=device, chimney=chimney, factory=device.factory, **(right | {field: NOON}))
    with pytest.raises(ValidationError) as caught:
        wrong.full_clean(validate_constraints=False)

    assert set(caught.value.message_dict) == {field}
    assert "17:30:00 is not a whole hour of the site" in str(caught.value)


# --- Devices, secrets, calibrations ------------------------------------------------------------
@pytest.mark.parametrize("device_id", ["ab", "a/b/c", "abc\n", "+++", "###", "käse-1"])
def test_the_database_takes_no_id_that_is_no_topic(device_id: str) -> None:
    with pytest.raises(IntegrityError, match="device_id_fits_a_topic"):
        make.make_device(device_id=device_id)


def test_a_device_id_is_taken_once_for_all_organisations() -> None:
    make.make_device(device_id="litein-1")

    with pytest.raises(IntegrityError):
        make.make_device(device_id="litein-1")


def test_one_secret_of_a_device_is_in_force() -> None:
    device, _secret = make.make_device_with_secret()

    with pytest.raises(IntegrityError, match="device_secret_one_in_force"):
        DeviceSecret.objects.create(device=device, pbkdf2_sha512="x")


@pytest.mark.parametrize("pressure_pa", [64_999, 108_001, float("nan")])
def test_a_calibration_was_done_on_earth(pressure_pa: float) -> None:
    with pytest.raises(IntegrityError, match="calibration_pressure_plausible"):
        Calibration.objects.create(device=make.make_device(), calibrated_at=NOON, kind="span", pressure_pa=pressure_pa)


def test_a_resolved_hold_says_when() -> None:
    hold = {"assignment": make.make_assignment(), "stream": 7, "field": "co2_basis", "starts_at": NOON}

    with pytest.raises(IntegrityError, match="hold_resolution_dated"):
        AssignmentHold.objects.create(**hold, resolution="registry_right")


def test_history_is_kept_of_devices_but_not_of_their_heartbeats() -> None:
    device = make.make_device()
    history = MCUDevice.pgh_event_models["update"] if hasattr(MCUDevice, "pgh_event_models") else None
    device.last_heartbeat, device.status = NOON, {"v": 1}
    device.save()
    table = history._meta.db_table if history else "devices_mcudeviceevent"

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE pgh_obj_id = %s", [device.pk])
        after_heartbeat = cursor.fetchone()[0]
        device.revoked_at = NOON
        device.save()
        cursor.execute(f"SELECT count(*) FROM {table} WHERE pgh_obj_id = %s", [device.pk])
        after_revoking = cursor.fetchone()[0]

    assert (after_heartbeat, after_revoking) == (1, 2)


# --- Online or not -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, DeviceState.NEVER),
        ({"last_heartbeat": timedelta(seconds=299)}, DeviceState.ONLINE),
        ({"last_heartbeat": timedelta(seconds=301)}, DeviceState.SILENT),
        ({"last_heartbeat": timedelta(seconds=1), "reported_online": False}, DeviceState.SILENT),
        ({"last_heartbeat": timedelta(minutes=30), "interval_s": 900}, DeviceState.ONLINE),
        ({"last_heartbeat": timedelta(minutes=46), "interval_s": 900}, DeviceState.SILENT),
        ({"last_heartbeat": timedelta(seconds=1), "revoked_at": NOON}, DeviceState.SILENT),
    ],
)
def test_a_device_is_online_while_it_was_heard_of_lately(fields: dict[str, Any], state: DeviceState) -> None:
    now = timezone.now()
    if "last_heartbeat" in fields:
        fields = fields | {"last_heartbeat": now - fields["last_heartbeat"]}
    device = make.make_device(**fields)

    assert state_of(device, now) == state
    assert is_online(device, now) == (state == DeviceState.ONLINE)


def test_no_device_is_its_own_state() -> None:
    assert state_of(None, NOON) == DeviceState.NO_DEVICE
