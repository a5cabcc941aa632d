"""Several ingest workers on a real Mosquitto with the published files: each has a login and keeps its connection."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from devices.services import ProvisionedDevice
from lib.broker_address import BrokerAddress
from mqtt_ingest import paho_receiver
from mqtt_ingest.management.commands import ingest_mqtt
from mqtt_ingest.paho_receiver import PahoReceiver
from mqtt_ingest.receive import Received
from tests.mosquitto import Mosquitto, publish
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub")]
EVICTED = "already connected, closing old connection"  # words of Mosquitto


@contextmanager
def receiver(worker: str) -> Iterator[PahoReceiver]:
    one = PahoReceiver(BrokerAddress.from_url(settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE), worker=worker)
    one.start()
    try:
        wait_until(lambda: one.is_connected)
        yield one
    finally:
        one.close()


def test_workers_beside_a_lone_one_never_end_each_others_connection(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paho_receiver, "FIRST_RETRY_S", 0.01)  # an evicted one would come back at once, and evict
    device = provision("litein-1")

    with ExitStack() as stack:
        lone, a, b = (stack.enter_context(receiver(worker)) for worker in ("", "a", "b"))
        time.sleep(1.0)
        for number in range(20):
            publish(device, b"%d" % number)
        came = [{int(m.payload) for m in _all(one)} for one in (lone, a, b)]
        connections = [one._connection for one in (lone, a, b)]

    assert connections == [1, 1, 1]
    assert broker.count_said(EVICTED) == 0
    assert came[0] == set(range(20))
    assert came[1] | came[2] == set(range(20))
    assert not came[1] & came[2]


def _all(one: PahoReceiver) -> list[Received]:
    taken: list[Received] = []
    while more := one.take(0.5):
        taken += more
    return taken


def test_the_lone_session_ends_while_workers_with_names_run(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_mqtt, "IDLE_BEFORE_END_S", 0.5)
    device = provision("litein-1")
    with receiver(""):
        pass
    with receiver("a") as a, receiver("b") as b:
        call_command("ingest_mqtt", "--end-session")
        publish(device, json.dumps({"v": 1}).encode())
        came = a.take(1.0) + b.take(1.0)
        connections = [a._connection, b._connection]

    assert connections == [1, 1]
    assert len(came) == 1
    assert broker.count_said(EVICTED) == 0


def test_a_worker_without_a_login_is_told_where_to_name_it() -> None:
    with pytest.raises(CommandError, match="--worker='c' is not in INGEST_WORKERS: add it there, run sync_broker"):
        call_command("ingest_mqtt", "--worker", "c")
