"""The loop that drives all simulated devices: one thread, one selector, a connection for each device.

Decides the times: when a device measures, sends, resends, reconnects, and when progress is written to disk.
A device's messages are in `simulated_device.py`, its unsent readings in `outbox.py`, its connection in `link.py`.
"""

import dataclasses
import heapq
import logging
import selectors
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from paho.mqtt.client import MQTTMessageInfo

from demo import firmware_files, fleet_files
from demo.link import BrokerPlace, Connector, Link, LinkState
from demo.simulated_device import OFFLINE_PAYLOAD, Command, SimulatedDevice
from lib import watchdog
from mqtt_ingest.topics import Kind

logger = logging.getLogger(__name__)

# The first connections are spread over this time, so that broker, ingest and pages are not overloaded at the start.
CONNECT_SPREAD_S = 8.0
HOUSEKEEPING_S = 0.5
KEEP_ALIVE_CHECK_S = 5.0
STATUS_EVERY_S = 15 * 60.0
SAVE_EVERY_S = 30.0
GOODBYE_S = 1.0
LAST_FLUSH_S = 0.3


class Fleet:
    """All devices and their connections. `stop` may be called from a signal handler or another thread."""

    def __init__(
        self,
        devices: Sequence[SimulatedDevice],
        passwords: Mapping[str, str],
        place: BrokerPlace,
        *,
        data_dir: Path,
        connect_spread_s: float = CONNECT_SPREAD_S,
    ) -> None:
        self.links = [Link(device, passwords[device.device_id], place) for device in devices]
        self.sent_count = 0
        self._data_dir = data_dir
        self._selector = selectors.DefaultSelector()
        self._registered: dict[Link, tuple[Any, int]] = {}
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._wake_receiver.setblocking(False)
        self._wake_sender.setblocking(False)
        self._selector.register(self._wake_receiver, selectors.EVENT_READ)
        self._connector = Connector(self._wake)
        self._stopping = False
        self._lost_count = 0
        start_s = time.monotonic()
        self._status_due_s: dict[Link, float] = {}
        self._housekeeping_due_s = self._keep_alive_due_s = start_s
        self._save_due_s = start_s + SAVE_EVERY_S
        self._beats: list[tuple[int, int]] = []
        self._plan_beats()
        for index, link in enumerate(self.links):
            link.on_up, link.on_message, link.on_closing = self._greet, self._hear, self._unregister
            link.retry_at_s = start_s + connect_spread_s * index / max(1, len(self.links))

    def stop(self) -> None:
        self._stopping = True
        self._wake()

    def run(self, max_s: float | None = None) -> None:
        """Run until `stop`, or for so many seconds; then disconnect cleanly and store progress."""
        ends_at_s = time.monotonic() + max_s if max_s is not None else None
        try:
            while not self._stopping and (ends_at_s is None or time.monotonic() < ends_at_s):
                self._step(self._seconds_to_wait(ends_at_s))
            self._say_goodbye()
        finally:
            self._save()
            self._connector.close()
            self._selector.close()
            self._wake_receiver.close()
            self._wake_sender.close()

    # --- The loop --------------------------------------------------------------------------------
    def _step(self, timeout_s: float) -> None:
        self._wait_and_serve(timeout_s)
        self._measure_due()
        now_s = time.monotonic()
        if now_s >= self._housekeeping_due_s:
            self._housekeeping_due_s = now_s + HOUSEKEEPING_S
            watchdog.beat()
            self._release_wanted()
            self._take_back()
            self._look_after_links(now_s)
        if now_s >= self._save_due_s:
            self._save_due_s = now_s + SAVE_EVERY_S
            self._save()

    def _seconds_to_wait(self, ends_at_s: float | None) -> float:
        now_s = time.monotonic()
        waits = [self._housekeeping_due_s - now_s]
        if self._beats:
            waits.append(self._beats[0][0] / 1000.0 - time.time())
        if ends_at_s is not None:
            waits.append(ends_at_s - now_s)
        return max(0.0, min(waits))

    def _wait_and_serve(self, timeout_s: float) -> None:
        for key, events in self._selector.select(timeout_s):
            if key.fileobj is self._wake_receiver:
                self._wake_receiver.recv(4096)
            else:
                self._serve(key.data, events)
        while self._connector.finished:
            link, client = self._connector.finished.popleft()
            if isinstance(client, OSError):
                logger.debug("%s cannot connect: %s", link.device.device_id, client)
                self._down(link)
            else:
                link.client, link.state = client, LinkState.GREETING
                self._watch(link)

    def _serve(self, link: Link, events: int) -> None:
        is_alive = True
        if events & selectors.EVENT_READ:
            is_alive = link.read()
        if is_alive:
            self._flush(link)
        else:
            self._down(link)

    def _measure_due(self) -> None:
        now_ms = time.time_ns() // 1_000_000
        while self._beats and self._beats[0][0] <= now_ms:
            _due_ms, index = heapq.heappop(self._beats)
            link = self.links[index]
            if link.is_released:
                continue
            alert = link.device.measure(now_ms)
            heapq.heappush(self._beats, (link.device.next_t_ms, index))
            if alert is not None:
                link.publish(Kind.ALERTS, alert)
            self._send_waiting(link)

    def _look_after_links(self, now_s: float) -> None:
        if self._lost_count:  # one log line for all: a restarting broker drops the whole fleet
            logger.info("%d devices lost their connection and try again", self._lost_count)
            self._lost_count = 0
        checks_connections = now_s >= self._keep_alive_due_s
        if checks_connections:
            self._keep_alive_due_s = now_s + KEEP_ALIVE_CHECK_S
            self._realign_beats()
        for link in self.links:
            if link.is_released:
                continue
            if link.state is LinkState.DOWN:
                if now_s >= link.retry_at_s:
                    self._connector.open(link)
                continue
            if link.state is LinkState.CONNECTING:
                continue
            if checks_connections and not link.keep_alive():
                self._down(link)
                continue
            if link.state is LinkState.UP:
                link.device.outbox.expire(now_s)
                if now_s >= self._status_due_s.get(link, 0.0):
                    self._publish_status(link)
                self._send_waiting(link)

    def _release_wanted(self) -> None:
        """Release the device for the firmware's node, once all its past readings have an answer."""
        device_id = firmware_files.wanted(self._data_dir)
        for link in self.links if device_id else ():
            is_settled = link.state is LinkState.UP and len(link.device.outbox) == 0
            if link.device.device_id != device_id or link.is_released or not is_settled or link.client is None:
                continue
            link.is_released = True
            link.client.disconnect()  # a clean DISCONNECT sends no last will, because the node takes over
            link.write()
            self._unregister(link)
            link.went_down(time.monotonic())
            firmware_files.release(self._data_dir, device_id)
            logger.info("%s is the firmware's node from here on", device_id)

    def _take_back(self) -> None:
        """The node has given up: simulate its device again from now on."""
        if not any(link.is_released for link in self.links):
            return
        released = firmware_files.released(self._data_dir)
        for link in self.links:
            if not link.is_released or link.device.device_id == released:
                continue
            link.is_released = False
            link.device.resume(time.time_ns() // 1_000_000)
            self._plan_beats()
            logger.info("%s is simulated again", link.device.device_id)

    def _plan_beats(self) -> None:
        self._beats = [(link.device.next_t_ms, index) for index, link in enumerate(self.links)]
        heapq.heapify(self._beats)

    def _realign_beats(self) -> None:
        """After the clock was set back, the next measurement would be far away: measure again from now on."""
        now_ms = time.time_ns() // 1_000_000
        if self._beats and self._beats[0][0] > now_ms + 60_000:
            for link in self.links:
                if not link.is_released:
                    link.device.measure(now_ms)
            self._plan_beats()

    # --- One device ------------------------------------------------------------------------------
    def _greet(self, link: Link) -> None:
        """The broker has accepted the device. Called while paho reads; `_serve` flushes the queued packets."""
        client = link.client
        if client is None:
            return
        device = link.device
        logger.debug("%s is connected", device.device_id)
        client.subscribe([(device.topic(Kind.COMMITTED), 1), (device.topic(Kind.COMMANDS), 1)])
        self._publish_status(link)
        self._publish_acks(link)
        self._queue_waiting(link)

    def _publish_status(self, link: Link) -> None:
        self._status_due_s[link] = time.monotonic() + STATUS_EVERY_S
        link.publish(Kind.STATUS, link.device.status_payload(time.time_ns() // 1_000_000), retain=True)

    def _send_waiting(self, link: Link) -> None:
        if link.state is LinkState.UP:
            self._queue_waiting(link)
            self._flush(link)

    def _queue_waiting(self, link: Link) -> None:
        now_s = time.monotonic()
        while (batch := link.device.outbox.next_batch(now_s)) is not None:
            link.publish(Kind.READINGS, link.device.readings_payload(batch))
            self.sent_count += len(batch.entries)

    def _hear(self, link: Link, topic: str, payload: bytes) -> None:
        if topic.endswith(f"/{Kind.COMMITTED}"):
            link.device.take_committed(payload)
        elif topic.endswith(f"/{Kind.COMMANDS}"):
            command = link.device.take_command(payload)
            if command is not None:
                self._carry_out(link, command)
            self._publish_acks(link)

    def _carry_out(self, link: Link, command: Command) -> None:
        """`set_ca` alone, so that a roll-over can be tried; the answer comes over the next connection."""
        if command.kind != "set_ca":
            link.device.answer(command.id, f"a simulated device does not carry out {command.kind}")
            return
        try:
            link.trust(command.ca, command.id)
        except ssl.SSLError as error:
            link.device.answer(command.id, f"ca must be certificates in PEM form ({error})")
            return
        if link.client is not None:
            link.client.disconnect()

    def _publish_acks(self, link: Link) -> None:
        while link.state is LinkState.UP and link.device.acks:
            link.publish(Kind.ACKS, link.device.acks.pop(0))

    def _down(self, link: Link) -> None:
        was_up = link.state is LinkState.UP
        self._unregister(link)
        link.went_down(time.monotonic())
        link.device.outbox.connection_lost()
        if link.was_refused:
            logger.warning("%s: the broker refuses its login", link.device.device_id)
        self._lost_count += was_up

    # --- Sockets ---------------------------------------------------------------------------------
    def _watch(self, link: Link) -> None:
        """Wait for this connection's socket: always to read, to write while data is left."""
        client = link.client
        connection = client.socket() if client is not None else None
        if client is None or connection is None:
            self._down(link)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.want_write() else 0)
        known = self._registered.get(link)
        if known is None:
            self._selector.register(connection, events, link)
        elif known[1] != events:
            self._selector.modify(connection, events, link)
        self._registered[link] = (connection, events)

    def _unregister(self, link: Link) -> None:
        known = self._registered.pop(link, None)
        if known is not None:
            self._selector.unregister(known[0])

    def _flush(self, link: Link) -> None:
        if link.client is None:
            return
        if link.write():
            self._watch(link)
        else:
            self._down(link)

    def _wake(self) -> None:
        with suppress(OSError):  # a full pipe wakes the loop anyway; a closed pipe means that the loop has ended
            self._wake_sender.send(b"x")

    # --- The end ---------------------------------------------------------------------------------
    def _say_goodbye(self) -> None:
        """The devices report that they are off line, because a clean disconnect sends no last will."""
        goodbyes: list[tuple[Link, MQTTMessageInfo]] = []
        for link in self.links:
            info = link.publish(Kind.STATUS, OFFLINE_PAYLOAD, retain=True)
            if info is not None:
                goodbyes.append((link, info))
                self._flush(link)
        deadline_s = time.monotonic() + GOODBYE_S
        while goodbyes and time.monotonic() < deadline_s:
            goodbyes = [(link, info) for link, info in goodbyes if link.client and not info.is_published()]
            if goodbyes:
                self._wait_and_serve(max(0.0, deadline_s - time.monotonic()))
        for link in self.links:
            if link.client is not None:
                link.client.disconnect()
                link.write()
        deadline_s = time.monotonic() + LAST_FLUSH_S
        while self._registered and time.monotonic() < deadline_s:
            self._wait_and_serve(max(0.0, deadline_s - time.monotonic()))

    def _save(self) -> None:
        try:
            self._write_progress()
        except OSError as error:  # a full disk; the next start then sends again what is stored already
            logger.warning("Progress is not saved: %s", error)

    def _write_progress(self) -> None:
        kept = fleet_files.load_progress(self._data_dir)  # devices that are not in this fleet
        for link in self.links:
            progress = link.device.progress
            if progress is not None:
                kept[link.device.device_id] = progress
        released = firmware_files.released(self._data_dir)
        if released in kept:  # the node measured until now: the next start must not simulate that time
            kept[released] = dataclasses.replace(kept[released], t_ms=time.time_ns() // 1_000_000)
        fleet_files.save_progress(self._data_dir, kept)
