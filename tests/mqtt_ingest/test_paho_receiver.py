"""The paho receiver against a real Mosquitto: acknowledging, back-pressure, reconnecting."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from django.conf import settings

from devices.services import ProvisionedDevice
from lib.broker_address import BrokerAddress
from mqtt_ingest import paho_receiver
from mqtt_ingest.duplex_socket import READ_BYTES
from mqtt_ingest.paho_receiver import PahoReceiver
from mqtt_ingest.receive import BoundedQueue, Received
from tests.mosquitto import Mosquitto, Watcher, client_arguments, publish
from tests.waiting import TIMEOUT_S, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub", "mosquitto_sub")]


@contextmanager
def receiver(queue: BoundedQueue | None = None) -> Iterator[PahoReceiver]:
    address = BrokerAddress.from_url(settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE)
    receiver = PahoReceiver(address, queue)
    receiver.start()
    try:
        wait_until(lambda: receiver.is_connected)
        yield receiver
    finally:
        receiver.close()


def take(receiver: PahoReceiver, count: int) -> list[Received]:
    taken: list[Received] = []
    while len(taken) < count:
        more = receiver.take(TIMEOUT_S)
        assert more, f"{len(taken)} of {count} messages came"
        taken += more
    return taken


def publish_many(device: ProvisionedDevice, payloads: list[bytes]) -> "subprocess.Popen[bytes]":
    arguments = ["mosquitto_pub", *client_arguments(device), "-q", "1", "-t", device.topics["readings"], "-l"]
    publisher = subprocess.Popen(arguments, stdin=subprocess.PIPE)
    assert publisher.stdin
    publisher.stdin.write(b"\n".join(payloads))
    publisher.stdin.close()
    return publisher


def test_what_is_not_acknowledged_comes_again_to_the_next_connection(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice]
) -> None:
    device = provision("litein-1")
    with receiver() as first:
        for payload in (b"1", b"2", b"3"):
            publish(device, payload)
        one, _, three = take(first, 3)
        first.acknowledge([one, three])

    with receiver() as second:
        again = take(second, 2)
        publish(device, b"4")
        last = take(second, 1)

    # MQTT wants acknowledgements in order: that of "3" waited for "2", and is void with the connection.
    assert [message.payload for message in again + last] == [b"2", b"3", b"4"]


def test_an_acknowledgement_of_an_older_connection_is_void(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paho_receiver, "FIRST_RETRY_S", 0.01)
    device = provision("litein-1")

    with receiver() as one:
        publish(device, b"old")
        (old,) = take(one, 1)
        broker.kill()
        wait_until(lambda: not one.is_connected)
        broker.start()
        wait_until(lambda: one.is_connected)
        publish(device, b"new")
        (new,) = take(one, 1)
        # Without a count of connections this would acknowledge "new": the broker restarts the packet numbers.
        one.acknowledge([old])
    with receiver() as two:
        again = take(two, 1)

    assert (old.packet_id, new.payload) == (new.packet_id, b"new")
    assert [message.payload for message in again] == [b"new"]


def test_a_full_queue_stops_reading_and_nothing_is_lost(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice]
) -> None:
    device = provision("litein-1")
    queue = BoundedQueue(limit_count=100)
    count = 1_000

    with receiver(queue) as one:
        publisher = publish_many(device, [b"%05d" % number + b"x" * 10_000 for number in range(count)])
        wait_until(lambda: one._was_full)
        assert publisher.wait(TIMEOUT_S) == 0
        depth = len(queue)
        taken = take(one, count)

    assert 100 <= depth < 100 + 2 * READ_BYTES / 10_000
    assert [int(message.payload[:5]) for message in taken] == list(range(count))


def test_what_we_publish_reaches_a_device_even_when_we_close_at_once(
    broker: Mosquitto, provision: Callable[[str], ProvisionedDevice]
) -> None:
    device = provision("litein-1")
    watcher = Watcher(device, device.topics["committed"])

    with receiver() as one:
        for number in range(50):
            one.publish(device.topics["committed"], b'{"n":%d}' % number)

    heard = [watcher.next_message().strip() for _ in range(50)]
    watcher.close()
    assert heard == [f'{{"n":{number}}}' for number in range(50)]


def test_a_wrong_password_is_logged_once_with_the_remedy(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paho_receiver, "FIRST_RETRY_S", 0.01)
    url = settings.MQTT_BROKER_URL.replace("-of-the-tests", "-of-others")
    attempts: list[float] = []
    one = PahoReceiver(BrokerAddress.from_url(url, settings.MQTT_CA_FILE))
    connect = one._client.connect
    monkeypatch.setattr(
        one._client, "connect", lambda *args, **options: (attempts.append(1), connect(*args, **options))
    )

    one.start()
    wait_until(lambda: len(attempts) >= 3)
    one.close()

    words = [record.getMessage() for record in caplog.records if record.name == "mqtt_ingest.paho_receiver"]
    assert len(words) == 1
    assert "refuses the login of 'carbontrack-ingest'" in words[0]
    assert "MQTT_BROKER_URL" in words[0]


def test_a_broker_with_a_certificate_of_others_is_not_trusted(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    one = PahoReceiver(BrokerAddress.from_url(settings.MQTT_BROKER_URL))  # the system's authorities

    one.start()
    wait_until(lambda: any("certificate" in record.getMessage() for record in caplog.records))
    one.close()

    assert not one.is_connected


def test_a_broker_that_breaks_the_protocol_is_left_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paho_receiver, "FIRST_RETRY_S", 0.01)
    broken = b"\x32\xff\xff\xff\xff\x01"  # a message with a length of five bytes
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT_S)
        one = PahoReceiver(BrokerAddress.from_url(f"mqtt://127.0.0.1:{listener.getsockname()[1]}"))
        one.start()

        for _ in range(2):
            connection, _address = listener.accept()
            with connection:
                connection.settimeout(TIMEOUT_S)
                assert connection.recv(1_000)[0] == 0x10  # CONNECT
                connection.sendall(b"\x20\x02\x00\x00" + broken)
                while connection.recv(1_000):
                    pass  # until it hangs up

    one.close()
    assert one.take(0.0) == []


def test_a_broker_that_sends_is_alive_though_its_answer_to_a_ping_comes_after_its_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paho_receiver, "KEEP_ALIVE_S", 1)
    message = b"\x32\x06\x00\x01a\x00\x01x"
    pings = 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = PahoReceiver(BrokerAddress.from_url(f"mqtt://127.0.0.1:{listener.getsockname()[1]}"))
        ours.start()
        try:
            listener.settimeout(TIMEOUT_S)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(0.1)
                connection.recv(1024)
                connection.sendall(b"\x20\x02\x00\x00")  # CONNACK
                subscribe = connection.recv(1024)
                connection.sendall(b"\x90\x06" + subscribe[2:4] + b"\x01\x01\x01\x01")  # SUBACK, four topics
                wait_until(lambda: ours.is_connected)
                ends_at_s = time.monotonic() + 10 * paho_receiver.KEEP_ALIVE_S
                while pings < 3 and time.monotonic() < ends_at_s:
                    connection.sendall(message)
                    with suppress(TimeoutError):
                        pings += connection.recv(1024).count(b"\xc0\x00")
                assert ours.is_connected
        finally:
            ours.close()
    assert pings == 3
