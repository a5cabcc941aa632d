"""What logins may at a Mosquitto with the plugin, and how registry and broker are compared."""

import json
import subprocess
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from devices import broker as access
from devices import dynsec
from devices.access import rotate_secret
from devices.broker import broker_state
from devices.choices import BrokerState
from devices.dynsec import BrokerUnreachableError, DynamicSecurity, login, role_of_device, role_of_ingest
from devices.models import MCUDevice
from devices.services import ProvisionedDevice
from tests.devices.dynsec_broker import Provision, device_of, lets_in
from tests.mosquitto import INGEST_PASSWORD, Mosquitto, Watcher, client_arguments, publish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub", "mosquitto_sub")]


def test_a_device_named_like_a_login_of_somebody_else_takes_over_none_of_its_rights(provision: Provision) -> None:
    with access.administrator() as admin:
        admin.send(
            [{"command": "createClient", "username": "grafana", "password": "x", "roles": [{"rolename": "ingest"}]}]
        )

    device = provision("grafana")

    asked = ["mosquitto_sub", *client_arguments(device), "-t", "carbontrack/v1/#", "-W", "2"]
    assert "denied" in subprocess.run(asked, capture_output=True, text=True, check=False).stderr
    assert lets_in(device)
    assert access.compare() == []


def test_a_device_reaches_only_its_own_topics_and_only_under_its_own_client_id(provision: Provision) -> None:
    one, other = provision("litein-1"), provision("litein-2")
    foreign = ["mosquitto_pub", *client_arguments(one, client_id="litein-2"), "-t", one.topics["readings"], "-m", "{}"]
    filters = [other.topics["readings"], "carbontrack/v1/#", "#", "$SYS/#", "$CONTROL/#", "$share/g/carbontrack/v1/#"]
    filters += ["carbontrack/v1/+/readings", "+/+/litein-2/#", "$share/g/carbontrack/v1/litein-2/#", "$share/g/$SYS/#"]
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


def test_rights_that_somebody_widened_are_named_and_taken_back(provision: Provision, capsys: Any) -> None:
    device, other = provision("litein-1"), provision("litein-2")
    wide = role_of_device("litein-1") | {"acls": role_of_ingest("g")["acls"]}
    allowed = [{"acltype": "publishClientReceive", "allow": True}]
    with access.administrator() as admin:
        admin.send([{"command": "modifyRole", **wide}, {"command": "setDefaultACLAccess", "acls": allowed}])

    with pytest.raises(CommandError):
        call_command("sync_broker", dry_run=True)
    looked = capsys.readouterr().out
    call_command("sync_broker")
    mended = capsys.readouterr().out
    call_command("sync_broker")

    assert looked.splitlines() == [
        "every login: allowed what no role of it allows",
        "litein-1: with other rights than ours",
        "2 differences between registry and broker, 2 left.",
    ]
    assert mended.splitlines()[-1] == "2 differences between registry and broker, 0 left."
    assert capsys.readouterr().out == "0 differences between registry and broker, 0 left.\n"
    asked = ["mosquitto_sub", *client_arguments(device), "-t", other.topics["readings"], "-W", "2"]
    assert "denied" in subprocess.run(asked, capture_output=True, text=True, check=False).stderr


def test_a_device_that_is_registered_while_logins_are_compared_keeps_its_login(
    provision: Provision, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = DynamicSecurity.clients
    late: list[ProvisionedDevice] = []

    def before(admin: DynamicSecurity) -> Any:
        late.append(provision("litein-1"))
        return known(admin)

    def after(admin: DynamicSecurity) -> Any:
        there = list(known(admin))
        late.append(provision("litein-2"))
        return there

    for clients in (before, after):
        monkeypatch.setattr(DynamicSecurity, "clients", clients)
        assert access.compare() == []

    assert [lets_in(device) for device in late] == [True, True]
    assert [broker_state(device_of(device)) for device in late] == [BrokerState.IN_FORCE, BrokerState.IN_FORCE]


def test_a_will_reaches_only_topics_of_its_own_device(provision: Provision) -> None:
    one, other = provision("litein-1"), provision("litein-2")
    order = '{"commands":[{"command":"deleteClient","username":"litein-2"}]}'
    wills = [(one.topics["status"], "{}"), (other.topics["status"], '{"from":1}'), (dynsec.COMMANDS_TOPIC, order)]
    heard = Watcher(one, "carbontrack/v1/+/status")
    for topic, payload in wills:
        will = ["--will-topic", topic, "--will-payload", payload, "--will-retain", "--will-qos", "1"]
        command = ["stdbuf", "-oL", "mosquitto_sub", "-d", *client_arguments(one), "-t", one.topics["commands"], *will]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout
            while not client.stdout.readline().startswith("Subscribed"):
                pass
            client.kill()

    assert lets_in(other)
    publish(other, b'{"from":2}', topic=other.topics["status"])
    assert [json.loads(heard.next_message()), json.loads(heard.next_message())] == [{}, {"from": 2}]
    heard.close()


def test_the_administrator_is_refused_without_his_password(mosquitto: Mosquitto, settings: Any) -> None:
    settings.MQTT_ADMIN_URL = mosquitto.admin_url.replace(INGEST_PASSWORD, "wrong")

    with pytest.raises(BrokerUnreachableError, match="check MQTT_ADMIN_URL"), access.administrator():
        pass


def test_a_command_that_found_nothing_to_change_is_no_success(mosquitto: Mosquitto) -> None:
    with access.administrator() as admin:
        for command in (
            {"command": "setClientPassword", "username": "litein-1", "password": "x"},
            {"command": "createClient", "password": "x", **login("litein-1", "device-litein-1")},  # no such role
        ):
            with pytest.raises(BrokerUnreachableError, match="not found"):
                admin.send([command])
        admin.send([{"command": "deleteClient", "username": "litein-1"}])  # done already


@pytest.mark.parametrize("authority", ["system", "missing"])
def test_the_administrator_trusts_only_the_named_authority(mosquitto: Mosquitto, settings: Any, authority: str) -> None:
    settings.MQTT_CA_FILE = "" if authority == "system" else str(mosquitto.folder / "none.pem")

    with pytest.raises(BrokerUnreachableError, match=r"certificate|MQTT_CA_FILE"), access.administrator():
        pass
