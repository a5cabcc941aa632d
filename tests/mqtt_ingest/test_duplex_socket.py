"""The socket under paho: what comes is cut into packets wherever it was split, and what goes out keeps its order."""

import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.certificates import ensure_certificates
from mqtt_ingest.duplex_socket import DuplexSocket, Published

PINGRESP = b"\xd0\x00"


def length_bytes(length: int) -> bytes:
    """MQTT's variable length: seven bits a byte, lowest first."""
    out = bytearray()
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*out, length])


def publish(topic: bytes, payload: bytes, packet_id: int | None = 1, *, is_retained: bool = False) -> bytes:
    head = 0x30 | (0x02 if packet_id is not None else 0) | is_retained
    name = b"" if packet_id is None else packet_id.to_bytes(2, "big")
    body = len(topic).to_bytes(2, "big") + topic + name + payload
    return bytes([head]) + length_bytes(len(body)) + body


@pytest.fixture
def ends() -> Iterator[tuple[DuplexSocket, socket.socket]]:
    """Ours, and the broker's."""
    ours, broker = socket.socketpair()
    ours.setblocking(False)
    with ours, broker:
        yield DuplexSocket(ours), broker


def everything(duplex: DuplexSocket) -> tuple[list[Published], bytes]:
    """What can be had now: the messages, and what paho reads between them."""
    messages, for_paho = [], b""
    while True:
        messages += duplex.next_messages()
        if not duplex.has_for_paho:
            return messages, for_paho
        for_paho += duplex.recv(100_000)


def test_a_message_split_at_any_byte_comes_out_once_and_whole(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, broker = ends
    message = Published(b"carbontrack/v1/a/readings", b"x" * 300, 258, True)
    packet = publish(message.topic, message.payload, message.packet_id, is_retained=True)

    for at in range(1, len(packet)):
        broker.sendall(packet[:at])
        duplex.read()
        assert everything(duplex) == ([], b"")
        broker.sendall(packet[at:])
        duplex.read()
        assert everything(duplex) == ([message], b"")


def test_a_message_that_comes_byte_by_byte_comes_out_whole(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, broker = ends
    came: list[Published] = []

    for byte in publish(b"t", b"payload", 7) + publish(b"t", b"more", 8):
        broker.sendall(bytes([byte]))
        duplex.read()
        came += everything(duplex)[0]

    assert came == [Published(b"t", b"payload", 7, False), Published(b"t", b"more", 8, False)]


PACKETS = st.one_of(
    st.builds(publish, st.binary(max_size=40), st.binary(max_size=400), st.one_of(st.none(), st.integers(1, 65_535))),
    st.sampled_from([PINGRESP, b"\x20\x02\x01\x00", b"\x90\x06\x00\x01\x01\x01\x01\x01"]),
    # QoS 2, which we never ask for, is paho's as well.
    st.just(b"\x34" + publish(b"t", b"x")[1:]),
)


@given(st.lists(PACKETS, max_size=12), st.lists(st.integers(0, 3_000), max_size=8))
def test_every_packet_goes_to_where_it_belongs_however_the_stream_is_split(
    packets: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(packets)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    ours, broker = socket.socketpair()
    ours.setblocking(False)
    messages: list[Published] = []
    for_paho = b""

    with ours, broker:
        duplex = DuplexSocket(ours)
        for low, high in itertools.pairwise(edges):
            broker.sendall(stream[low:high])
            duplex.read()
            more, others = everything(duplex)
            messages += more
            for_paho += others

    is_ours = [packet[0] >> 4 == 3 and packet[0] & 0x04 == 0 for packet in packets]
    again = [publish(m.topic, m.payload, m.packet_id, is_retained=m.is_retained) for m in messages]
    assert again == [packet for packet, ours in zip(packets, is_ours, strict=True) if ours]
    assert for_paho == b"".join(packet for packet, ours in zip(packets, is_ours, strict=True) if not ours)


def test_messages_behind_a_packet_of_paho_wait_until_it_is_read(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, broker = ends
    broker.sendall(publish(b"t", b"before") + b"\x20\x02\x01\x00" + publish(b"t", b"behind"))

    duplex.read()

    assert [m.payload for m in duplex.next_messages()] == [b"before"]
    assert duplex.next_messages() == []
    assert duplex.recv(1) + duplex.recv(1) + duplex.recv(2) == b"\x20\x02\x01\x00"
    assert [m.payload for m in duplex.next_messages()] == [b"behind"]


def test_a_packet_of_a_megabyte_comes_out_whole(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, broker = ends
    payload = bytes(range(256)) * 8_192
    sender = threading.Thread(target=broker.sendall, args=(publish(b"t", payload, 9) + PINGRESP,))
    came: list[Published] = []
    for_paho = b""

    sender.start()
    while not for_paho:
        duplex.read()
        more, others = everything(duplex)
        came += more
        for_paho += others
    sender.join()

    assert came == [Published(b"t", payload, 9, False)]
    assert for_paho == PINGRESP


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"\x32\x01\x00", id="no topic"),
        pytest.param(b"\x32\x05\x00\x09abc", id="topic longer than its packet"),
        pytest.param(b"\x32\x03\x00\x01t", id="no packet id"),
        pytest.param(publish(b"t", b"x", 0), id="packet id 0"),
        pytest.param(b"\x36\x05\x00\x01t\x00\x01", id="QoS 3"),
        pytest.param(b"\x32\xff\xff\xff\xff\x01", id="length of five bytes"),
    ],
)
def test_what_breaks_the_protocol_is_left_to_paho(ends: tuple[DuplexSocket, socket.socket], packet: bytes) -> None:
    duplex, broker = ends
    broker.sendall(packet + publish(b"t", b"good"))

    duplex.read()

    assert duplex.next_messages() == []
    assert duplex.recv(1_000) == packet


def test_the_end_of_the_connection_is_seen_after_all_that_came_before_it(
    ends: tuple[DuplexSocket, socket.socket],
) -> None:
    duplex, broker = ends
    broker.sendall(publish(b"t", b"last"))
    broker.close()

    duplex.read()
    duplex.read()

    assert [m.payload for m in duplex.next_messages()] == [b"last"]
    assert duplex.has_for_paho
    assert duplex.recv(1) == b""


def test_nothing_to_read_is_no_end(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, _broker = ends

    duplex.read()

    assert not duplex.has_for_paho
    with pytest.raises(BlockingIOError):
        duplex.recv(1)


def test_what_is_sent_keeps_its_order_when_the_other_side_is_slow(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, broker = ends
    sent = [number.to_bytes(4, "big") * 64 for number in range(20_000)]
    for piece in sent[:-1]:
        duplex.send(piece)
    duplex.acknowledge([1, 258])
    duplex.send(sent[-1])
    expected = b"".join(sent[:-1]) + b"\x40\x02\x00\x01" + b"\x40\x02\x01\x02" + sent[-1]

    duplex.flush()
    was_held_up = duplex.wants_write
    came = bytearray()
    while len(came) < len(expected):
        came += broker.recv(65_536)
        duplex.flush()

    assert was_held_up
    assert came == expected


def test_a_connection_that_breaks_while_sending_is_for_paho_to_find(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, broker = ends
    broker.close()

    duplex.send(b"\xc0\x00")
    duplex.flush()

    assert not duplex.wants_write
    assert duplex.has_for_paho
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        duplex.recv(1)


@pytest.mark.parametrize("size_bytes", [0, 90, 91, 16_000, 17_000, 2_097_200])
def test_what_we_publish_is_what_another_reads(ends: tuple[DuplexSocket, socket.socket], size_bytes: int) -> None:
    duplex, broker = ends
    broker.setblocking(False)
    other = DuplexSocket(broker)
    came: list[Published] = []

    duplex.publish("carbontrack/v1/litein-1/committed", b"x" * size_bytes, 65_535)
    while not came:
        duplex.flush()
        other.read()
        came += other.next_messages()

    assert came == [Published(b"carbontrack/v1/litein-1/committed", b"x" * size_bytes, 65_535, False)]


def test_answers_to_our_publications_are_recognised_and_reported_once(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, broker = ends
    broker.sendall(b"\x40\x02\x00\x07" + publish(b"t", b"x") + b"\x40\x02\x01\x00" + PINGRESP)

    duplex.read()
    messages, for_paho = everything(duplex)

    assert ([m.payload for m in messages], for_paho) == ([b"x"], PINGRESP)
    assert duplex.take_answered() == [7, 256]
    assert duplex.take_answered() == []


def test_what_is_left_goes_out_when_it_is_closed(ends: tuple[DuplexSocket, socket.socket]) -> None:
    duplex, broker = ends

    duplex.send(b"\xe0\x00")
    duplex.close()

    assert broker.recv(10) == b"\xe0\x00"
    assert broker.recv(10) == b""


@pytest.fixture
def tls_ends(tmp_path: Path) -> Iterator[tuple[DuplexSocket, ssl.SSLSocket, ssl.SSLSocket]]:
    """Ours, the TLS socket in it, and the broker's."""
    files = ensure_certificates(tmp_path)
    at_broker = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    at_broker.load_cert_chain(files.certificate_file, files.key_file)
    at_us = ssl.create_default_context(cafile=str(files.ca_file))
    ours, broker = socket.socketpair()
    with ThreadPoolExecutor() as pool:
        accepted = pool.submit(at_broker.wrap_socket, broker, server_side=True)
        secured = at_us.wrap_socket(ours, server_hostname="localhost")
    secured.setblocking(False)
    with secured, accepted.result() as other:
        yield DuplexSocket(secured), secured, other


def test_over_tls_one_read_takes_all_that_has_come_though_each_message_is_a_record(
    tls_ends: tuple[DuplexSocket, ssl.SSLSocket, ssl.SSLSocket],
) -> None:
    duplex, _secured, broker = tls_ends
    for number in range(1, 101):
        broker.sendall(publish(b"t", b"x", number))

    duplex.read()

    assert [m.packet_id for m in duplex.next_messages()] == list(range(1, 101))


def test_over_tls_what_is_read_already_is_not_forgotten(
    tls_ends: tuple[DuplexSocket, ssl.SSLSocket, ssl.SSLSocket],
) -> None:
    duplex, secured, broker = tls_ends
    payloads = [number.to_bytes(2, "big") * 1_000 for number in range(1, 200)]
    came: list[bytes] = []

    with ThreadPoolExecutor() as pool:
        sent = pool.submit(broker.sendall, b"".join(publish(b"t", payload) for payload in payloads))
        while len(came) < len(payloads):
            duplex.read()
            came += [m.payload for m in everything(duplex)[0]]
            # Otherwise a wait on the socket would never end, because select does not see data that TLS holds.
            assert duplex.has_more or secured.pending() == 0
        sent.result()
    duplex.acknowledge([1])
    duplex.flush()

    assert came == payloads
    assert broker.recv(10) == b"\x40\x02\x00\x01"
