"""Devices are registered by hand or by a claim code; retired; moved and swapped on whole hours."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from devices.access import revoke_device, rotate_secret
from devices.credentials import check_broker_login
from devices.models import Assignment, DeviceClaim, DeviceSecret, MCUDevice
from devices.mounting import Mounting, mount, next_hour, retire
from devices.registration import (
    as_printed,
    find_claim,
    make_claims,
    new_device_id,
    provision_device,
    register_device,
    withdraw,
)
from factories.services import archive, restore
from lib.limits import TooOftenError
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 20, 9, tzinfo=UTC)  # 12:00 in Nairobi
SENSOR: dict[str, Any] = {"sensor": "sprintir-20", "range_ppm": 200_000}


def make_claim(cast: Cast, **fields: Any) -> tuple[DeviceClaim, str]:
    (made,) = make_claims(cast.organisation, cast.hq, **fields)
    return made


def code_of(error: Any, field: str) -> list[str]:
    return [one.code for one in error.value.error_dict[field]]


# --- Claim codes -------------------------------------------------------------------------------
def test_a_code_registers_the_device_that_it_was_printed_for(cast: Cast) -> None:
    claim, code = make_claim(cast, serial_numbers=["24-0117"], model="Node 1", **SENSOR)
    chimney = make.make_chimney(factory=cast.litein)

    found = find_claim(cast.installer, f" {as_printed(code).lower()} ", [cast.organisation.pk])
    made = register_device(cast.litein, cast.installer, claim=found, mounting=Mounting(chimney=chimney))

    device = MCUDevice.objects.get()
    assignment = device.assignments.get()
    claim.refresh_from_db()
    assert (device.device_id, device.serial_number, device.model) == (claim.device_id, "24-0117", "Node 1")
    assert (assignment.sensor, assignment.range_ppm, assignment.co2_basis) == ("sprintir-20", 200_000, "dry")
    assert (claim.claimed_by, claim.claimed_at is not None) == (cast.installer, True)
    assert check_broker_login(device.device_id, device.device_id, made.password)
    assert code not in repr(DeviceClaim.objects.values())


def test_a_code_works_once(cast: Cast) -> None:
    _claim, code = make_claim(cast)
    found = find_claim(cast.installer, code, [cast.organisation.pk])
    register_device(cast.litein, cast.installer, claim=found)

    with pytest.raises(ValidationError, match="was used") as again:
        find_claim(cast.hq, code, [cast.organisation.pk])
    with pytest.raises(ValidationError, match="was used"):
        register_device(cast.momul, cast.hq, claim=found)  # found before it was used

    assert code_of(again, "claim_code") == ["claim_used"]
    assert MCUDevice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_installers_with_one_code_one_gets_the_device(cast: Cast) -> None:
    _claim, code = make_claim(cast)
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def claim_it(user: Any, factory: Any) -> None:
        try:
            found = find_claim(user, code, [cast.organisation.pk])
            together.wait(10)
            register_device(factory, user, claim=found)
            outcomes.append("registered")
        except ValidationError as error:
            outcomes.append("; ".join(error.messages))
        finally:
            connections.close_all()

    people = ((cast.installer, cast.litein), (cast.hq, cast.momul))
    threads = [threading.Thread(target=claim_it, args=person) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes)[1] == "registered"
    assert "This code was used" in sorted(outcomes)[0]
    assert MCUDevice.objects.count() == DeviceSecret.objects.count() == 1


def test_a_code_ends_by_time_by_withdrawal_and_at_another_organisation(cast: Cast) -> None:
    claim, code = make_claim(cast)
    others = [cast.elsewhere.organisation_id]

    with pytest.raises(ValidationError, match="not known"):
        find_claim(cast.outsider, code, others)
    with pytest.raises(ValidationError, match="another organisation"):
        register_device(cast.elsewhere, cast.outsider, claim=claim)
    DeviceClaim.objects.update(expires_at=timezone.now())
    with pytest.raises(ValidationError, match="expired"):
        find_claim(cast.installer, code, [cast.organisation.pk])
    DeviceClaim.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(ValidationError, match="not known"):
        find_claim(cast.installer, code, [cast.organisation.pk])


def test_a_code_that_was_withdrawn_after_it_was_found_opens_nothing(cast: Cast) -> None:
    claim, code = make_claim(cast)
    found = find_claim(cast.installer, code, [cast.organisation.pk])
    withdraw(claim)

    with pytest.raises(ValidationError, match="not known"):
        register_device(cast.litein, cast.installer, claim=found)


def test_ten_wrong_codes_an_hour(cast: Cast) -> None:
    _claim, code = make_claim(cast)
    organisations = [cast.organisation.pk]
    for _try in range(10):
        with pytest.raises(ValidationError):
            find_claim(cast.installer, "AAAAA-AAAAA", organisations)

    with pytest.raises(TooOftenError):
        find_claim(cast.installer, code, organisations)
    assert find_claim(cast.hq, code, organisations)  # another person is not locked out


def test_an_id_under_a_code_is_not_given_to_another_device(cast: Cast) -> None:
    claim, _code = make_claim(cast)

    with pytest.raises(ValidationError, match="waits under a claim code"):
        register_device(cast.litein, cast.hq, device_id=claim.device_id)
    with pytest.raises(ValidationError, match="waits under a claim code"):
        provision_device(factory_name=cast.litein.name, device_id=claim.device_id)
    DeviceClaim.objects.update(expires_at=timezone.now())
    assert register_device(cast.litein, cast.hq, device_id=claim.device_id)  # its code is over


def test_an_id_is_drawn_from_the_name_of_the_site(cast: Cast) -> None:
    make.make_device(device_id="litein-1")
    make.make_device(device_id="litein-3")

    assert new_device_id(cast.litein) == "litein-2"


@pytest.mark.django_db(transaction=True)
def test_two_devices_at_once_get_two_ids(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    together = threading.Barrier(2)

    def id_after_the_other(factory: Any) -> str:
        drawn = new_device_id(factory)
        with suppress(threading.BrokenBarrierError):
            together.wait(1)  # without the lock both have drawn by now
        return drawn

    def register() -> None:
        try:
            names.append(register_device(cast.litein, cast.installer).device_id)
        finally:
            connections.close_all()

    monkeypatch.setattr("devices.registration.new_device_id", id_after_the_other)
    threads = [threading.Thread(target=register) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(names) == ["litein-1", "litein-2"]


# --- Assign, move, swap ------------------------------------------------------------------------
def test_a_new_device_counts_from_its_first_reading_and_a_move_from_an_hour(cast: Cast) -> None:
    device = make.make_device(factory=cast.litein)
    first, second = (make.make_chimney(factory=cast.litein, name=name) for name in ("1", "2"))

    waiting = mount(device, Mounting(chimney=first, **SENSOR))
    moved = mount(device, Mounting(chimney=second))

    waiting.refresh_from_db()
    assert (waiting.valid_from, waiting.valid_to) == (None, next_hour(cast.litein))
    assert (moved.valid_from, moved.sensor, moved.range_ppm) == (waiting.valid_to, "sprintir-20", 200_000)


def test_another_sensor_brings_its_own_basis_and_needs_its_range(cast: Cast) -> None:
    assignment = make.make_assignment(device=make.make_device(factory=cast.litein), sensor="own", range_ppm=300_000)

    with pytest.raises(ValidationError, match="State the full scale"):
        mount(assignment.device, Mounting(chimney=assignment.chimney, sensor="sprintir-20"))
    made = mount(assignment.device, Mounting(chimney=assignment.chimney, **SENSOR))

    assert (assignment.co2_basis, made.co2_basis) == ("wet", "dry")


def test_a_swap_ends_the_old_device_at_the_hour_at_which_the_new_one_begins(cast: Cast) -> None:
    old = make.make_assignment(device=make.make_device(factory=cast.litein))
    new = make.make_device(factory=cast.litein)

    with pytest.raises(ValidationError, match="already has a device of record"):
        mount(new, Mounting(chimney=old.chimney, since=NOON, **SENSOR))
    swapped = mount(new, Mounting(chimney=old.chimney, since=NOON, replaces=True, **SENSOR))

    old.refresh_from_db()
    assert (old.valid_to, swapped.valid_from) == (NOON, NOON)


@pytest.mark.parametrize(
    ("zone", "since", "is_whole"),
    [
        ("Africa/Nairobi", NOON + timedelta(minutes=20), False),
        ("Africa/Nairobi", NOON, True),
        ("Asia/Kolkata", NOON, False),  # 14:30 there
        ("Asia/Kolkata", NOON + timedelta(minutes=30), True),
    ],
)
def test_a_swap_is_on_a_whole_hour_of_the_site(zone: str, since: datetime, *, is_whole: bool) -> None:
    old = make.make_assignment(device=make.make_device(factory=make.make_factory(time_zone=zone)))
    new = make.make_device(factory=old.factory)
    mounting = Mounting(chimney=old.chimney, since=since, replaces=True, **SENSOR)

    if is_whole:
        assert mount(new, mounting).valid_from == since
        return
    with pytest.raises(ValidationError, match="not a whole hour"):
        mount(new, mounting)
    assert Assignment.objects.get().valid_to is None


def test_a_registration_takes_no_hours_of_the_past_from_the_device_that_is_there(cast: Cast) -> None:
    old = make.make_assignment(device=make.make_device(factory=cast.litein))
    this_hour = next_hour(cast.litein) - HOUR
    swap = Mounting(chimney=old.chimney, since=this_hour - HOUR, replaces=True, **SENSOR)

    with pytest.raises(ValidationError) as refused:
        register_device(cast.litein, cast.installer, mounting=swap)
    old.refresh_from_db()
    assert (code_of(refused, "since"), old.valid_to) == (["swap_in_past"], None)
    register_device(cast.litein, cast.installer, mounting=replace(swap, since=this_hour))
    old.refresh_from_db()
    assert old.valid_to == this_hour


def test_nothing_new_goes_on_an_archived_chimney_or_site(cast: Cast, as_user: AsUser) -> None:
    chimney, device = make.make_chimney(factory=cast.litein), make.make_device(factory=cast.litein)
    client, url = as_user(cast.hq), f"/api/mcu-devices/{device.device_id}/assign/"
    body = {"chimney": chimney.pk, **SENSOR}

    archive(chimney)
    gone = client.post(url, body, content_type="application/json")
    listed = list(client.get(f"/devices/{device.device_id}/assign/").context["form"].fields["chimney"].queryset)
    restore(chimney)
    archive(cast.litein)
    closed = client.post(url, body, content_type="application/json")
    new = client.post("/api/mcu-devices/", {"factory": cast.litein.pk}, content_type="application/json")

    assert [row["code"] for row in gone.json()["fields"]["chimney"]] == ["archived"]
    assert listed == []
    assert [row["code"] for row in closed.json()["fields"]["chimney"]] == ["archived"]
    assert (new.status_code, new.json()["code"]) == (409, "factory_archived")
    assert client.get(f"/add-device/?factory={cast.litein.pk}").status_code == 404
    assert not Assignment.objects.exists()


def test_what_may_not_be_mounted(cast: Cast) -> None:
    device = make.make_device(factory=cast.litein)
    assignment = mount(device, Mounting(chimney=make.make_chimney(factory=cast.litein), since=NOON, **SENSOR))

    with pytest.raises(ValidationError, match="belongs to another factory"):
        mount(device, Mounting(chimney=make.make_chimney(factory=cast.momul)))
    with pytest.raises(ValidationError, match="choose a later hour") as too_early:
        mount(device, Mounting(chimney=make.make_chimney(factory=cast.litein), since=NOON))
    assert code_of(too_early, "since") == ["before_begin"]
    with pytest.raises(ValidationError, match="What fits"):
        mount(device, Mounting(chimney=assignment.chimney, sensor="mh-z19", range_ppm=5_000))
    assignment.refresh_from_db()
    assert assignment.valid_to is None  # the refused move ended nothing


# --- Retire ------------------------------------------------------------------------------------
def test_a_retired_device_is_revoked_leaves_its_chimney_and_stays_in_the_history(cast: Cast) -> None:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    password = rotate_secret(device)
    assignment = make.make_assignment(device=device)

    retire(device)
    retire(device)

    device.refresh_from_db()
    assignment.refresh_from_db()
    assert not check_broker_login("litein-1", "litein-1", password)
    assert (device.revoked_at is not None, device.retired_on) == (True, timezone.localdate(timezone=cast.litein.zone))
    assert assignment.valid_to == next_hour(cast.litein)  # what it sent in the running hour counts
    with pytest.raises(ValidationError, match="revoked"):
        mount(device, Mounting(chimney=assignment.chimney))


def test_nothing_retires_in_the_future_or_before_it_was_installed(cast: Cast) -> None:
    device = make.make_device(factory=cast.litein, installed_on=timezone.localdate())

    with pytest.raises(ValidationError, match="today or before"):
        retire(device, timezone.localdate() + timedelta(days=2))
    with pytest.raises(ValidationError, match="before it was installed"):
        retire(device, timezone.localdate() - timedelta(days=2))

    device.refresh_from_db()
    assert device.revoked_at is None


# --- API ---------------------------------------------------------------------------------------
def test_the_api_registers_corrects_and_retires(cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.installer)
    chimney = make.make_chimney(factory=cast.litein)
    body = {"factory": cast.litein.pk, "serial_number": "A1", "assign": {"chimney": chimney.pk, **SENSOR}}

    made = client.post("/api/mcu-devices/", body, content_type="application/json")
    url = f"/api/mcu-devices/{made.json()['device_id']}/"
    patched = client.patch(url, {"model": "Node 2", "bought_on": "2026-10-01"}, content_type="application/json")
    retired = client.post(f"{url}retire/", {}, content_type="application/json")

    assert (made.status_code, made.json()["device_id"], len(made.json()["password"])) == (201, "litein-1", 48)
    assert (patched.json()["serial_number"], patched.json()["model"]) == ("A1", "Node 2")
    assert patched.json()["assignment"]["sensor"] == "sprintir-20"
    assert retired.json()["retired_on"] is not None


def test_correcting_a_serial_number_does_not_bring_a_login_back(
    cast: Cast, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = make.make_device(factory=cast.litein, device_id="litein-1")

    def meanwhile(self: MCUDevice) -> None:
        revoke_device(MCUDevice.objects.get(pk=device.pk))

    monkeypatch.setattr(MCUDevice, "full_clean", meanwhile)
    client = as_user(cast.installer)
    client.patch("/api/mcu-devices/litein-1/", {"serial_number": "A1"}, content_type="application/json")

    device.refresh_from_db()
    assert (device.serial_number, device.revoked_at is not None) == ("A1", True)


def test_the_api_refuses_what_the_pages_refuse(cast: Cast, as_user: AsUser) -> None:
    client, chimney = as_user(cast.installer), make.make_chimney(factory=cast.litein)

    def refused(expected: int, **body: Any) -> Any:
        answer = client.post("/api/mcu-devices/", {"factory": cast.litein.pk} | body, content_type="application/json")
        assert answer.status_code == expected, answer.content
        return answer.json()

    indoor = {"chimney": chimney.pk, "sensor": "mh-z19", "range_ppm": 5_000}
    assert refused(400, assign=indoor)["fields"]["sensor"][0]["code"] == "range_too_short"
    elsewhere = make.make_chimney(factory=cast.elsewhere)
    assert refused(400, assign={"chimney": elsewhere.pk})["fields"]["chimney"][0]["code"] == "unknown_chimney"
    assert refused(400, claim_code="AAAAA-AAAAA")["fields"]["claim_code"][0]["code"] == "unknown_claim"
    refused(404, factory=cast.momul.pk)
    for _try in range(9):
        refused(400, claim_code="AAAAA-AAAAA")
    assert refused(429, claim_code="AAAAA-AAAAA")["params"]["retry_after_s"] > 3000
    assert not MCUDevice.objects.exists()


def test_claim_codes_are_for_who_manages_the_devices_of_an_organisation(cast: Cast, as_user: AsUser) -> None:
    hq, url = as_user(cast.hq), "/api/device-claims/"

    made = hq.post(url, {"serial_numbers": ["A1", "A2"]}, content_type="application/json").json()["results"]
    listed = hq.get(url).json()["results"]
    withdrawn = hq.post(f"{url}{made[0]['id']}/withdraw/")

    assert [row["serial_number"] for row in listed] == ["A2", "A1"]
    assert len(made[0]["code"]) == 11
    assert "code" not in listed[0]
    assert withdrawn.json()["withdrawn_at"] is not None
    assert as_user(cast.installer).post(url, {}, content_type="application/json").status_code == 403
    assert as_user(cast.outsider).get(url).json()["results"] == []
    assert as_user(cast.outsider).post(f"{url}{made[1]['id']}/withdraw/").status_code == 404
