"""From one worker to several: the lone worker's session is emptied into the database and ended, on a real Mosquitto."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError

from devices.services import ProvisionedDevice
from emissions.models import Emission
from lib.broker_address import BrokerAddress
from mqtt_ingest import lone_session
from mqtt_ingest.management.commands import ingest_mqtt
from mqtt_ingest.paho_receiver import PahoReceiver
from mqtt_ingest.parts import Parts, Stored
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.store import store_parts
from tests.mosquitto import Mosquitto, publish
from tests.waiting import TIMEOUT_S, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub")]


@contextmanager
def connected_receiver(worker: str = "") -> Iterator[PahoReceiver]:
    address = BrokerAddress.from_url(settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE)
    receiver = PahoReceiver(address, worker=worker)
    receiver.start()
    try:
        wait_until(lambda: receiver.is_connected)
        yield receiver
    finally:
        receiver.close()


def reading(seq: int) -> bytes:
    t = time.time_ns() // 1_000_000
    values = {"seq": seq, "t": t, "co2_ppm": 90_000.0, "temperature_c": 180.0, "velocity_ms": 3.0}
    return json.dumps({"v": 1, "stream": 7, "interval_s": 5, "readings": [values]}).encode()


@pytest.fixture(autouse=True)
def commands_in_threads_stop_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of silence are for brokers far away."""
    monkeypatch.setattr(ingest_mqtt, "IDLE_BEFORE_END_S", 0.5)


def test_what_the_session_kept_is_stored_and_afterwards_it_keeps_nothing(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice]
) -> None:
    device = provision("litein-1")
    with connected_receiver():
        pass  # a lone worker was here, and the broker keeps what comes for it
    for seq in (1, 2, 3):
        publish(device, reading(seq))

    call_command("ingest_mqtt", "--end-session")
    publish(device, reading(4))  # nobody listens, and nobody is to find it

    assert sorted(Emission.objects.values_list("seq", flat=True)) == [1, 2, 3]
    with connected_receiver() as lone:
        publish(device, reading(5))
        assert [json.loads(m.payload)["readings"][0]["seq"] for m in lone.take(TIMEOUT_S)] == [5]


def test_it_ends_though_messages_go_on_to_come_to_workers_with_names(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    device = provision("litein-1")
    with connected_receiver():
        pass
    publish(device, reading(1))
    ended: list[str] = []

    def end_session(address: BrokerAddress) -> None:
        publish(device, reading(2))
        lone_session.end_session(address)
        ended.append(str(address))

    monkeypatch.setattr(ingest_mqtt, "end_session", end_session)
    with connected_receiver("a") as named:
        call_command("ingest_mqtt", "--end-session")
        seen = [json.loads(m.payload)["readings"][0]["seq"] for m in named.take(TIMEOUT_S)]

    assert ended
    assert seen == [2]
    assert list(Emission.objects.values_list("seq", flat=True)) == [1]


def test_a_lone_worker_that_still_runs_is_left_its_session(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mqtt_ingest.paho_receiver.FIRST_RETRY_S", 0.01)  # it takes its session back at once
    monkeypatch.setattr(ingest_mqtt, "IDLE_BEFORE_END_S", 5.0)
    device = provision("litein-1")

    with connected_receiver() as lone:
        with pytest.raises(CommandError, match="Stop the worker that runs without a name"):
            call_command("ingest_mqtt", "--end-session")
        publish(device, reading(1))
        came = lone.take(TIMEOUT_S)

    assert len(came) == 1


def test_with_the_database_gone_the_session_stays_with_all_that_it_kept(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(parts: Parts) -> Stored:
        raise OperationalError("no database")

    device = provision("litein-1")
    with connected_receiver():
        pass
    publish(device, reading(1))
    monkeypatch.setattr(ingest_mqtt, "Pipeline", partial(Pipeline, store_batch=gone))

    with pytest.raises(CommandError, match="the session is not ended"):
        call_command("ingest_mqtt", "--end-session", "--max-seconds", "3")

    with connected_receiver() as lone:
        assert [json.loads(m.payload)["readings"][0]["seq"] for m in lone.take(TIMEOUT_S)] == [1]


def test_a_database_that_comes_back_is_waited_for_before_the_session_ends(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_s = time.monotonic()

    def gone_for_a_while(parts: Parts) -> Stored:
        if time.monotonic() < begun_s + 4 * ingest_mqtt.IDLE_BEFORE_END_S:
            raise OperationalError("no database")
        return store_parts(parts)

    device = provision("litein-1")
    with connected_receiver():
        pass
    publish(device, reading(1))
    begun_s = time.monotonic()
    monkeypatch.setattr(ingest_mqtt, "Pipeline", partial(Pipeline, store_batch=gone_for_a_while))

    call_command("ingest_mqtt", "--end-session")

    assert list(Emission.objects.values_list("seq", flat=True)) == [1]


def test_it_takes_no_name_of_a_worker() -> None:
    with pytest.raises(CommandError, match="leave --worker out"):
        call_command("ingest_mqtt", "--end-session", "--worker", "a")
