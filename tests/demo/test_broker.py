"""The demo broker over real TLS: who gets in, what passes, and that nobody can disturb another's session."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from demo.broker import LOGIN_CHECK_S
from demo.mqtt_packets import MESSAGE_LIMIT_BYTES
from devices.credentials import INGEST_USER
from tests.demo.raw_mqtt import is_cut, packet, raw_login
from tests.demo.running_broker import INGEST_PASSWORD, Client, RunningBroker, running_broker
from tests.waiting import TIMEOUT_S

ACCEPTED, SERVER_UNAVAILABLE, NOT_AUTHORIZED = 0, 0x88, 0x87  # paho shows 3.1.1 codes as their 5.0 kin
ALL_TOPICS = "carbontrack/v1/#"


@pytest.fixture(scope="module")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    with running_broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def broker(shared_broker: RunningBroker) -> RunningBroker:
    shared_broker.passwords = {"chimney-1": "right-1", "chimney-2": "right-2"}
    shared_broker.database_is_down = False
    return shared_broker


@pytest.fixture
def connect(broker: RunningBroker) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def connected(username: str, password: str, keepalive_s: int = 60, **options: object) -> Client:
        client = Client(broker, username, password, **options)
        clients.append(client)
        assert client.connect(keepalive_s) == ACCEPTED
        return client

    yield connected
    for client in clients:
        client.close()


@pytest.fixture
def ingest(connect: Callable[..., Client]) -> Client:
    """Our own subscriber, in a session without a past."""
    client = connect(INGEST_USER, INGEST_PASSWORD)
    assert client.subscribe(ALL_TOPICS) == [1]
    return client


def refusal(broker: RunningBroker, username: str, password: str, **options: object) -> int:
    client = Client(broker, username, password, **options)
    code = client.connect()
    client.close()
    return code


@pytest.mark.needs("mosquitto_pub")
@pytest.mark.parametrize(
    ("password", "topic", "exit_code", "arrives"),
    [
        ("right-1", "carbontrack/v1/chimney-1/readings", 0, True),
        ("wrong", "carbontrack/v1/chimney-1/readings", 5, False),
        ("right-1", "carbontrack/v1/chimney-2/readings", 0, False),  # MQTT 3.1.1 cannot say no to a message
    ],
)
def test_mosquitto_pub_gets_what_the_contract_says(
    broker: RunningBroker, ingest: Client, password: str, topic: str, exit_code: int, arrives: bool
) -> None:
    command = ["mosquitto_pub", "--cafile", str(broker.certificates.ca_file), "-h", "localhost"]
    command += ["-p", str(broker.port), "-i", "chimney-1", "-u", "chimney-1", "-q", "1"]

    done = subprocess.run([*command, "-P", password, "-t", topic, "-m", "first"], check=False, timeout=TIMEOUT_S)
    own_topic = "carbontrack/v1/chimney-1/readings"
    subprocess.run([*command, "-P", "right-1", "-t", own_topic, "-m", "last"], check=True, timeout=TIMEOUT_S)

    assert done.returncode == exit_code
    assert ingest.next_payload() == (b"first" if arrives else b"last")


def test_a_device_gets_in_as_soon_as_it_exists_and_not_after_it_is_revoked(broker: RunningBroker) -> None:
    assert refusal(broker, "chimney-3", "new") == NOT_AUTHORIZED

    broker.passwords["chimney-3"] = "new"
    assert refusal(broker, "chimney-3", "new") == ACCEPTED

    del broker.passwords["chimney-3"]
    assert refusal(broker, "chimney-3", "new") == NOT_AUTHORIZED


def test_while_the_database_is_down_a_device_is_asked_to_retry(broker: RunningBroker) -> None:
    broker.database_is_down = True

    assert refusal(broker, "chimney-1", "right-1") == SERVER_UNAVAILABLE


def test_a_stranger_cannot_end_a_connection_by_using_its_name(broker: RunningBroker, ingest: Client) -> None:
    for password, client_id in (("wrong", INGEST_USER), ("wrong", f"{INGEST_USER}-2")):
        assert refusal(broker, INGEST_USER, password, client_id=client_id) == NOT_AUTHORIZED
    assert refusal(broker, "chimney-1", "right-1", client_id=INGEST_USER) == NOT_AUTHORIZED

    device = Client(broker, "chimney-1", "right-1")
    assert device.connect() == ACCEPTED
    device.publish("carbontrack/v1/chimney-1/readings", "still here")
    device.close()

    assert ingest.next_payload() == b"still here"
    assert not ingest.disconnected.is_set()


def test_a_device_hears_only_its_own_topics(connect: Callable[..., Client], ingest: Client) -> None:
    device = connect("chimney-2", "right-2")

    assert device.subscribe(ALL_TOPICS) == [0x80]
    assert device.subscribe("carbontrack/v1/chimney-1/committed") == [0x80]
    assert device.subscribe("carbontrack/v1/chimney-2/committed") == [1]

    ingest.publish("carbontrack/v1/chimney-1/committed", "not yours")
    ingest.publish("carbontrack/v1/chimney-2/committed", "yours")
    assert device.next_payload() == b"yours"


def test_a_session_gets_what_came_while_it_was_away_once(connect: Callable[..., Client]) -> None:
    away = connect("chimney-1", "right-1", clean_session=False)
    away.subscribe("carbontrack/v1/chimney-1/committed")
    away.close()
    ingest = connect(INGEST_USER, INGEST_PASSWORD)
    for number in range(3):
        ingest.publish("carbontrack/v1/chimney-1/committed", f"{number}")

    back = connect("chimney-1", "right-1", clean_session=False)
    ingest.publish("carbontrack/v1/chimney-1/committed", "live")

    assert sorted(back.next_payload() for _ in range(4)) == [b"0", b"1", b"2", b"live"]
    assert back.received.empty()


def test_what_a_subscriber_did_not_acknowledge_comes_again(connect: Callable[..., Client]) -> None:
    subscriber = connect(INGEST_USER, INGEST_PASSWORD, clean_session=False, manual_ack=True)
    subscriber.subscribe(ALL_TOPICS)
    device = connect("chimney-1", "right-1")
    device.publish("carbontrack/v1/chimney-1/readings", "important")
    assert subscriber.next_payload() == b"important"
    subscriber.vanish()

    again = connect(INGEST_USER, INGEST_PASSWORD, clean_session=False)

    assert again.next_payload() == b"important"


def test_a_subscriber_that_stores_nothing_for_long_gets_each_message_once(connect: Callable[..., Client]) -> None:
    """amqtt gives up after 5 s: during a minute of a full disk ingest got each message twelve times."""
    slow = connect(INGEST_USER, INGEST_PASSWORD, clean_session=False, manual_ack=True)
    slow.subscribe(ALL_TOPICS)
    connect("chimney-1", "right-1").publish("carbontrack/v1/chimney-1/readings", "once")
    assert slow.next_payload() == b"once"

    time.sleep(6.0)
    connect("chimney-2", "right-2").publish("carbontrack/v1/chimney-2/readings", "later")

    assert slow.next_payload() == b"later"
    assert slow.received.empty()


def test_a_second_connection_takes_over_and_is_not_ended_by_the_first(
    connect: Callable[..., Client], ingest: Client
) -> None:
    first = connect("chimney-1", "right-1", clean_session=False)
    first.subscribe("carbontrack/v1/chimney-1/committed")

    second = connect("chimney-1", "right-1", clean_session=False)

    assert first.disconnected.wait(TIMEOUT_S)
    ingest.publish("carbontrack/v1/chimney-1/committed", "for the second")
    assert second.next_payload() == b"for the second"


def test_a_newcomer_is_not_sent_what_others_retained(connect: Callable[..., Client], ingest: Client) -> None:
    other = connect("chimney-1", "right-1")
    other.publish("carbontrack/v1/chimney-1/status", "of chimney-1", retain=True)
    assert ingest.next_payload() == b"of chimney-1"
    device = connect("chimney-2", "right-2")
    device.subscribe("carbontrack/v1/chimney-2/committed")

    ingest.publish("carbontrack/v1/chimney-2/committed", "first thing it hears")

    assert device.next_payload() == b"first thing it hears"
    other.publish("carbontrack/v1/chimney-1/status", "", retain=True)  # forget it


def test_the_last_will_is_sent_if_it_is_for_an_own_topic(
    broker: RunningBroker, connect: Callable[..., Client], ingest: Client
) -> None:
    for topic in ("carbontrack/v1/chimney-1/status", "carbontrack/v1/chimney-2/status"):
        device = Client(broker, "chimney-2", "right-2")
        device.paho.will_set(topic, f"will for {topic}", qos=1)
        assert device.connect() == ACCEPTED
        device.vanish()

    assert ingest.next_payload() == b"will for carbontrack/v1/chimney-2/status"


def test_a_message_above_the_limit_ends_the_connection_and_nothing_else(
    connect: Callable[..., Client], ingest: Client
) -> None:
    connect("chimney-2", "right-2").publish("carbontrack/v1/chimney-2/readings", b"x" * 1_900_000)
    assert len(ingest.next_payload()) == 1_900_000
    device = connect("chimney-1", "right-1")

    device.paho.publish("carbontrack/v1/chimney-1/readings", b"x" * (MESSAGE_LIMIT_BYTES + 1), qos=1)

    assert device.disconnected.wait(TIMEOUT_S)
    connect("chimney-2", "right-2").publish("carbontrack/v1/chimney-2/readings", "next")
    assert ingest.next_payload() == b"next"


@pytest.mark.parametrize("first_bytes", [b"GET / HTTP/1.1\r\n\r\n", b"\x10\x05\x00\x04MQ", b"\xff" * 40, b""])
def test_garbage_instead_of_a_login_harms_nobody(
    broker: RunningBroker, connect: Callable[..., Client], first_bytes: bytes
) -> None:
    trusting = ssl.create_default_context(cafile=broker.certificates.ca_file)
    with (
        socket.create_connection(("127.0.0.1", broker.port), TIMEOUT_S) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as stranger,
    ):
        stranger.sendall(first_bytes)

    device = connect("chimney-1", "right-1")
    assert device.subscribe("carbontrack/v1/chimney-1/commands") == [1]


def test_a_client_without_tls_is_not_served(broker: RunningBroker) -> None:
    with socket.create_connection(("127.0.0.1", broker.port), TIMEOUT_S) as plain:
        plain.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04abcd")

        try:
            answer = plain.recv(100)
        except ConnectionResetError:
            answer = b""

    assert not answer.startswith(b"\x20")  # CONNACK


def test_a_device_that_falls_silent_is_given_up_after_its_keep_alive(broker: RunningBroker, ingest: Client) -> None:
    with raw_login(broker, "chimney-1", keep_alive_s=1, will="gone"):
        assert ingest.next_payload() == b"gone"


@pytest.mark.parametrize("after", [{"chimney-1": "rotated"}, {}], ids=["rotated", "revoked"])
def test_an_open_connection_ends_within_5_s_when_its_password_does(
    broker: RunningBroker, ingest: Client, after: dict[str, str]
) -> None:
    assert LOGIN_CHECK_S <= 2.5  # at most one interval, and half of the 5 s for the answer
    with raw_login(broker, "chimney-1", will="gone") as device, raw_login(broker, "chimney-2") as neighbour:
        broker.passwords = after | {"chimney-2": "right-2"}

        assert is_cut(device)

        assert ingest.next_payload() == b"gone"  # its last will: the server marks it offline
        neighbour.sendall(packet(0xC0))
        assert neighbour.recv(2) == b"\xd0\x00"
    assert refusal(broker, "chimney-1", "right-1") == NOT_AUTHORIZED


def test_while_the_database_is_down_nobody_is_cut_off(broker: RunningBroker) -> None:
    with raw_login(broker, "chimney-1") as device:
        broker.passwords, broker.database_is_down = {}, True
        while broker.rechecks.acquire(blocking=False):
            pass

        for _ in range(3):  # one may have begun before; when the next begins, the one before has had its effect
            assert broker.rechecks.acquire(timeout=TIMEOUT_S)

        device.sendall(packet(0xC0))
        assert device.recv(2) == b"\xd0\x00"
