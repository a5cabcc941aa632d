"""The receiver on paho-mqtt: one thread that owns the client, and back-pressure by not reading the socket.

paho connects, subscribes and keeps the connection alive; messages, both ways, and their acknowledgements bypass it in
bulk (`duplex_socket.py`).

The thread runs paho's loop itself. With paho's own loop a full queue would have to block in a callback, and then
neither acknowledgements nor keep-alives would go out. While the queue is full nothing is read, TCP fills up and the
broker waits. If that outlasts the keep-alive, the connection ends and is restored when there is room: the session
persists, so the broker sends unacknowledged messages again. All calls into paho come from this thread: a TLS socket
must not be read and written by two at once.
"""

import logging
import math
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from devices.broker import GROUP
from lib.broker_address import CONNECT_TIMEOUT_S, BrokerAddress, set_up_client
from mqtt_ingest.duplex_socket import DuplexSocket
from mqtt_ingest.receive import BoundedQueue, Received
from mqtt_ingest.topics import subscriptions

logger = logging.getLogger(__name__)

CLIENT_ID = "carbontrack-ingest"  # fixed: the broker keeps our session, and its messages, under this name
KEEP_ALIVE_S = 60
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
# Pause between two reads while messages arrive: one wake-up of both threads instead of one for each message.
PAUSE_S = 0.005
LARGEST_WAIT_S = 0.5
LOG_FULL_EVERY_S = 60.0
CLOSE_TIMEOUT_S = 3.0
PUBLISH_WINDOW_COUNT = 1_000
ASK_AGAIN_S = 30.0  # for foreign topics that the broker refused


class _Client(mqtt.Client):
    """paho's client on our socket."""

    def _create_socket(self) -> Any:
        return DuplexSocket(cast(socket.socket, super()._create_socket()))

    def note_life(self) -> None:
        """The broker has sent something. Its answer to a ping may follow a long backlog, so we do not wait."""
        self._ping_t = 0.0


class PahoReceiver:
    """Implements `receive.Receiver`.

    A lone worker has a persistent session: messages wait at the broker while it is away. One of several (`worker` is
    its name) shares a subscription and starts clean: the unacknowledged messages of a dead worker go to the others or
    come again from the devices, and no unused session collects messages.
    """

    def __init__(self, address: BrokerAddress, queue: BoundedQueue | None = None, *, worker: str = "") -> None:
        self.address = address.of_worker(worker)
        self._worker = worker
        self.queue = BoundedQueue() if queue is None else queue  # an empty queue is false
        self._orders: deque[list[Received] | tuple[str, bytes] | frozenset[str]] = deque()
        self._foreign: frozenset[str] = frozenset()
        self._foreign_mid: int | None = None
        self._ask_again_at_s = math.inf
        self._connection = 0
        self._is_connected = False
        self._is_reading = True
        self._was_full = False
        self._log_full_at_s = 0.0  # not before
        self._read_at_s = 0.0  # not before
        self._closing_at_s: float | None = None
        self._to_publish: deque[tuple[str, bytes]] = deque()
        self._unanswered_publishes: set[int] = set()
        self._last_publish_id = 0
        self._retry_s = FIRST_RETRY_S
        self._retry_at_s = 0.0
        self._is_outage_logged = False
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="mqtt-receiver", daemon=True)
        self._client = self._make_client()

    def _make_client(self) -> _Client:
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{CLIENT_ID}-{self._worker}" if self._worker else CLIENT_ID,
            clean_session=bool(self._worker),
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        set_up_client(client, self.address)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        return client

    # --- called by the pipeline's thread ---
    @property
    def is_connected(self) -> bool:
        return self._is_connected

    def start(self) -> None:
        self._thread.start()

    def take(self, timeout_s: float) -> list[Received]:
        was_full = self.queue.is_full
        taken = self.queue.take(timeout_s)
        if was_full:
            self._wake()
        return taken

    def acknowledge(self, messages: Sequence[Received]) -> None:
        self._orders.append(self.queue.settle(messages))
        self._wake()

    def publish(self, topic: str, payload: bytes) -> None:
        self._orders.append((topic, payload))
        self._wake()

    def follow(self, filters: Sequence[str]) -> None:
        self._orders.append(frozenset(filters))
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
        sock = self._socket()
        if sock is None:
            return True
        is_sent = not sock.wants_write and not self._client.want_write()
        is_quiet = is_sent and not (self._orders or self._to_publish or self._unanswered_publishes)
        return is_quiet or time.monotonic() > deadline_s

    def _socket(self) -> DuplexSocket | None:
        sock = self._client.socket()
        assert sock is None or isinstance(sock, DuplexSocket)
        return sock

    def _serve(self) -> None:
        self._carry_out_orders()
        sock = self._socket()
        if sock is None:
            return
        if self._client.want_write():  # a callback has requested this
            self._client.loop_write()
        sock.flush()
        may_read = self._may_read()
        pause_s = self._read_at_s - time.monotonic()
        if sock.has_for_paho or (may_read and sock.has_more):
            wait_s = 0.0
        elif may_read and pause_s > 0:
            may_read, wait_s = False, pause_s
        else:
            wait_s = LARGEST_WAIT_S
        readers: list[socket.socket | DuplexSocket] = [self._wake_reader]
        if may_read:
            readers.append(sock)
        writers = [sock] if sock.wants_write else []
        readable, writable, _ = select.select(readers, writers, [], wait_s)
        if self._wake_reader in readable:
            self._wake_reader.recv(4096)
        if sock in writable:
            sock.flush()
        if sock in readable or (may_read and sock.has_more) or sock.has_for_paho:
            self._read(sock)
        self._client.loop_misc()
        if time.monotonic() >= self._ask_again_at_s and self._is_connected:
            self._subscribe_to_foreign()

    def _may_read(self) -> bool:
        """While closing, we still read the broker's answers; messages that arrive then stay at the broker."""
        if self._closing_at_s is not None:
            return True
        is_full = self.queue.is_full
        if is_full != self._was_full:
            self._was_full = is_full
            now_s = time.monotonic()
            if is_full and now_s >= self._log_full_at_s:  # under load it changes ten times a second
                self._log_full_at_s = now_s + LOG_FULL_EVERY_S
                logger.warning(
                    "Queue is full (%d messages): reading stops until there is room, the broker holds the rest",
                    len(self.queue),
                )
        return self._is_reading and not is_full

    def _read(self, sock: DuplexSocket) -> None:
        """Read once, and pass all messages to the pipeline together, because one wake-up per message would cost
        more."""
        if sock.read():
            self._client.note_life()
        fresh: list[Received] = []
        now_ms = time.time_ns() // 1_000_000
        try:
            while True:
                fresh += [
                    Received(_text(topic), payload, now_ms, not is_retained, self._connection, packet_id)
                    for topic, payload, packet_id, is_retained in sock.next_messages()
                ]
                # In the order of arrival, because a new numbering of packets begins with the answer to our connection.
                if not sock.has_for_paho or self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    break
        finally:
            if fresh and self._closing_at_s is None:
                self.queue.put(fresh)
        self._unanswered_publishes.difference_update(sock.take_answered())
        if fresh and not sock.has_more:
            self._read_at_s = time.monotonic() + PAUSE_S

    def _carry_out_orders(self) -> None:
        for _ in range(len(self._orders)):
            order = self._orders.popleft()
            if isinstance(order, list):
                self._acknowledge(order)
            elif isinstance(order, frozenset):
                self._follow(order)
            elif self._is_connected:
                self._to_publish.append(order)
        self._publish_what_may_go()

    def _publish_what_may_go(self) -> None:
        """Unacknowledged answers are lost with the connection: devices send their readings again."""
        sock = self._socket()
        while sock is not None and self._to_publish and len(self._unanswered_publishes) < PUBLISH_WINDOW_COUNT:
            # We number packets ourselves; paho publishes nothing and numbers only its subscriptions.
            self._last_publish_id = self._last_publish_id % 65_535 + 1
            if self._last_publish_id not in self._unanswered_publishes:
                self._unanswered_publishes.add(self._last_publish_id)
                sock.publish(*self._to_publish.popleft(), self._last_publish_id)

    def _acknowledge(self, messages: list[Received]) -> None:
        sock = self._socket()
        if sock is not None:
            # Packet ids restart with each connection: an old id would acknowledge another message.
            mine = (message.packet_id for message in messages if message.connection == self._connection)
            sock.acknowledge(packet_id for packet_id in mine if packet_id is not None)

    # --- foreign topics ---
    def _follow(self, filters: frozenset[str]) -> None:
        gone, self._foreign = self._foreign - filters, filters
        if self._is_connected:
            if gone:
                self._client.unsubscribe([self._as_written(each) for each in sorted(gone)])
            self._subscribe_to_foreign()

    def _subscribe_to_foreign(self) -> None:
        """On their own: a broker that refuses one of them must not cost us our own topics."""
        self._ask_again_at_s = math.inf
        if self._foreign:
            wanted = [(self._as_written(each), 1) for each in sorted(self._foreign)]
            self._foreign_mid = self._client.subscribe(wanted)[1]

    def _as_written(self, topic_filter: str) -> str:
        return f"$share/{GROUP}/{topic_filter}" if self._worker else topic_filter

    # --- connecting ---
    def _connect_when_due(self) -> None:
        # With a full queue we would not read from a new connection, so we make none.
        wait_s = max(self._retry_at_s - time.monotonic(), LARGEST_WAIT_S if self.queue.is_full else 0.0)
        if wait_s > 0:
            readable, _, _ = select.select([self._wake_reader], [], [], min(wait_s, LARGEST_WAIT_S))
            if readable:
                self._wake_reader.recv(4096)
            return
        self._retry_at_s = time.monotonic() + self._retry_s * random.uniform(1.0, 1.5)  # noqa: S311 - spreads retries
        self._retry_s = min(self._retry_s * 2, LONGEST_RETRY_S)
        try:
            self._client.connect(self.address.host, self.address.port, keepalive=KEEP_ALIVE_S)
        except OSError as error:  # includes name resolution, TLS and certificate errors
            self._log_outage(f"cannot connect: {error}")

    def _log_outage(self, what: str) -> None:
        """Logs once per outage, not once per attempt."""
        if not self._is_outage_logged:
            logger.warning("Broker %s: %s; trying again, at least every 90 s", self.address, what)
            self._is_outage_logged = True

    # --- paho's callbacks, in the receiver's thread ---
    def _on_connect(self, client: mqtt.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
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
        if mid == self._foreign_mid:
            if any(reason.is_failure for reason in reasons):
                # A new profile: the broker may not know yet that we may read its topics.
                logger.warning("Broker %s refuses topics of device profiles, asked again in some seconds", self.address)
                self._ask_again_at_s = time.monotonic() + ASK_AGAIN_S
            return
        if any(reason.is_failure for reason in reasons):
            logger.error("Broker %s refuses our subscription: check its ACL for %r", self.address, CLIENT_ID)
            return
        self._is_connected = True
        self._subscribe_to_foreign()
        self._is_outage_logged = False
        self._retry_s = FIRST_RETRY_S
        logger.info("Connected to broker %s", self.address)

    def _on_disconnect(
        self, client: mqtt.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        was_connected, self._is_connected = self._is_connected, False
        self._connection += 1  # acknowledgements that are not sent yet are invalid
        self._to_publish.clear()
        self._unanswered_publishes.clear()
        if self._closing_at_s is None and (was_connected or not self._is_outage_logged):
            self._log_outage(f"connection lost ({reason})")


def _text(topic: bytes) -> str:
    try:
        return topic.decode()
    except UnicodeDecodeError:
        return "(topic is not UTF-8)"
