"""The connection of one simulated device to the broker: TLS, login, last will and retries.

The loop in `fleet.py` drives it, except for connecting: a TLS handshake waits for the broker, so two threads do that
for the whole fleet. Knows nothing about readings or outboxes.
"""

import queue
import random
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import paho.mqtt.client as mqtt
from django.conf import settings
from django.core.management.base import CommandError
from paho.mqtt.enums import CallbackAPIVersion

from demo.simulated_device import OFFLINE_PAYLOAD, SimulatedDevice
from lib.broker_address import BrokerAddress
from lib.environment import LOOPBACK_HOSTS
from mqtt_ingest.topics import Kind

KEEP_ALIVE_S = 60
CONNECT_TIMEOUT_S = 5.0
CONNECT_THREADS = 2
FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 30.0
# A second later the login would be refused again: the registry has to change first.
REFUSED_DELAY_S = 60.0


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """Where the broker is; `tls` is shared by all connections, None for plain TCP on this machine."""

    host: str
    port: int
    tls: ssl.SSLContext | None


def local_broker() -> BrokerAddress:
    address = BrokerAddress.from_url(settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE)
    if address.host not in LOOPBACK_HOSTS:
        raise CommandError(
            f"MQTT_BROKER_URL points to {address.host}: simulated readings only go to a broker on this "
            "machine. Unset it."
        )
    return address


@dataclass(frozen=True, slots=True)
class Trial:
    """New authorities that no connection has proved yet: the command that brought them, and those before."""

    command_id: str
    tls_before: ssl.SSLContext | None


class LinkState(Enum):
    DOWN = "down"
    CONNECTING = "connecting"  # in one of the connecting threads
    GREETING = "greeting"  # connected, waiting for the broker's CONNACK
    UP = "up"


class Link:
    """One device's connection. All methods but `connect` belong to the fleet's thread."""

    def __init__(self, device: SimulatedDevice, password: str, place: BrokerPlace) -> None:
        self.device = device
        self.state = LinkState.DOWN
        self.retry_at_s = 0.0
        self.was_refused = False
        self.is_released = False  # another process runs this device from now on
        self.client: mqtt.Client | None = None
        self.on_up: Callable[[Link], None] = lambda link: None
        self.on_message: Callable[[Link, str, bytes], None] = lambda link, topic, payload: None
        self.on_closing: Callable[[Link], None] = lambda link: None
        self._password = password
        self._place = place
        self._tls = place.tls
        self._trial: Trial | None = None
        self._failures = 0

    def connect(self) -> mqtt.Client:
        """In a connecting thread: open the connection and send CONNECT. Raises OSError.

        Uses a new client, because an old one would resend its kept messages by paho's own rules.
        """
        device_id = self.device.device_id
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=device_id, clean_session=True, reconnect_on_failure=False
        )
        client.username_pw_set(device_id, self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.will_set(self.device.topic(Kind.STATUS), OFFLINE_PAYLOAD, qos=1, retain=True)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_connect = self._connected
        client.on_message = self._received
        client.on_socket_close = lambda client, data, sock: self.on_closing(self)
        client.connect(self._place.host, self._place.port, KEEP_ALIVE_S)
        return client

    def publish(self, kind: Kind, payload: bytes, *, retain: bool = False) -> mqtt.MQTTMessageInfo | None:
        if self.client is None or self.state is not LinkState.UP:
            return None
        return self.client.publish(self.device.topic(kind), payload, qos=1, retain=retain)

    def read(self) -> bool:
        """Handle what has arrived; False when the connection is gone."""
        while self.client is not None:
            connection = self.client.socket()
            if connection is None or self.client.loop_read() != mqtt.MQTT_ERR_SUCCESS:
                return False
            # select() does not see data that TLS has already decrypted.
            if self._tls is None or not connection.pending():  # type: ignore[attr-defined]
                return True
        return False

    def write(self) -> bool:
        """Send as much as the socket takes; False when the connection is gone."""
        if self.client is None:
            return False
        return not self.client.want_write() or self.client.loop_write() == mqtt.MQTT_ERR_SUCCESS

    def keep_alive(self) -> bool:
        return self.client is not None and self.client.loop_misc() == mqtt.MQTT_ERR_SUCCESS

    def trust(self, ca: str, command_id: str) -> None:
        """Connect from now on with these authorities alone, or go back when that fails. Raises ssl.SSLError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=ca)
        self._trial, self._tls = Trial(command_id, self._tls), context

    def went_down(self, now_s: float) -> None:
        """Note the end of a connection or of an attempt, and when to try again."""
        if self._trial is not None and self.state is not LinkState.UP:
            self.device.answer(self._trial.command_id, "no connection to the broker with these authorities")
            self._tls, self._trial = self._trial.tls_before, None
        self._failures += 1
        longest_s = REFUSED_DELAY_S if self.was_refused else LONGEST_DELAY_S
        delay_s = longest_s if self.was_refused else FIRST_DELAY_S * 2 ** min(self._failures - 1, 10)
        # Jitter, because otherwise the whole fleet would connect at once to a broker that has just restarted.
        self.retry_at_s = now_s + min(delay_s, longest_s) * random.uniform(0.5, 1.0)
        self.client, self.state = None, LinkState.DOWN

    def _connected(self, client: mqtt.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            self.was_refused = code.getName() in ("Not authorized", "Bad user name or password")
            return
        self._failures, self.was_refused = 0, False
        self.state = LinkState.UP
        if self._trial is not None:
            self.device.answer(self._trial.command_id, None)
            self._trial = None
        self.on_up(self)

    def _received(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        self.on_message(self, message.topic, bytes(message.payload))


class Connector:
    """Opens connections in its own threads, which call `on_done` when `finished` has a new item.

    `finished` has the link of each attempt with its client, or with the error.
    """

    def __init__(self, on_done: Callable[[], None]) -> None:
        self.finished: deque[tuple[Link, mqtt.Client | OSError]] = deque()
        self._on_done = on_done
        self._wanted: queue.SimpleQueue[Link | None] = queue.SimpleQueue()
        for number in range(CONNECT_THREADS):
            # Daemon threads, because a hanging handshake must not keep the process from ending.
            threading.Thread(target=self._work, name=f"connect-{number}", daemon=True).start()

    def open(self, link: Link) -> None:
        link.state = LinkState.CONNECTING
        self._wanted.put(link)

    def close(self) -> None:
        for _number in range(CONNECT_THREADS):
            self._wanted.put(None)

    def _work(self) -> None:
        while (link := self._wanted.get()) is not None:
            try:
                self.finished.append((link, link.connect()))
            except OSError as error:  # TLS and time-outs among them
                self.finished.append((link, error))
            self._on_done()
