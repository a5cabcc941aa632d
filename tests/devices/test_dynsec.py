"""Logins at a real Mosquitto with its Dynamic Security plugin, over TLS, on the published files: no reload."""

import json
import os
import signal
import subprocess
import sys
import time
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from devices import broker as access
from devices.access import DeviceRevokedError, revoke_device, rotate_secret
from devices.broker import broker_state
from devices.choices import BrokerState
from devices.credentials import verify
from devices.dynsec import BATCH_COUNT, BrokerUnreachableError, DynamicSecurity, login, role_of_device
from devices.models import DeviceSecret, MCUDevice
from devices.services import describe
from mqtt_ingest.models import RejectedMessage
from mqtt_ingest.queries import counters
from tests.bench.parts import register
from tests.devices.dynsec_broker import Connected, Provision, device_of, lets_in, retained_status
from tests.end_to_end.ingest_process import MANAGE, CommitListener, IngestProcess
from tests.mosquitto import DYNSEC_FILE, Mosquitto, publish
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub", "mosquitto_sub")]
CUT_WITHIN_S = 5.0  # the promise


def test_a_provisioned_device_is_let_in_at_once(provision: Provision) -> None:
    device = provision("litein-1")

    assert broker_state(device_of(device)) == BrokerState.IN_FORCE
    assert lets_in(device)


def test_its_readings_are_stored_without_a_reload_by_a_worker_with_a_name(
    provision: Provision, mosquitto: Mosquitto
) -> None:
    values = {"seq": 1, "t": time.time_ns() // 1_000_000, "co2_ppm": 90_000.0, "temperature_c": 180.0, "velocity_ms": 3}
    message = {"v": 1, "stream": 7, "interval_s": 5, "readings": [values]}
    commits = CommitListener()

    with IngestProcess(mosquitto, "--worker", "a"):
        publish(provision("litein-1"), json.dumps(message).encode())
        commits.wait_until(lambda: counters().stored == 1)
    commits.close()


def test_rotation_cuts_who_is_connected_and_ends_the_old_password(provision: Provision) -> None:
    old = provision("litein-1")
    connected = Connected(old)
    device = device_of(old)
    MCUDevice.objects.filter(pk=device.pk).update(reported_online=True)
    began_s = time.monotonic()

    new = describe(device, rotate_secret(device))

    assert connected.seconds_to_cut(began_s) < CUT_WITHIN_S
    assert not lets_in(old)
    assert lets_in(new)
    assert broker_state(device) == BrokerState.IN_FORCE
    device.refresh_from_db()
    assert device.reported_online is False
    assert device.last_will_at is not None
    assert retained_status(new) == {"v": 1, "online": False}


def test_revocation_cuts_too_and_the_role_goes_with_the_login(provision: Provision, mosquitto: Mosquitto) -> None:
    device = provision("litein-1")
    connected = Connected(device)
    began_s = time.monotonic()

    row = device_of(device)
    revoke_device(row)

    assert connected.seconds_to_cut(began_s) < CUT_WITHIN_S
    assert not lets_in(device)
    assert broker_state(row) == BrokerState.REMOVED
    assert row.reported_online is False
    assert retained_status(device) == {"v": 1, "online": False}
    assert "litein-1" not in (mosquitto.folder / DYNSEC_FILE).read_text()


def test_while_the_broker_is_away_a_rotation_changes_nothing_and_a_revocation_is_made_up_for(
    provision: Provision, mosquitto: Mosquitto
) -> None:
    kept, gone = provision("litein-1"), provision("litein-2")
    mosquitto.kill()

    with pytest.raises(BrokerUnreachableError):
        rotate_secret(device_of(kept))
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("provision_device", "--factory", "Litein", "--device-id", "litein-3")
    row = device_of(gone)
    revoke_device(row)
    state_while_away = broker_state(row)
    with pytest.raises(BrokerUnreachableError):
        access.settle_revocations()
    mosquitto.start()
    had = lets_in(gone)
    settled = access.settle_revocations()

    assert not MCUDevice.objects.filter(device_id="litein-3").exists()
    assert lets_in(kept)
    assert state_while_away == BrokerState.REMOVING
    assert (had, settled, access.settle_revocations()) == (True, 1, 0)
    assert not lets_in(gone)
    assert broker_state(row) == BrokerState.REMOVED


def test_a_frozen_broker_is_given_up_in_time_and_nothing_changes(provision: Provision, mosquitto: Mosquitto) -> None:
    device = provision("litein-1")
    os.kill(mosquitto.pid, signal.SIGSTOP)
    began_s = time.monotonic()
    try:
        with pytest.raises(BrokerUnreachableError):
            rotate_secret(device_of(device))
    finally:
        took_s = time.monotonic() - began_s
        os.kill(mosquitto.pid, signal.SIGCONT)

    assert took_s < CUT_WITHIN_S
    assert lets_in(device)


@pytest.mark.parametrize(("dies_in", "old_is_let_in"), [("put_login", True), ("_mark", False)])
def test_a_process_killed_before_or_after_the_broker_was_told_leaves_a_state_that_is_shown(
    provision: Provision, mosquitto: Mosquitto, dies_in: str, old_is_let_in: bool
) -> None:
    old = provision("litein-1")
    device = device_of(old)
    code = f"""
import os
from devices import access, broker
from devices.models import MCUDevice
broker.{dies_in} = lambda *_: os.kill(os.getpid(), 9)
access.rotate_secret(MCUDevice.objects.get())
"""
    environment = IngestProcess(mosquitto).environment | {"MQTT_ADMIN_URL": mosquitto.admin_url}

    killed = subprocess.run([sys.executable, str(MANAGE), "shell", "-c", code], env=environment, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert broker_state(device) == BrokerState.UNCONFIRMED
    assert lets_in(old) == old_is_let_in
    new = describe(device, rotate_secret(device))
    assert broker_state(device) == BrokerState.IN_FORCE
    assert (lets_in(old), lets_in(new)) == (False, True)


def test_of_two_rotations_at_once_the_one_of_the_registry_is_the_one_of_the_broker(provision: Provision) -> None:
    device = device_of(provision("litein-1"))
    drawn: list[str] = []

    def rotate() -> None:
        drawn.append(rotate_secret(device))
        connection.close()

    threads = [Thread(target=rotate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    in_force = DeviceSecret.objects.get(device=device, revoked_at=None)
    [newest] = [secret for secret in drawn if verify(secret, in_force.pbkdf2_sha512)]
    assert [secret for secret in drawn if lets_in(describe(device, secret))] == [newest]
    assert broker_state(device) == BrokerState.IN_FORCE


def test_a_revocation_is_no_refusal_for_ingest_now_and_at_its_next_start(
    provision: Provision, mosquitto: Mosquitto
) -> None:
    device = provision("litein-1")
    connected = Connected(device)
    with IngestProcess(mosquitto):
        # Else its own message, on line, comes after the revocation.
        wait_until(lambda: device_of(device).status)
        revoke_device(device_of(device))
        connected.seconds_to_cut(time.monotonic())
        assert retained_status(device) == {"v": 1, "online": False}
    with IngestProcess(mosquitto, "--once"):
        time.sleep(1.0)

    assert counters().rejected == {}
    assert counters().received == 0
    assert not RejectedMessage.objects.exists()


def test_a_lost_file_is_rebuilt_from_the_hashes_with_every_password(provision: Provision, mosquitto: Mosquitto) -> None:
    one, other = provision("litein-1"), provision("litein-2")
    revoke_device(device_of(other))
    mosquitto.stop()
    (mosquitto.folder / DYNSEC_FILE).unlink()

    call_command("sync_broker", rebuild=mosquitto.folder / DYNSEC_FILE)
    mosquitto.start()

    assert (lets_in(one), lets_in(other)) == (True, False)
    call_command("sync_broker")  # no difference


def test_many_devices_are_rebuilt_in_one_file_and_made_in_batches(mosquitto: Mosquitto) -> None:
    devices = register(60)
    with access.administrator() as admin:
        admin.send(
            [
                command
                for device in devices
                for command in (
                    {"command": "createRole", **role_of_device(device.device_id)},
                    {
                        "command": "createClient",
                        "password": device.password,
                        **login(device.device_id, f"device-{device.device_id}"),
                    },
                )
            ]
        )

    assert len(devices) * 2 > BATCH_COUNT
    assert access.compare() == []
    assert lets_in(devices[0])
    assert lets_in(devices[-1])


def test_a_broker_that_freezes_in_the_middle_of_an_act_is_given_up_in_time(
    provision: Provision, mosquitto: Mosquitto
) -> None:
    device = device_of(provision("litein-1"))
    began_s = time.monotonic()
    try:
        with access.administrator() as admin:
            os.kill(mosquitto.pid, signal.SIGSTOP)
            with pytest.raises(BrokerUnreachableError):
                admin.send([{"command": "createRole", **role_of_device(device.device_id)}])
    finally:
        took_s = time.monotonic() - began_s
        os.kill(mosquitto.pid, signal.SIGCONT)

    assert took_s < CUT_WITHIN_S + 1.0


def test_no_login_is_given_back_to_a_revoked_device(provision: Provision) -> None:
    device = device_of(provision("litein-1"))
    stale = MCUDevice.objects.get(pk=device.pk)  # as another request read it
    revoke_device(device)

    with pytest.raises(DeviceRevokedError):
        rotate_secret(stale)
    with access.administrator() as admin:
        assert "litein-1" not in [client["username"] for client in admin.clients()]


def test_an_act_gives_up_within_its_time(settings: Any) -> None:
    settings.MQTT_ADMIN_URL = "mqtt://carbontrack-broker-admin:x@127.0.0.1:1"
    began_s = time.monotonic()

    with pytest.raises(BrokerUnreachableError), DynamicSecurity(access.administrator()._address):
        pass

    assert time.monotonic() - began_s < CUT_WITHIN_S
