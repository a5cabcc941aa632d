"""How much memory clients of the demo broker can make it hold: each packet, what waits for a client, what is retained.

A limit that is reached costs the client that reached it, and nobody else. What is dropped is counted and logged.
"""

# amqtt comes without type information. mypy: disable-error-code="misc, no-any-return"

import asyncio
import logging
from collections import Counter

from amqtt.adapters import StreamReaderAdapter
from amqtt.session import ApplicationMessage

from demo.mqtt_packets import MalformedPacketError, PacketKind, check_body, check_header
from devices.credentials import is_ingest

logger = logging.getLogger(__name__)

# Packets of one client that are being worked on; the rest waits in its socket.
PACKETS_AT_ONCE_COUNT = 20
# One hour of the demo's 67 devices is 48,000 messages of some 300 bytes, for the one subscriber that may be absent. Of
# empty messages it is 64,000, less than there are packet ids.
WAITING_LIMIT_BYTES = 96_000_000
DEVICE_WAITING_LIMIT_BYTES = 1_000_000  # 500 answers of ingest and more: a device could fill the rest with its own
MESSAGE_OVERHEAD_BYTES = 1_500  # measured: the objects around one message that waits for its acknowledgement
# The contract has one retained topic a device, of less than 1 kB.
RETAINED_LIMIT_COUNT, RETAINED_LIMIT_BYTES = 8, 16 * 1024
ALL_RETAINED_LIMIT_BYTES = 32 * 1024 * 1024
OWNER_LEVELS_COUNT = 3  # carbontrack/v1/<device id>: who may write below it


class PacketReader(StreamReaderAdapter):
    """Hands over whole, correct packets. amqtt releases `places` when it has finished with one."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self.places = asyncio.Semaphore(PACKETS_AT_ONCE_COUNT)
        self._packet, self._at = b"", 0
        self._is_first = True

    async def read(self, n: int = -1) -> bytes:
        if n and self._at == len(self._packet):
            self._packet, self._at = await self._next_packet(), 0
        piece = self._packet[self._at : self._at + n]
        self._at += len(piece)
        return piece

    async def _next_packet(self) -> bytes:
        """Empty at the end of the connection. Raises MalformedPacketError."""
        try:
            header = bytearray(await self._reader.readexactly(2))
            while header[-1] & 0x80 and len(header) < 5:
                header += await self._reader.readexactly(1)
            if header[-1] & 0x80:
                raise MalformedPacketError("the length of a packet has more than 4 bytes")
            size_bytes = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(header[1:]))
            kind = check_header(header[0], size_bytes, is_first=self._is_first)
            body = await self._reader.readexactly(size_bytes)
        except asyncio.IncompleteReadError:
            return b""
        check_body(kind, header[0] & 15, body)
        self._is_first = False
        if kind not in (PacketKind.CONNECT, PacketKind.PUBACK, PacketKind.DISCONNECT):
            await self.places.acquire()
        return bytes(header) + body


class Waiting(asyncio.Queue[ApplicationMessage]):
    """Messages that a client has not acknowledged: those under way, and those that wait for it in this queue.

    One that does not fit is dropped, as Mosquitto does beyond `max_queued_bytes`: a device sends it again, because only
    the server's `committed` frees a reading.
    """

    def __init__(self, username: str) -> None:
        super().__init__()
        self.username = username
        self._limit_bytes = WAITING_LIMIT_BYTES if is_ingest(username) else DEVICE_WAITING_LIMIT_BYTES
        self.held_bytes = self.dropped_count = 0

    def has_room(self, data: bytes | bytearray) -> bool:
        """Whether this message fits; if not, it counts as dropped."""
        if self.held_bytes + len(data) + MESSAGE_OVERHEAD_BYTES <= self._limit_bytes:
            return True
        if not self.dropped_count:
            logger.warning("%s acknowledges too little: messages for it are dropped", self.username)
        self.dropped_count += 1
        return False

    def hold(self, data: bytes | bytearray, *, sign: int = 1) -> None:
        self.held_bytes += sign * (len(data) + MESSAGE_OVERHEAD_BYTES)

    def put_nowait(self, item: ApplicationMessage) -> None:
        if self.has_room(item.data):
            self.hold(item.data)
            super().put_nowait(item)

    def _get(self) -> ApplicationMessage:
        item: ApplicationMessage = super()._get()
        self.hold(item.data, sign=-1)
        return item


class RetainedLedger:
    """Which topics have a retained message, and how many bytes those of one device and of all are."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[str, int]] = {}
        self._bytes: Counter[str] = Counter()

    def may_retain(self, topic: str, data: bytes | bytearray) -> bool:
        """Whether this message may take the place of the one before; if so it is noted. An empty one forgets it."""
        owner = "/".join(topic.split("/")[:OWNER_LEVELS_COUNT])
        topics = self._topics.setdefault(owner, {})
        others_bytes = sum(topics.values()) - topics.get(topic, 0)
        size_bytes = len(data) + len(topic.encode())
        total_bytes = self._bytes.total() - topics.get(topic, 0)
        if not data:
            topics.pop(topic, None)
        elif (
            len(topics.keys() | {topic}) > RETAINED_LIMIT_COUNT
            or others_bytes + size_bytes > RETAINED_LIMIT_BYTES
            or total_bytes + size_bytes > ALL_RETAINED_LIMIT_BYTES
        ):
            logger.debug("a message for %r is not retained: its device retains too much", topic)
            return False
        else:
            topics[topic] = size_bytes
        self._bytes[owner] = sum(topics.values())
        if not topics:
            del self._topics[owner], self._bytes[owner]
        return True
