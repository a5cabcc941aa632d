"""Hostile clients of the demo broker: it cuts them off without a traceback, and its memory stays bounded."""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable, Iterator

import psutil
import pytest
from amqtt.session import ApplicationMessage

from demo import broker_limits
from demo.broker_limits import (
    DEVICE_WAITING_LIMIT_BYTES,
    RETAINED_LIMIT_BYTES,
    RETAINED_LIMIT_COUNT,
    RetainedLedger,
    Waiting,
)
from devices.credentials import INGEST_USER
from tests.demo.raw_mqtt import connect_packet, field, is_cut, packet, raw_connection, raw_login
from tests.demo.running_broker import INGEST_PASSWORD, Client, RunningBroker, running_broker

OWN_TOPIC = "carbontrack/v1/chimney-1/readings"
PUBLISH_QOS_3 = packet(0x36, field(OWN_TOPIC) + b"\x00\x01x")
# Under hostile traffic the broker held 20 MB more in a trial; the test allows what another machine may add.
GROWTH_LIMIT_BYTES = 200 * 1024 * 1024


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture) -> Iterator[RunningBroker]:
    with running_broker(tmp_path_factory.mktemp("broker")) as running:
        running.passwords = {"chimney-1": "right-1", "chimney-2": "right-2"}
        yield running
    # After its end: asyncio reports lost tasks when they are collected.
    assert [record.getMessage() for record in caplog.records if record.exc_info or record.name == "asyncio"] == []


@pytest.fixture
def connect(broker: RunningBroker) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def connected(username: str, password: str, **options: object) -> Client:
        client = Client(broker, username, password, **options)
        clients.append(client)
        assert client.connect() == 0
        return client

    yield connected
    for client in clients:
        client.close()


# --- Malformed packets -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "malformed",
    [
        PUBLISH_QOS_3,
        packet(0x34, field(OWN_TOPIC) + b"\x00\x01x"),
        packet(0x32, field(OWN_TOPIC) + b"\x00\x00x"),
        packet(0x82, b"\x00\x01"),
        packet(0x62, b"\x00\x01"),
        packet(0x20, b"\x00\x00"),
        b"\x30\xff\xff\xff\xff\x7f",
        b"\xc0\x80\x80\x80\x80\x00",
        connect_packet("chimney-1", "right-1"),
    ],
    ids=[
        "QoS 3",
        "QoS 2",
        "packet id 0",
        "no topic",
        "PUBREL",
        "CONNACK",
        "endless length",
        "5 bytes of length",
        "second CONNECT",
    ],
)
def test_a_malformed_packet_ends_its_connection_and_leaves_no_traceback(
    broker: RunningBroker, malformed: bytes
) -> None:
    with raw_login(broker, "chimney-1") as device:
        device.sendall(malformed)

        assert is_cut(device)


def test_hostile_bytes_leave_no_traceback_and_no_memory(
    broker: RunningBroker, connect: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "demo.broker_sessions")
    dice = random.Random(11)
    before_bytes = psutil.Process().memory_info().rss

    for _ in range(80):
        with raw_login(broker, "chimney-1") if dice.random() < 0.7 else raw_connection(broker) as stranger:
            try:
                for _ in range(dice.randint(1, 5)):
                    stranger.sendall(hostile_bytes(dice))
            except (OSError, ssl.SSLError):
                pass  # cut off already

    assert psutil.Process().memory_info().rss - before_bytes < GROWTH_LIMIT_BYTES
    device = connect("chimney-2", "right-2")
    assert device.subscribe("carbontrack/v1/chimney-2/commands") == [1]


def hostile_bytes(dice: random.Random) -> bytes:
    """A packet of ours with some bytes changed, cut or doubled; or anything."""
    good = [
        packet(0x32, field(OWN_TOPIC) + b"\x00\x01" + bytes(dice.randrange(200))),
        packet(0x31, field(OWN_TOPIC) + dice.randbytes(20)),
        packet(0x82, b"\x00\x01" + field("carbontrack/v1/chimney-1/#") + b"\x01"),
        packet(0xA2, b"\x00\x01" + field("carbontrack/v1/chimney-1/#")),
        packet(0x40, b"\x00\x07"),
        packet(0xC0) * 50,
        connect_packet("chimney-1", "right-1", will="x"),
        dice.randbytes(60),
    ]
    changed = bytearray(dice.choice(good))
    for _ in range(dice.randrange(4)):
        at = dice.randrange(len(changed))
        changed[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
        changed = changed or bytearray(b"\x00")
    return bytes(changed)


# --- Retained messages -------------------------------------------------------------------------
def test_a_device_can_retain_only_so_much(connect: Callable[..., Client]) -> None:
    device = connect("chimney-1", "right-1")
    for number in range(RETAINED_LIMIT_COUNT + 5):
        device.publish(f"carbontrack/v1/chimney-1/{number}", "kept", retain=True)
    device.publish("carbontrack/v1/chimney-1/0", "x" * RETAINED_LIMIT_BYTES, retain=True)
    other = connect("chimney-2", "right-2")
    other.publish("carbontrack/v1/chimney-2/status", "of another", retain=True)

    late = connect(INGEST_USER, INGEST_PASSWORD)
    late.subscribe("carbontrack/v1/#")
    late.publish("carbontrack/v1/last", "all")
    kept = list(iter(late.next_payload, b"all"))

    assert sorted(kept) == [b"kept"] * RETAINED_LIMIT_COUNT + [b"of another"]


def test_an_empty_message_makes_room_for_another() -> None:
    ledger = RetainedLedger()
    for number in range(RETAINED_LIMIT_COUNT):
        assert ledger.may_retain(f"carbontrack/v1/a/{number}", b"x")
    assert not ledger.may_retain("carbontrack/v1/a/more", b"x")

    assert ledger.may_retain("carbontrack/v1/a/0", b"")

    assert ledger.may_retain("carbontrack/v1/a/more", b"x")
    assert ledger.may_retain("carbontrack/v1/a/1", b"another")  # in the place of the one before


def test_all_devices_together_can_retain_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    # 7 octets of the topic and 93 of the message: 10 devices take 1,000.
    monkeypatch.setattr(broker_limits, "ALL_RETAINED_LIMIT_BYTES", 1_000)
    ledger = RetainedLedger()

    answers = [ledger.may_retain(f"c/v/d{number:02}/", b"x" * 92) for number in range(11)]

    assert answers == [True] * 10 + [False]


# --- What waits for a client -------------------------------------------------------------------
def test_what_waits_for_an_absent_client_is_bounded(
    connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Three messages of 1,000 bytes fit: 3 * (1,000 + 1,500) = 7,500.
    monkeypatch.setattr(broker_limits, "WAITING_LIMIT_BYTES", 7_500)
    away = connect(INGEST_USER, INGEST_PASSWORD, clean_session=False)
    away.subscribe("carbontrack/v1/#")
    away.close()
    device = connect("chimney-1", "right-1")
    for number in range(5):
        device.publish(OWN_TOPIC, f"{number}".ljust(1_000))

    back = connect(INGEST_USER, INGEST_PASSWORD, clean_session=False)

    assert [back.next_payload().strip() for _ in range(3)] == [b"0", b"1", b"2"]
    device.publish(OWN_TOPIC, "live")
    assert back.next_payload() == b"live"
    assert f"{INGEST_USER} acknowledges too little: messages for it are dropped" in caplog.text


def test_what_is_taken_from_the_queue_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_limits, "WAITING_LIMIT_BYTES", 2_000)

    async def put_and_take() -> tuple[int, int]:
        waiting = Waiting(INGEST_USER)
        for _ in range(3):
            await waiting.put(ApplicationMessage(None, "a", 1, b"x" * 500, False))
            waiting.get_nowait()
        return waiting.held_bytes, waiting.dropped_count

    assert asyncio.run(put_and_take()) == (0, 0)


def test_less_may_wait_for_a_device_than_for_ingest() -> None:
    full = bytes(DEVICE_WAITING_LIMIT_BYTES)

    assert Waiting("chimney-1").has_room(b"x")
    assert not Waiting("chimney-1").has_room(full)
    assert Waiting(INGEST_USER).has_room(full)
    assert Waiting(f"{INGEST_USER}-a").has_room(full)


def test_a_client_subscribes_to_so_many_filters_and_gets_room_back(connect: Callable[..., Client]) -> None:
    device = connect("chimney-1", "right-1")
    filters = [f"carbontrack/v1/chimney-1/{number}" for number in range(21)]

    answers = [device.subscribe(topic_filter) for topic_filter in filters]
    device.paho.unsubscribe(filters[0])

    assert answers == [[1]] * 20 + [[0x80]]
    assert device.subscribe(filters[20]) == [1]


def test_a_client_that_floods_and_reads_nothing_is_read_no_further(broker: RunningBroker) -> None:
    """Its answers fill its socket; then the broker takes no more of its packets."""
    before_bytes = psutil.Process().memory_info().rss

    with raw_login(broker, "chimney-1") as device:
        device.settimeout(2.0)  # the broker stops reading: no event says so
        with pytest.raises(TimeoutError):
            device.sendall(packet(0xC0) * 20_000_000)

    assert psutil.Process().memory_info().rss - before_bytes < GROWTH_LIMIT_BYTES


def test_a_connection_that_acknowledges_nothing_does_not_keep_its_device_out(
    broker: RunningBroker, connect: Callable[..., Client]
) -> None:
    """amqtt waits 5 s for the acknowledgement of each retained message of a subscription: 20 of them are 100 s."""
    topic = "carbontrack/v1/chimney-1/status"
    with raw_login(broker, "chimney-1") as silent:
        silent.sendall(packet(0x33, field(topic) + b"\x00\x01kept"))
        heard = silent.recv(4)
        silent.sendall(packet(0x82, b"\x00\x02" + (field(topic) + b"\x01") * 20))
        while b"kept" not in heard:
            heard += silent.recv(4096)

        broker.passwords["chimney-1"] = "rotated"

        connect("chimney-1", "rotated")
        assert is_cut(silent)
