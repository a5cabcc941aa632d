"""A socket below paho. Messages of ingest in both directions, and their acknowledgements, bypass paho.

paho reads each packet in three calls, answers each by a send of its own, and keeps an object a message: at thousands a
second that is most of the cost of ingest (docs/performance.md). Here the socket is read 64 KiB at a time. PUBLISH
packets of QoS 0 and 1 (MQTT 3.1.1), and the PUBACKs for our own messages, come out as plain values; paho reads every
other packet whole. Packets that paho and we send are collected, and `flush` sends them in order. Connecting, TLS,
subscriptions and keep-alive stay with paho. There is no thread: all calls come from the thread that owns the client.
"""

import socket
import ssl
from collections.abc import Iterable
from typing import NamedTuple

READ_BYTES = 64 * 1024  # a read stops after this many, so it returns less than twice as many
_PUBLISH, _KIND_AND_HIGH_QOS = 0x30, 0xF4  # kind of the packet, and the bit that QoS 2 and the invalid 3 have
_QOS_1, _RETAINED = 0x02, 0x01
_PUBACK = b"\x40\x02"
_PUBLISH_QOS_1 = b"\x32"
_LONGEST_LENGTH_BYTES = 4


class Published(NamedTuple):
    """One message of QoS 0 or 1; `packet_id` is None for 0."""

    topic: bytes
    payload: bytes
    packet_id: int | None
    is_retained: bool


class DuplexSocket:
    """Wraps a connected socket, plain or TLS. The methods that paho calls come first."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._chunks: list[bytes] = []  # read, but not yet cut into packets
        self._chunks_bytes = 0
        self._needed_bytes = 2  # of `_chunks`, before there can be a whole packet in them
        self._for_paho = bytearray()
        self._out = bytearray()
        self._has_ended = False
        self._error: OSError | None = None
        self._answered_ids: list[int] = []
        self.has_more = False  # more can be read at once, without waiting for the socket to say so

    # --- what paho calls ---
    def recv(self, count: int) -> bytes:
        """Reads from the packet at which `next_messages` has stopped, never from the socket."""
        if self._for_paho:
            data = bytes(self._for_paho[:count])
            del self._for_paho[:count]
            return data
        if self._error is not None:
            raise self._error
        if self._has_ended:
            return b""
        raise BlockingIOError

    def send(self, data: bytes | bytearray) -> int:
        self._out += data
        return len(data)

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)

    def setsockopt(self, level: int, option: int, value: int) -> None:
        self._sock.setsockopt(level, option, value)

    def close(self) -> None:
        self.flush()  # DISCONNECT, which paho believes it has sent
        self._sock.close()

    # --- what the receiver calls ---
    @property
    def wants_write(self) -> bool:
        return bool(self._out)

    @property
    def has_for_paho(self) -> bool:
        """Let paho read, because one of its packets has arrived or the connection has ended."""
        return bool(self._for_paho) or self._has_ended or self._error is not None

    def read(self) -> bool:
        """Read what has arrived, about 64 KiB; `next_messages` cuts it. paho finds the end of the connection itself.

        Reads until nothing is left: TLS returns one record at a time, which may be a single message, and may hold
        more although select sees nothing. Returns whether anything had arrived.
        """
        count = 0
        self.has_more = False
        try:
            while count < READ_BYTES:
                data = self._sock.recv(READ_BYTES)
                if not data:
                    self._has_ended = True
                    break
                self._chunks.append(data)
                count += len(data)
            else:
                self.has_more = True
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self._error = error
        self._chunks_bytes += count
        return count > 0

    def next_messages(self) -> list[Published]:
        """The messages up to the next packet for paho; call again when paho has read that packet (`has_for_paho`)."""
        if self._chunks_bytes < self._needed_bytes or self._for_paho:
            return []
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        messages: list[Published] = []
        start, end = 0, len(data)
        needed = 2
        while start + 2 <= end:
            body, after, is_whole = _measure(data, start, end)
            if not is_whole:
                needed = after - start
                break
            head = data[start]
            if data.startswith(_PUBACK, start):
                self._answered_ids.append(int.from_bytes(data[body:after], "big"))
                start = after
                continue
            if head & _KIND_AND_HIGH_QOS != _PUBLISH or (message := _cut(data, head, body, after)) is None:
                self._for_paho += data[start:after]
                start = after
                break
            messages.append(message)
            start = after
        self._chunks = [data[start:]] if start < end else []
        self._chunks_bytes = end - start
        self._needed_bytes = needed
        return messages

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Answer messages of QoS 1; goes out with the next `flush`."""
        self._out += b"".join([_PUBACK + packet_id.to_bytes(2, "big") for packet_id in packet_ids])

    def publish(self, topic: str, payload: bytes, packet_id: int) -> None:
        """With QoS 1; goes out with the next `flush`."""
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + packet_id.to_bytes(2, "big") + payload
        self._out += _PUBLISH_QOS_1 + _length_bytes(len(body)) + body

    def take_answered(self) -> list[int]:
        """The packet ids of what we published that the broker has acknowledged since."""
        answered, self._answered_ids = self._answered_ids, []
        return answered

    def flush(self) -> None:
        """Send as much as the kernel takes; paho finds an error when it reads."""
        # Python's TLS sockets take a retry from a buffer that has grown or moved meanwhile.
        try:
            while self._out:
                sent_count = self._sock.send(bytes(self._out))
                del self._out[:sent_count]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._error = error
            self._out.clear()


def _measure(data: bytes, start: int, end: int) -> tuple[int, int, bool]:
    """The begin and end of the body of the packet at `start`, and whether it is complete.

    If the length is incomplete or invalid (paho gets that packet and refuses it), the end is just after the known
    bytes.
    """
    length, shift, at = 0, 0, start + 1
    while at < end:
        byte = data[at]
        length |= (byte & 0x7F) << shift
        at += 1
        if at - start - 1 > _LONGEST_LENGTH_BYTES:
            return at, at, True
        if byte < 0x80:
            return at, at + length, at + length <= end
        shift += 7
    return at, at + 1, False


def _length_bytes(length: int) -> bytes:
    """MQTT's variable length: seven bits a byte, lowest first."""
    out = bytearray()
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out)


def _cut(data: bytes, head: int, body: int, after: int) -> Published | None:
    """A message of QoS 0 or 1; None when its lengths contradict each other."""
    topic_at = body + 2
    payload_at = topic_at + int.from_bytes(data[body:topic_at], "big")
    topic = data[topic_at:payload_at]
    packet_id = None
    if head & _QOS_1:
        packet_id = int.from_bytes(data[payload_at : payload_at + 2], "big")
        payload_at += 2
    if payload_at > after or packet_id == 0:
        return None
    return Published(topic, data[payload_at:after], packet_id, bool(head & _RETAINED))
