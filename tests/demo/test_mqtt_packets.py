"""Which packets of a client the demo broker refuses before amqtt sees them: by the MQTT 3.1.1 standard, and QoS 2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.mqtt_packets import MESSAGE_LIMIT_BYTES, MalformedPacketError, PacketKind, check_body, check_header
from tests.demo.raw_mqtt import connect_packet, field, packet

TOPIC = field("carbontrack/v1/chimney-1/status")


def check(one: bytes, *, is_first: bool = False) -> PacketKind:
    """Of a packet with less than 128 bytes after its header."""
    kind = check_header(one[0], one[1], is_first=is_first)
    check_body(kind, one[0] & 15, one[2:])
    return kind


@pytest.mark.parametrize(
    "one",
    [
        packet(0x30, TOPIC + b"payload"),
        packet(0x32, TOPIC + b"\x00\x01"),  # QoS 1, empty
        packet(0x3B, TOPIC + b"\x00\x01{}"),  # the same again, retained
        packet(0x40, b"\x00\x01"),
        packet(0x82, b"\x00\x01" + TOPIC + b"\x01" + TOPIC + b"\x02"),
        packet(0xA2, b"\x00\x01" + TOPIC),
        packet(0xC0),
        packet(0xE0),
    ],
    ids=lambda one: one[:1].hex(),
)
def test_what_the_standard_allows_passes(one: bytes) -> None:
    assert check(one) is PacketKind(one[0] >> 4)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (packet(0x36, TOPIC + b"\x00\x01"), "QoS 3"),  # both QoS bits
        (packet(0x34, TOPIC + b"\x00\x01"), "QoS 2"),
        (packet(0x38, TOPIC), "repeated message with QoS 0"),
        (packet(0x32, TOPIC + b"\x00\x00"), "packet id is 0"),
        (packet(0x32, TOPIC), "ends within a field"),
        (packet(0x30, b"\x00\x00"), "topic is empty"),
        (packet(0x30, b"\x00\x02a+"), "wildcard"),
        (packet(0x30, b"\x00\x02\xc3\x28"), "not UTF-8"),
        (packet(0x30, b"\x00\x02a\x00"), "U+0000"),
        (packet(0x30, b"\xff\xff"), "ends within a field"),
        (packet(0x82, b"\x00\x01"), "ends within a field"),  # no topic
        (packet(0x82, b"\x00\x01" + TOPIC + b"\x03"), "QoS above 2"),
        (packet(0x80, b"\x00\x01" + TOPIC + b"\x01"), "flags 0"),
        (packet(0x82, b"\x00\x01" + b"\x00\x01a\x01" * 21), "more than 20 topics"),
        (packet(0xA2, b"\x00\x00" + TOPIC), "packet id is 0"),
        (packet(0x40, b"\x00\x01\x00"), "longer than its fields"),
        (packet(0x62, b"\x00\x01"), "type 6"),  # PUBREL, of QoS 2
        (packet(0xC0, b"x"), "longer than its fields"),
        (packet(0xF0), "type 15"),
        (packet(0x00), "type 0"),
        (packet(0x20, b"\x00\x00"), "type 2"),  # CONNACK, of a server
        (connect_packet("chimney-1", "secret"), "CONNECT where CONNECT may not be"),
    ],
)
def test_what_it_forbids_is_refused_with_words(one: bytes, words: str) -> None:
    with pytest.raises(MalformedPacketError, match=words.replace("+", r"\+")):
        check(one)


@pytest.mark.parametrize(
    ("flags", "words"),
    [(0xC3, "flags 0xc3"), (0xCA, "flags 0xca"), (0x42, "flags 0x42"), (0xDE, "flags 0xde")],
    ids=["reserved", "will QoS without a will", "password without a name", "will QoS 3"],
)
def test_a_login_with_impossible_flags_is_refused(flags: int, words: str) -> None:
    one = bytearray(connect_packet("chimney-1", "secret"))
    one[9] = flags

    with pytest.raises(MalformedPacketError, match=words):
        check(bytes(one), is_first=True)


def test_a_login_comes_first_and_passes_with_and_without_a_will() -> None:
    for will in ("", "gone"):
        assert check(connect_packet("chimney-1", "secret", will=will), is_first=True) is PacketKind.CONNECT

    with pytest.raises(MalformedPacketError, match="PINGREQ where CONNECT must be"):
        check(packet(0xC0), is_first=True)


def test_a_size_above_the_limit_is_refused_before_it_is_read() -> None:
    for first_byte, size_bytes in ((0x30, MESSAGE_LIMIT_BYTES + 1), (0x82, 64 * 1024 + 1)):
        with pytest.raises(MalformedPacketError, match="above the limit"):
            check_header(first_byte, size_bytes, is_first=False)


@given(first_byte=st.integers(0, 255), body=st.binary(max_size=200), is_first=st.booleans())
def test_any_bytes_pass_or_are_refused_and_raise_nothing_else(first_byte: int, body: bytes, is_first: bool) -> None:
    try:
        kind = check_header(first_byte, len(body), is_first=is_first)
        check_body(kind, first_byte & 15, body)
    except MalformedPacketError:
        return

    assert kind is PacketKind(first_byte >> 4)
