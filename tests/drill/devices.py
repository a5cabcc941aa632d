"""Devices of the drill: they produce readings, keep them until `committed` names them, and remember what they made.

The outbox is the simulated fleet's, with shorter timers. The ledger here never forgets: it is what the database
is compared with.
"""

from __future__ import annotations

import json
import random
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from demo import outbox
from demo.outbox import Outbox, OutgoingBatch
from devices.services import ProvisionedDevice

INTERVAL_MS = 5_000
BEGINS_BEFORE_NOW_MS = 5 * 24 * 3_600_000
REPLAY_FLAG = 128


def set_outbox_for_a_drill() -> None:
    """For this whole process. A round lasts seconds, not hours; and ingest treats large messages differently."""
    outbox.FIRST_RESEND_S, outbox.LONGEST_RESEND_S = 1.5, 6.0
    outbox.BACKLOG_BATCH = 300


def values_of(seq: int) -> dict[str, float]:
    """What a reading says; a function of its number, so that a stored row can be checked."""
    return {
        "co2_ppm": 40_000.0 + (seq * 37) % 60_000,
        "temperature_c": 160.0 + seq % 64,
        "velocity_ms": 2.0 + (seq % 16) / 8,
        "pressure_pa": 79_500.0,
    }


@dataclass(slots=True)
class Mischief:
    """What goes wrong on this device's own side, while it lasts."""

    lost_answers: float = 0.0  # share of `committed` that never arrives
    repeats: float = 0.0  # share of messages sent twice, the second time late and out of order


@dataclass(slots=True)
class Ledger:
    """All that a device ever made: time by seq, and what the server refused for good, with its reason."""

    t_ms: dict[int, int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


class DrillDevice:
    def __init__(self, provisioned: ProvisionedDevice, port: int, rng: random.Random) -> None:
        self.device_id = provisioned.device_id
        self.stream = rng.getrandbits(32)
        self.ledger = Ledger()
        self.mischief = Mischief()
        self.sent_messages = 0
        self._rng = rng
        self._outbox = Outbox(self.stream, INTERVAL_MS, capacity=1_000_000)
        self._lock = threading.Lock()
        self._t_ms = time.time_ns() // 1_000_000 - BEGINS_BEFORE_NOW_MS
        self._recent: deque[bytes] = deque(maxlen=40)
        self._topics = provisioned.topics
        self._is_up = False
        self._client = self._connect(provisioned, port)

    def _connect(self, provisioned: ProvisionedDevice, port: int) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.device_id, protocol=mqtt.MQTTv311)
        client.username_pw_set(provisioned.username, provisioned.password)
        client.tls_set_context(ssl.create_default_context(cafile=provisioned.ca_file))
        client.max_inflight_messages_set(1_000)
        client.reconnect_delay_set(1, 1)
        client.connect_timeout = 2.0
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.connect_async("127.0.0.1", port, keepalive=5)
        client.loop_start()
        return client

    # --- callbacks, in the client's thread ---
    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe(self._topics["committed"], qos=1)
            self._is_up = True

    def _on_disconnect(self, *_arguments: Any) -> None:
        self._is_up = False
        with self._lock:
            self._outbox.connection_lost()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        answer = json.loads(message.payload)
        with self._lock:
            if self._rng.random() < self.mischief.lost_answers or answer["stream"] != self.stream:
                return
            refused = [(low, high, str(reason)) for low, high, reason in answer["refused"]]
            for low, high, reason in refused:
                self.ledger.refused |= dict.fromkeys(range(low, high + 1), reason)
            self._outbox.settle(answer["stream"], [tuple(pair) for pair in answer["ranges"]], refused)

    # --- called by the drill's loop ---
    def jump_clock(self, by_ms: int) -> None:
        self._t_ms += by_ms

    def produce(self, count: int) -> None:
        with self._lock:
            for _ in range(count):
                self._t_ms += INTERVAL_MS
                self._outbox.add(self._t_ms)
                self.ledger.t_ms[self._outbox.last_seq] = self._t_ms

    def produce_in_the_future(self) -> None:
        """A reading that has to be refused: the clock is an hour ahead for a moment."""
        with self._lock:
            t_ms = time.time_ns() // 1_000_000 + 3_600_000
            self._outbox.add(t_ms)
            self.ledger.t_ms[self._outbox.last_seq] = t_ms

    def send(self) -> None:
        """All that the outbox lets go now."""
        payloads = []
        with self._lock:
            now_s = time.monotonic()
            self._outbox.expire(now_s)
            while self._is_up and (batch := self._outbox.next_batch(now_s)) is not None:
                payloads.append(self._payload(batch))
        for payload in payloads:
            self._publish(payload)
            self._recent.append(payload)
            if self._rng.random() < self.mischief.repeats:
                self._publish(self._rng.choice(self._recent))
                self._publish(payload)

    def _publish(self, payload: bytes) -> None:
        self._client.publish(self._topics["readings"], payload, qos=1)
        self.sent_messages += 1

    def _payload(self, batch: OutgoingBatch) -> bytes:
        flags = REPLAY_FLAG if batch.is_replay else 0
        readings = [{"seq": e.seq, "t": e.t_ms, "flags": flags} | values_of(e.seq) for e in batch.entries]
        message = {"v": 1, "stream": self.stream, "interval_s": INTERVAL_MS / 1000, "readings": readings}
        return json.dumps(message).encode()

    @property
    def unanswered(self) -> int:
        with self._lock:
            return len(self._outbox)

    @property
    def given_up(self) -> int:
        """Readings that the device itself let go of: `no_answer`, or a full outbox."""
        with self._lock:
            no_answer = sum(1 for _seq, reason in self._outbox.refused if reason == "no_answer")
            return no_answer + self._outbox.lost_count

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
