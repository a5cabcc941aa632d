"""Whether a client's packet keeps to MQTT 3.1.1. The demo broker asks before amqtt, which trusts its clients, reads it.

Bytes in, an error out: no connection, no session. QoS 2 is refused too: the contract is QoS 1, and of all handshakes
this one leaves most behind when a client breaks it off (AWS IoT Core refuses it in the same way).
"""

from enum import IntEnum


class MalformedPacketError(ConnectionAbortedError):
    """The client sent what the standard forbids: its connection ends."""


class PacketKind(IntEnum):
    """What a client may send, by the number in the fixed header."""

    CONNECT = 1
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    UNSUBSCRIBE = 10
    PINGREQ = 12
    DISCONNECT = 14


FLAGS = {PacketKind.SUBSCRIBE: 2, PacketKind.UNSUBSCRIBE: 2}  # of all others but PUBLISH 0
# In octets; a topic and a password have 16-bit lengths, and a subscription may name several topics.
SHORT_PACKET_LIMIT_BYTES = 64 * 1024
MESSAGE_LIMIT_BYTES = 2 * 1024 * 1024
PROTOCOL_LEVEL = 4
FILTERS_LIMIT_COUNT = 20  # of one client; the contract has two


class _Fields:
    """The fields of a packet, from first to last."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._body)

    def take(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        if self._at > len(self._body):
            raise MalformedPacketError("a packet ends within a field")
        return self._body[start : self._at]

    def number(self, bytes_count: int) -> int:
        return int.from_bytes(self.take(bytes_count), "big")

    def data(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        try:
            text = self.data().decode()
        except UnicodeDecodeError:
            raise MalformedPacketError("a text is not UTF-8") from None
        if "\0" in text:
            raise MalformedPacketError("a text has the character U+0000")
        return text

    def topic_filter(self) -> str:
        if not (text := self.text()):
            raise MalformedPacketError("a topic is empty")
        return text

    def topic(self) -> str:
        text = self.topic_filter()
        if "#" in text or "+" in text:
            raise MalformedPacketError("a message goes to a topic with a wildcard")
        return text

    def packet_id(self) -> None:
        if not self.number(2):
            raise MalformedPacketError("a packet id is 0")


def check_header(first_byte: int, size_bytes: int, *, is_first: bool) -> PacketKind:
    """The kind of the packet. Raises MalformedPacketError before its body is read into memory."""
    try:
        kind = PacketKind(first_byte >> 4)
    except ValueError:
        raise MalformedPacketError(f"a client may not send packets of type {first_byte >> 4}") from None
    if is_first != (kind is PacketKind.CONNECT):
        raise MalformedPacketError(f"{kind.name} where CONNECT {'must' if is_first else 'may not'} be")
    if kind is not PacketKind.PUBLISH and first_byte & 15 != FLAGS.get(kind, 0):
        raise MalformedPacketError(f"{kind.name} has flags {first_byte & 15}")
    limit_bytes = MESSAGE_LIMIT_BYTES if kind is PacketKind.PUBLISH else SHORT_PACKET_LIMIT_BYTES
    if size_bytes > limit_bytes:
        raise MalformedPacketError(f"{kind.name} of {size_bytes} bytes is above the limit of {limit_bytes}")
    return kind


def check_body(kind: PacketKind, flags: int, body: bytes) -> None:
    """Raises MalformedPacketError when the body of a packet is not one of its kind."""
    fields = _Fields(body)
    if kind is PacketKind.PUBLISH:
        _check_publish(flags, fields)
        return  # the rest is the payload
    if kind is PacketKind.CONNECT:
        if not _is_connect_of_ours(fields):
            return
    elif kind is PacketKind.PUBACK:
        fields.packet_id()
    elif kind in (PacketKind.SUBSCRIBE, PacketKind.UNSUBSCRIBE):
        _check_topics(fields, has_qos=kind is PacketKind.SUBSCRIBE)
    if not fields.is_at_end:
        raise MalformedPacketError(f"{kind.name} is longer than its fields")


def _check_publish(flags: int, fields: _Fields) -> None:
    qos = flags >> 1 & 3
    if qos > 1:
        raise MalformedPacketError(f"a message with QoS {qos}: this broker takes QoS 0 and 1")
    if flags & 8 and not qos:
        raise MalformedPacketError("a repeated message with QoS 0")
    fields.topic()
    if qos:
        fields.packet_id()


def _check_topics(fields: _Fields, *, has_qos: bool) -> None:
    fields.packet_id()
    for _ in range(FILTERS_LIMIT_COUNT):  # at least one; 64 KiB of them would keep everybody else waiting for seconds
        fields.topic_filter()
        if has_qos and fields.number(1) > 2:
            raise MalformedPacketError("a subscription with QoS above 2")
        if fields.is_at_end:
            return
    raise MalformedPacketError(f"more than {FILTERS_LIMIT_COUNT} topics in one packet")


def _is_connect_of_ours(fields: _Fields) -> bool:
    """Reads CONNECT to its end; False for another version of MQTT, which amqtt answers with what it can."""
    if (fields.text(), fields.number(1)) != ("MQTT", PROTOCOL_LEVEL):
        return False
    flags = fields.number(1)
    has_will, has_name, has_password = (bool(flags & bit) for bit in (0x04, 0x80, 0x40))
    will_qos, retains_will = flags >> 3 & 3, bool(flags & 0x20)
    if flags & 1 or will_qos == 3 or (not has_will and (will_qos or retains_will)) or (has_password and not has_name):
        raise MalformedPacketError(f"CONNECT has flags {flags:#04x}")
    fields.number(2)  # keep-alive
    fields.text()  # client id
    if has_will:
        fields.topic()
        fields.data()
    for _ in range(has_name + has_password):
        fields.text()
    return True
