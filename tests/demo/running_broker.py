"""A demo broker for tests: real TLS, a real port, logins from a dictionary instead of a database."""

import asyncio
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from django.db import OperationalError

from demo.broker import serve
from demo.certificates import BrokerCertificates, ensure_certificates
from devices.credentials import INGEST_USER, may_use_topic
from tests.waiting import TIMEOUT_S

INGEST_PASSWORD = "ingest-password"


@dataclass
class RunningBroker:
    port: int
    certificates: BrokerCertificates
    passwords: dict[str, str] = field(default_factory=dict)
    database_is_down: bool = False
    rechecks: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def check_login(self, client_id: str, username: str, password: str) -> bool:
        if self.database_is_down:
            raise OperationalError("the database is down")
        if username == INGEST_USER:
            return password == INGEST_PASSWORD
        return client_id == username and self.passwords.get(username) == password

    def ended_logins(self, open_logins: Mapping[str, str]) -> set[str]:
        self.rechecks.release()
        if self.database_is_down:
            raise OperationalError("the database is down")
        devices = {name: secret for name, secret in open_logins.items() if name != INGEST_USER}
        return {name for name, secret in devices.items() if self.passwords.get(name) != secret}


@contextmanager
def running_broker(folder: Path, port: int = 0) -> Iterator[RunningBroker]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    broker = RunningBroker(port, ensure_certificates(folder))
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    serving = serve(
        "127.0.0.1",
        port,
        broker.certificates,
        check_login=broker.check_login,
        ended_logins=broker.ended_logins,
        may_use_topic=may_use_topic,  # type: ignore[arg-type]
        stop=stop,
        on_started=started.set,
    )
    thread = threading.Thread(target=lambda: asyncio.Runner(loop_factory=lambda: loop).run(serving))
    thread.start()
    assert started.wait(TIMEOUT_S)
    try:
        yield broker
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()


class Client:
    """A paho client whose events a test can wait for."""

    def __init__(self, broker: RunningBroker, username: str, password: str, **options: Any) -> None:
        self.broker = broker
        self.received: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.connected: queue.Queue[int] = queue.Queue()
        self.disconnected = threading.Event()
        self.subscribed: queue.Queue[list[int]] = queue.Queue()
        self.acknowledged: queue.Queue[int] = queue.Queue()
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=options.pop("client_id", username),
            clean_session=options.pop("clean_session", True),
            manual_ack=options.pop("manual_ack", False),
            reconnect_on_failure=False,
        )
        assert not options
        self.paho.username_pw_set(username, password)
        self.paho.tls_set(str(broker.certificates.ca_file))
        self.paho.on_message = lambda client, data, message: self.received.put(message)
        self.paho.on_connect = lambda client, data, flags, code, props: self.connected.put(code.value)
        self.paho.on_disconnect = lambda *arguments: self.disconnected.set()
        self.paho.on_subscribe = lambda client, data, mid, codes, props: self.subscribed.put(
            [code.value for code in codes]
        )
        self.paho.on_publish = lambda client, data, mid, code, props: self.acknowledged.put(mid)

    def connect(self, keepalive_s: int = 60) -> int:
        """Connect and return CONNACK's code: 0 is in."""
        self.paho.connect("127.0.0.1", self.broker.port, keepalive_s)
        self.paho.loop_start()
        return self.connected.get(timeout=TIMEOUT_S)

    def subscribe(self, topic: str) -> list[int]:
        self.paho.subscribe(topic, qos=1)
        return self.subscribed.get(timeout=TIMEOUT_S)

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1 and wait for the broker's acknowledgement."""
        self.paho.publish(topic, payload, qos=1, retain=retain)
        self.acknowledged.get(timeout=TIMEOUT_S)

    def next_payload(self) -> bytes:
        return self.received.get(timeout=TIMEOUT_S).payload

    def vanish(self) -> None:
        """End without saying goodbye, as a device that loses its power does (but its router notices)."""
        connection = self.paho.socket()
        assert connection is not None
        connection.shutdown(socket.SHUT_RDWR)
        assert self.disconnected.wait(TIMEOUT_S)
        self.paho.loop_stop()

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()
