"""Logins at a real Mosquitto with its Dynamic Security plugin, over TLS, on the published files: no reload."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from devices import broker as access
from devices.access import revoke_device, rotate_secret
from devices.broker import broker_state
from devices.choices import BrokerState
from devices.credentials import verify
from devices.dynsec import BATCH_COUNT, BrokerUnreachableError, DynamicSecurity, login, role_of_device
from devices.models import DeviceSecret, MCUDevice
from devices.services import ProvisionedDevice, describe, provision_device
from mqtt_ingest.queries import counters
from tests import make
from tests.bench.parts import register
from tests.end_to_end.ingest_process import CommitListener, IngestProcess
from tests.mosquitto import DYNSEC_FILE, INGEST_PASSWORD, TIMEOUT_S, Mosquitto, Watcher, client_arguments, publish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub", "mosquitto_sub")]
CUT_WITHIN_S = 5.0  # the promise


@pytest.fixture
def mosquitto(tmp_path: Path, settings: Any) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path, access="dynsec")
    settings.MQTT_BROKER_URL, settings.MQTT_ADMIN_URL = broker.url, broker.admin_url
    settings.MQTT_CA_FILE, settings.MQTT_ACCESS = str(broker.certificates.ca_file), "DYNSEC"
    with broker:
        yield broker


@pytest.fixture
def provision(mosquitto: Mosquitto) -> Callable[[str], ProvisionedDevice]:
    factory = make.make_factory(name="Litein Tea Factory")
    return lambda device_id: provision_device(factory_name=factory.name, device_id=device_id)


Provision = Callable[[str], ProvisionedDevice]


class Connected:
    """A device that stays connected with its password, has said that it is online, and notices when it is cut."""

    def __init__(self, device: ProvisionedDevice) -> None:
        self.cut_at_s: float | None = None
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=device.device_id)
        self._client.username_pw_set(device.username, device.password)
        self._client.tls_set(ca_certs=device.ca_file)
        self._client.reconnect_delay_set(60)
        self._client.on_disconnect = self._on_disconnect
        self._client.connect("127.0.0.1", device.port)
        self._client.loop_start()
        status = self._client.publish(device.topics["status"], b'{"v":1,"online":true}', qos=1, retain=True)
        status.wait_for_publish(TIMEOUT_S)
        assert status.is_published()

    def _on_disconnect(self, *_arguments: Any) -> None:
        self.cut_at_s = time.monotonic()

    def seconds_to_cut(self, since_s: float) -> float:
        deadline_s = time.monotonic() + TIMEOUT_S
        while self.cut_at_s is None:
            assert time.monotonic() < deadline_s, "it was never cut"
            time.sleep(0.005)
        self._client.loop_stop()
        return self.cut_at_s - since_s


def device_of(provisioned: ProvisionedDevice) -> MCUDevice:
    return MCUDevice.objects.get(device_id=provisioned.device_id)


def lets_in(device: ProvisionedDevice) -> bool:
    return publish(device, b"{}").returncode == 0


def retained_status(device: ProvisionedDevice) -> dict[str, Any]:
    watcher = Watcher(device, device.topics["status"])
    try:
        return dict(json.loads(watcher.next_message()))
    finally:
        watcher.close()


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


def test_a_device_reaches_only_its_own_topics_and_only_under_its_own_client_id(provision: Provision) -> None:
    one, other = provision("litein-1"), provision("litein-2")
    foreign = ["mosquitto_pub", *client_arguments(one, client_id="litein-2"), "-t", one.topics["readings"], "-m", "{}"]
    filters = (other.topics["readings"], "carbontrack/v1/#", "#", "$SYS/#", "$CONTROL/#", "$share/g/carbontrack/v1/#")
    heard = Watcher(one, other.topics["readings"])

    publish(one, b'{"from": 1}', topic=other.topics["readings"])
    order = b'{"commands":[{"command":"deleteClient","username":"litein-2"}]}'
    publish(one, order, topic="$CONTROL/dynamic-security/v1")
    publish(other, b'{"from": 2}')

    assert json.loads(heard.next_message()) == {"from": 2}  # so litein-2 is still there, and 1 reached nobody
    heard.close()
    assert subprocess.run(foreign, capture_output=True, check=False).returncode != 0
    for topic in filters:
        asked = ["mosquitto_sub", *client_arguments(one), "-t", topic, "-W", "2"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stderr
        assert "denied" in said, topic


def test_workers_share_a_subscription_and_ingest_gives_no_orders(provision: Provision) -> None:
    device = provision("litein-1")
    worker = {"user": "carbontrack-ingest-a", "password": INGEST_PASSWORD}
    shared = ["mosquitto_sub", "-d", *client_arguments(device, **worker), "-W", "2"]
    shared += ["-t", "$share/carbontrack-ingest/carbontrack/v1/+/readings", "-q", "1"]
    order = ["mosquitto_sub", *client_arguments(device, **worker), "-W", "2", "-t", "$CONTROL/dynamic-security/v1/#"]

    assert "Subscribed" in subprocess.run(shared, capture_output=True, text=True, check=False).stdout
    assert "denied" in subprocess.run(order, capture_output=True, text=True, check=False).stderr


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

    assert took_s < CUT_WITHIN_S + 1.0
    assert lets_in(device)


def test_a_process_that_dies_between_registry_and_broker_leaves_a_state_that_is_shown(
    provision: Provision, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = provision("litein-1")
    device = device_of(old)

    with monkeypatch.context() as killed:
        killed.setattr(access, "put_login", lambda *_: None)
        never_told = describe(device, rotate_secret(device))

    assert broker_state(device) == BrokerState.UNCONFIRMED
    assert lets_in(old)
    assert not lets_in(never_told)
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


def test_registry_and_broker_are_compared_and_what_can_be_mended_is(provision: Provision, capsys: Any) -> None:
    missing, foreign = provision("litein-1"), provision("litein-2")
    MCUDevice.objects.filter(device_id="litein-2").update(revoked_at="2026-11-01T00:00Z")  # by SQL, past our services
    stranger = login("momul-9", "device-momul-9") | {"password": "x"}
    with access.administrator() as admin:
        admin.send([{"command": "createRole", **role_of_device("momul-9")}, {"command": "createClient", **stranger}])
        admin.send([{"command": "deleteClient", "username": "litein-1"}])
        admin.send([{"command": "deleteClient", "username": "carbontrack-ingest-a"}])
        admin.send([{"command": "createClient", "username": "grafana", "password": "y"}])
        admin.send([{"command": "createClient", "password": "z", **login("carbontrack-ingest-left", "ingest")}])

    with pytest.raises(CommandError):
        call_command("sync_broker")
    said = capsys.readouterr().out
    rotate_secret(device_of(missing))
    call_command("sync_broker")

    assert said.splitlines() == [
        "carbontrack-ingest-a: missing at the broker (mended)",
        "carbontrack-ingest-left: not in the registry, or revoked (mended)",
        "litein-1: missing at the broker: rotate its password, or rebuild",
        "litein-2: not in the registry, or revoked (mended)",
        "momul-9: not in the registry, or revoked (mended)",
        "5 differences between registry and broker, 1 left.",
    ]
    assert capsys.readouterr().out == "0 differences between registry and broker, 0 left.\n"
    assert not lets_in(foreign)
    with access.administrator() as admin:
        assert "grafana" in [client["username"] for client in admin.clients()]  # not ours, so it stays


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
    began_s = time.monotonic()
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
    took_s = time.monotonic() - began_s

    assert len(devices) * 2 > BATCH_COUNT
    assert access.compare() == []
    assert lets_in(devices[0])
    assert lets_in(devices[-1])
    assert took_s < TIMEOUT_S


def test_the_administrator_is_refused_without_his_password(mosquitto: Mosquitto, settings: Any) -> None:
    settings.MQTT_ADMIN_URL = mosquitto.admin_url.replace(INGEST_PASSWORD, "wrong")

    with pytest.raises(BrokerUnreachableError, match="check MQTT_ADMIN_URL"), access.administrator():
        pass


def test_an_act_gives_up_within_its_time(settings: Any) -> None:
    settings.MQTT_ADMIN_URL = "mqtt://carbontrack-broker-admin:x@127.0.0.1:1"
    began_s = time.monotonic()

    with pytest.raises(BrokerUnreachableError), DynamicSecurity(access.administrator()._address):
        pass

    assert time.monotonic() - began_s < CUT_WITHIN_S
