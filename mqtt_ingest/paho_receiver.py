"""The receiver on paho-mqtt: one thread that owns the client, and back-pressure by not reading the socket.

The thread drives paho's loop itself. With paho's own loop a full queue could only be met by blocking in a
callback, and then neither acknowledgements nor keep-alives would go out. While the queue is full nothing is
read, TCP fills up and the broker waits; if that lasts longer than the keep-alive the connection ends, and is
made again when there is room: the session persists, so the broker then sends again what was not acknowledged.
All calls into paho come from this thread: a TLS socket must not be read and written by two at once.
"""

import logging
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from mqtt_ingest.receive import BoundedQueue, Received
from mqtt_ingest.topics import subscriptions

logger = logging.getLogger(__name__)

CLIENT_ID = "carbontrack-ingest"  # fixed: the broker keeps our session, and its messages, under this name
GROUP = "carbontrack-ingest"  # of workers that share the load
KEEP_ALIVE_S = 60
CONNECT_TIMEOUT_S = 10.0
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
BURST_COUNT = 200  # packets read before others get their turn
LARGEST_WAIT_S = 0.5
CLOSE_TIMEOUT_S = 3.0
PUBLISH_WINDOW_COUNT = 1_000


class BrokerSettingsError(RuntimeError):
    """A setting of ours that no broker can be reached with; the message says which, and the remedy."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and how to sign in, from MQTT_BROKER_URL and MQTT_CA_FILE."""

    host: str
    port: int
    is_tls: bool
    username: str | None
    password: str | None = field(repr=False)
    ca_file: str | None

    @classmethod
    def from_url(cls, url: str, ca_file: str = "") -> "BrokerAddress":
        parts = urlsplit(url)
        is_tls = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (8883 if is_tls else 1883),
            is_tls=is_tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            ca_file=ca_file or None,
        )

    def __str__(self) -> str:
        return f"{'mqtts' if self.is_tls else 'mqtt'}://{self.host}:{self.port}"


def set_up_client(client: mqtt.Client, address: BrokerAddress) -> None:
    """Login, TLS and TCP options, the same for every client of ours.

    Raises BrokerSettingsError when the CA file cannot be used.
    """
    if address.username:
        client.username_pw_set(address.username, address.password)
    if address.is_tls:
        try:
            client.tls_set(ca_certs=address.ca_file)
        except OSError as error:  # missing, unreadable, or no certificate in it
            raise BrokerSettingsError(
                f"MQTT_CA_FILE={address.ca_file!r} cannot be used ({error}): name a PEM file with the "
                "certificate of the broker's authority, or leave it empty for those the system trusts"
            ) from error
    client.on_socket_open = _without_delay
    client.connect_timeout = CONNECT_TIMEOUT_S


def _without_delay(client: mqtt.Client, userdata: Any, sock: Any) -> None:
    # Nagle would hold a small acknowledgement back until the one before is confirmed.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class PahoReceiver:
    """Implements `receive.Receiver`.

    Alone it has a persistent session: what comes while it is away waits with the broker. As one of several
    (`worker` is its name among them) it shares a subscription and starts clean: what a dead worker had not
    acknowledged goes to the others or comes again from the devices, and no session fills up for nobody.
    """

    def __init__(
        self, address: BrokerAddress, queue: BoundedQueue | None = None, *, worker: str = ""
    ) -> None:
        self.address = address
        self._worker = worker
        self._queue = BoundedQueue() if queue is None else queue  # an empty queue is false
        self._fresh: list[Received] = []  # read in this burst, not yet in the queue
        self._orders: deque[Received | tuple[str, bytes]] = deque()
        self._connection = 0
        self._is_connected = False
        self._is_reading = True
        self._was_full = False
        self._closing_at_s: float | None = None
        self._unanswered_publishes: set[int] = set()
        self._retry_s = FIRST_RETRY_S
        self._retry_at_s = 0.0
        self._is_outage_logged = False
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="mqtt-receiver", daemon=True)
        self._client = self._make_client()

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{CLIENT_ID}-{self._worker}" if self._worker else CLIENT_ID,
            clean_session=bool(self._worker),
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        set_up_client(client, self.address)
        client.max_inflight_messages_set(PUBLISH_WINDOW_COUNT)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    # --- called by the pipeline's thread ---
    @property
    def is_connected(self) -> bool:
        return self._is_connected

    @property
    def depth(self) -> int:
        return len(self._queue)

    @property
    def capacity(self) -> int:
        return self._queue.limit_count

    @property
    def oldest_ms(self) -> int | None:
        return self._queue.oldest_ms

    def start(self) -> None:
        self._thread.start()

    def take(self, timeout_s: float) -> list[Received]:
        was_full = self._queue.is_full
        taken = self._queue.take(timeout_s)
        if was_full:
            self._wake()
        return taken

    def acknowledge(self, messages: Sequence[Received]) -> None:
        self._orders.extend(message for message in messages if message.packet_id is not None)
        self._wake()

    def publish(self, topic: str, payload: bytes) -> None:
        self._orders.append((topic, payload))
        self._wake()

    def stop_reading(self) -> None:
        self._is_reading = False
        self._wake()

    def close(self) -> None:
        self._is_reading = False
        self._closing_at_s = time.monotonic() + CLOSE_TIMEOUT_S
        self._wake()
        if self._thread.is_alive():
            self._thread.join(CLOSE_TIMEOUT_S + CONNECT_TIMEOUT_S)

    def _wake(self) -> None:
        with suppress(OSError):  # full of wake-ups already, or closed
            self._wake_writer.send(b".")

    # --- the receiver's own thread ---
    def _run(self) -> None:
        while True:
            if self._closing_at_s is not None and self._is_finished(self._closing_at_s):
                break
            if self._client.socket() is None:
                self._connect_when_due()
            else:
                self._serve()
        self._client.disconnect()
        self._wake_reader.close()
        self._wake_writer.close()

    def _is_finished(self, deadline_s: float) -> bool:
        is_quiet = not self._orders and not self._unanswered_publishes and not self._client.want_write()
        return is_quiet or self._client.socket() is None or time.monotonic() > deadline_s

    def _serve(self) -> None:
        self._carry_out_orders()
        sock = self._client.socket()
        if sock is None:
            return
        may_read = self._may_read()
        has_buffered = may_read and getattr(sock, "pending", int)() > 0
        readers = [self._wake_reader, sock] if may_read else [self._wake_reader]
        writers = [sock] if self._client.want_write() else []
        wait_s = 0.0 if has_buffered else LARGEST_WAIT_S
        readable, writable, _ = select.select(readers, writers, [], wait_s)
        if self._wake_reader in readable:
            self._wake_reader.recv(4096)
        if sock in readable or has_buffered:
            self._read_burst()
        if sock in writable:
            self._client.loop_write()
        self._client.loop_misc()

    def _may_read(self) -> bool:
        """Closing, we read on for the broker's answers; messages that come then stay with the broker."""
        if self._closing_at_s is not None:
            return True
        is_full = self._queue.is_full
        if is_full != self._was_full:
            self._was_full = is_full
            if is_full:
                logger.warning(
                    "Queue is full (%d messages): reading stops, the broker holds the rest", self.depth
                )
            else:
                logger.warning("Queue has room again: reading goes on")
        return self._is_reading and not is_full

    def _read_burst(self) -> None:
        """Read what has arrived, and hand it to the pipeline at once: a wake-up a message would cost more."""
        try:
            for _ in range(BURST_COUNT):
                count = len(self._fresh)
                result = self._client.loop_read()
                if result != MQTTErrorCode.MQTT_ERR_SUCCESS or len(self._fresh) == count:
                    break
        finally:
            if self._fresh and self._closing_at_s is None:
                self._queue.put(self._fresh)
            self._fresh = []

    def _carry_out_orders(self) -> None:
        for _ in range(len(self._orders)):
            order = self._orders.popleft()
            if isinstance(order, Received):
                # Packet ids start anew with a connection: an old one would acknowledge another message.
                if order.connection == self._connection and order.packet_id is not None:
                    self._client.ack(order.packet_id, 1)
            elif self._is_connected:
                topic, payload = order
                self._unanswered_publishes.add(self._client.publish(topic, payload, qos=1).mid)

    # --- connecting ---
    def _connect_when_due(self) -> None:
        # With a full queue there is no point in a connection that we would not read from.
        wait_s = max(self._retry_at_s - time.monotonic(), LARGEST_WAIT_S if self._queue.is_full else 0.0)
        if wait_s > 0:
            readable, _, _ = select.select([self._wake_reader], [], [], min(wait_s, LARGEST_WAIT_S))
            if readable:
                self._wake_reader.recv(4096)
            return
        self._put_off_retry()
        try:
            self._client.connect(self.address.host, self.address.port, keepalive=KEEP_ALIVE_S)
        except OSError as error:  # includes name resolution, TLS and certificate errors
            self._log_outage(f"cannot connect: {error}")

    def _put_off_retry(self) -> None:
        self._retry_at_s = time.monotonic() + self._retry_s * random.uniform(1.0, 1.5)
        self._retry_s = min(self._retry_s * 2, LONGEST_RETRY_S)

    def _log_outage(self, what: str) -> None:
        """Once an outage, not once an attempt."""
        if not self._is_outage_logged:
            logger.warning("Broker %s: %s; trying again, at least every 90 s", self.address, what)
            self._is_outage_logged = True

    # --- paho's callbacks, in the receiver's thread ---
    def _on_connect(
        self, client: mqtt.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if reason.is_failure:
            if not self._is_outage_logged:
                logger.error(
                    "Broker %s refuses the login of %r: %s. Check MQTT_BROKER_URL; has sync_broker run?",
                    self.address,
                    self.address.username,
                    reason,
                )
            self._is_outage_logged = True
            return
        self._connection += 1
        client.subscribe([(topic, 1) for topic in subscriptions(GROUP if self._worker else "")])

    def _on_subscribe(
        self, client: mqtt.Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            logger.error("Broker %s refuses our subscription: check its ACL for %r", self.address, CLIENT_ID)
            return
        self._is_connected = True
        self._is_outage_logged = False
        self._retry_s = FIRST_RETRY_S
        logger.info("Connected to broker %s", self.address)

    def _on_disconnect(
        self, client: mqtt.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        was_connected, self._is_connected = self._is_connected, False
        self._connection += 1  # acknowledgements still on their way are void
        if self._closing_at_s is None and (was_connected or not self._is_outage_logged):
            self._log_outage(f"connection lost ({reason})")

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(topic is not UTF-8)"
        self._fresh.append(
            Received(
                topic=topic,
                payload=bytes(message.payload),
                received_ms=time.time_ns() // 1_000_000,
                is_live=not message.retain,
                connection=self._connection,
                packet_id=message.mid if message.qos else None,
            )
        )

    def _on_publish(
        self, client: mqtt.Client, userdata: Any, mid: int, reason: ReasonCode, properties: Any
    ) -> None:
        self._unanswered_publishes.discard(mid)
