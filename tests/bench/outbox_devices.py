"""Many devices with an outbox, in one thread: what they made is theirs until `committed` names it. No Django here.

    python -m tests.bench.outbox_devices <settings as JSON> <file of "device id, blank, password" lines>

The rules are those of docs/wire-format.md: a window of a few messages with old readings, one place more for live
ones, a resend timer of 15 s that doubles. Standard input commands all devices together:

    live         measure once an interval from now on, each device at a moment of its own
    hold         measure no more
    backlog <n>  an outage is over: each device has n readings that it could not send, the last one a minute old
    count        answers "<made> <unanswered> <messages sent> <sent again> <refused>"
    ledger <f>   writes "device id, stream, seq, t, CO2" lines of all that was made to this file, answers "written"
    stop
"""

# ruff: noqa: T201  # it answers on standard output
from __future__ import annotations

import heapq
import json
import os
import random
import selectors
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

FIRST_RESEND_S, LONGEST_RESEND_S = 15.0, 300.0
LIVE_BATCH = 12
REPLAYED = 128
CONNECT_TIMEOUT_S = 30.0
LOOK_AFTER_S = 0.5  # how often timers are looked after

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """What all devices have in common."""

    host: str
    port: int
    ca_file: str
    interval_s: float = 5.0
    per_message: int = 500  # of old readings
    window: int = 2  # messages with old readings that may be unanswered


@dataclass(slots=True, eq=False)
class Flight:
    """A message on its way, by its readings that have no answer yet."""

    seqs: set[int]
    is_live: bool
    attempts: int
    resend_at_s: float


def co2_ppm_of(seq: int) -> float:
    return 40_000.0 + (seq * 37) % 60_000 + 0.5 * (seq % 2)


class OutboxDevice:
    def __init__(self, settings: FleetSettings, device_id: str, password: str, rng: random.Random) -> None:
        self.settings, self.device_id = settings, device_id
        self.stream = rng.getrandbits(32)
        self.t_ms = [0]  # by seq, which starts at 1
        self.sent_count = self.again_count = self.refused_count = 0
        self.is_ready = self.is_waiting_to_write = False
        self.offset_s = rng.random() * settings.interval_s
        self._old: deque[int] = deque()  # never sent
        self._live: deque[int] = deque()  # never sent, newest last
        self._again: deque[tuple[set[int], int]] = deque()
        self._flights: list[Flight] = []
        self._unanswered: set[int] = set()
        self._topic = f"carbontrack/v1/{device_id}/readings"
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device_id, protocol=mqtt.MQTTv311)
        self.client.username_pw_set(device_id, password)
        if settings.ca_file:
            self.client.tls_set(ca_certs=settings.ca_file)
        self.client.max_inflight_messages_set(1_000)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.connect(settings.host, settings.port, keepalive=60)

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            sys.exit(f"the broker refuses {self.device_id}: {reason}")
        client.subscribe(f"carbontrack/v1/{self.device_id}/committed", qos=1)

    def _on_subscribe(self, *_arguments: Any) -> None:
        self.is_ready = True

    # --- measuring ---
    @property
    def made_count(self) -> int:
        return len(self.t_ms) - 1

    @property
    def unanswered_count(self) -> int:
        return len(self._unanswered)

    def measure(self, t_ms: int) -> None:
        self.t_ms.append(t_ms)
        self._unanswered.add(self.made_count)
        self._live.append(self.made_count)
        while len(self._live) > LIVE_BATCH:  # too old by now for the place that is kept for live readings
            self._old.append(self._live.popleft())

    def end_outage(self, count: int, now_ms: int) -> None:
        """The readings of `count` intervals until a minute ago."""
        step_ms = round(self.settings.interval_s * 1000)
        first, last_ms = len(self.t_ms), now_ms - 60_000
        self.t_ms += range(last_ms - (count - 1) * step_ms, last_ms + 1, step_ms)
        self._unanswered.update(range(first, len(self.t_ms)))
        self._old.extend(range(first, len(self.t_ms)))

    # --- sending ---
    def send(self, now_s: float) -> None:
        """All that may go now."""
        while self.client.socket() is not None:
            picked = self._pick()
            if picked is None:
                return
            seqs, is_live, attempts = picked
            wait_s = min(LONGEST_RESEND_S, FIRST_RESEND_S * 2 ** min(attempts - 1, 10))
            self._flights.append(Flight(set(seqs), is_live, attempts, now_s + wait_s))
            self.client.publish(self._topic, self._payload(sorted(seqs), is_live=is_live), qos=1)
            self.sent_count += 1

    def _pick(self) -> tuple[list[int] | set[int], bool, int] | None:
        if self._live and not any(flight.is_live for flight in self._flights):
            return [self._live.pop() for _ in range(min(LIVE_BATCH, len(self._live)))], True, 1
        if sum(not flight.is_live for flight in self._flights) >= self.settings.window:
            return None
        if self._again:
            seqs, attempts = self._again.popleft()
            self.again_count += 1
            return seqs, False, attempts + 1
        if self._old:
            size = min(self.settings.per_message, len(self._old))
            return [self._old.popleft() for _ in range(size)], False, 1
        return None

    def _payload(self, seqs: list[int], *, is_live: bool) -> bytes:
        flags = 0 if is_live else REPLAYED
        readings = [
            {
                "seq": seq,
                "t": self.t_ms[seq],
                "co2_ppm": co2_ppm_of(seq),
                "temperature_c": 160.0 + seq % 64 / 2,
                "velocity_ms": 2.0 + (seq % 16) / 8,
                "pressure_pa": 79_480 + seq % 100,
                "flags": flags,
            }
            for seq in seqs
        ]
        return _encode({"v": 1, "stream": self.stream, "interval_s": self.settings.interval_s, "readings": readings})

    # --- answers ---
    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        answer = _decode(message.payload)
        if answer["stream"] != self.stream:
            return
        named: set[int] = set()
        for low, high in answer["ranges"]:
            named.update(range(low, high + 1))
        for low, high, _reason in answer["refused"]:
            named.update(range(low, high + 1))
            self.refused_count += high - low + 1
        self._unanswered -= named
        for flight in self._flights:
            flight.seqs -= named
        self._flights = [flight for flight in self._flights if flight.seqs]

    def look_after(self, now_s: float) -> None:
        """What had no answer in time waits to be sent again."""
        late = [flight for flight in self._flights if flight.resend_at_s <= now_s]
        for flight in late:
            self._flights.remove(flight)
            self._again.append((flight.seqs, flight.attempts))
        self.client.loop_misc()
        if self.client.socket() is None:
            sys.exit(f"{self.device_id} lost its connection")


@dataclass(slots=True)
class Fleet:
    settings: FleetSettings
    devices: list[OutboxDevice] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _due: list[tuple[float, int]] = field(default_factory=list)  # when which device measures
    _looked_at_s: float = 0.0
    _is_stopping: bool = False

    def connect(self, logins: list[tuple[str, str]]) -> None:
        rng = random.Random(20_261_122)
        for device_id, password in logins:
            device = OutboxDevice(self.settings, device_id, password, rng)
            self.devices.append(device)
            self._selector.register(device.client.socket(), selectors.EVENT_READ, device)  # type: ignore[arg-type]
        deadline_s = time.monotonic() + CONNECT_TIMEOUT_S
        while not all(device.is_ready for device in self.devices):
            if time.monotonic() > deadline_s:
                sys.exit("not all devices are connected")
            self._serve(0.05)
        os.set_blocking(sys.stdin.fileno(), False)
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)

    def run(self) -> None:
        while not self._is_stopping:
            now_s = time.monotonic()
            while self._due and self._due[0][0] <= now_s:
                at_s, number = heapq.heappop(self._due)
                self.devices[number].measure(time.time_ns() // 1_000_000)
                self._send(self.devices[number])
                heapq.heappush(self._due, (at_s + self.settings.interval_s, number))
            if now_s - self._looked_at_s > LOOK_AFTER_S:
                self._looked_at_s = now_s
                for device in self.devices:
                    device.look_after(now_s)
                    self._send(device)
            self._serve(max(0.0, min(LOOK_AFTER_S, self._due[0][0] - now_s if self._due else LOOK_AFTER_S)))

    def _serve(self, timeout_s: float) -> None:
        for key, events in self._selector.select(timeout_s):
            device: OutboxDevice | None = key.data
            if device is None:
                for line in sys.stdin.read().splitlines():
                    self._obey(line.split())
                continue
            if events & selectors.EVENT_READ:
                device.client.loop_read()
            if events & selectors.EVENT_WRITE:
                device.client.loop_write()
            self._send(device)

    def _send(self, device: OutboxDevice) -> None:
        """All that may go, and what does not fit into the socket when there is room again."""
        device.send(time.monotonic())
        sock, is_waiting = device.client.socket(), device.client.want_write()
        if sock is not None and is_waiting != device.is_waiting_to_write:
            device.is_waiting_to_write = is_waiting
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if is_waiting else 0)
            self._selector.modify(sock, events, device)

    def _obey(self, words: list[str]) -> None:
        match words:
            case ["live"]:
                now_s = time.monotonic()
                self._due = [(now_s + device.offset_s, number) for number, device in enumerate(self.devices)]
                heapq.heapify(self._due)
            case ["hold"]:
                self._due = []
            case ["backlog", count]:
                for device in self.devices:
                    device.end_outage(int(count), time.time_ns() // 1_000_000)
                self._looked_at_s = 0.0
            case ["count"]:
                found = (
                    (d.made_count, d.unanswered_count, d.sent_count, d.again_count, d.refused_count)
                    for d in self.devices
                )
                print(*(sum(column) for column in zip(*found, strict=True)), flush=True)
            case ["ledger", path]:
                self._write_ledger(path)
                print("written", flush=True)
            case _:
                self._is_stopping = True

    def _write_ledger(self, path: str) -> None:
        with open(path, "w") as ledger:
            for d in self.devices:
                ledger.writelines(
                    f"{d.device_id}\t{d.stream}\t{seq}\t{d.t_ms[seq]}\t{co2_ppm_of(seq)}\n"
                    for seq in range(1, len(d.t_ms))
                )


def main() -> None:
    settings = FleetSettings(**json.loads(sys.argv[1]))
    with open(sys.argv[2]) as logins:
        pairs = [(line.split()[0], line.split()[1]) for line in logins]
    fleet = Fleet(settings)
    fleet.connect(pairs)
    print("ready", flush=True)
    fleet.run()
    for device in fleet.devices:
        device.client.disconnect()


if __name__ == "__main__":
    main()
