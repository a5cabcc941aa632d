"""One simulated device: measures at its own times, builds its messages and reads the server's messages.

It decides what a message contains and what an answer changes. The connection is in `link.py`, the times of sending in
`fleet.py` and `outbox.py`, the chimney's values in `simulator.py`.
"""

import json
import secrets
from dataclasses import asdict

import msgspec

from demo import simulator
from demo.cast import PlannedDevice
from demo.fleet_files import Progress
from demo.outbox import Outbox, OutgoingBatch
from mqtt_ingest.topics import Kind, format_topic
from science import readings

INTERVAL_MS = 5_000
FIRMWARE = "sim-1.0.0"
FIRST_FILL_MS = 30 * 60 * 1000
# After a history that ends two hours ago, or a short pause, the device sends everything that the outbox can hold.
LONGEST_FILL_MS = 3 * 3600 * 1000 + 50 * 60 * 1000
# During a longer pause (a laptop that slept) a device measured nothing, so that time stays a gap.
LONGEST_LAG_MS = 60_000
PHASES = 67
OFFLINE_PAYLOAD = b'{"v":1,"online":false}'


class _Committed(msgspec.Struct):
    """The server's answer (`docs/wire-format.md`)."""

    stream: int
    ranges: list[tuple[int, int]] = []
    refused: list[tuple[int, int, str]] = []


class Command(msgspec.Struct):
    id: str
    kind: str = ""
    ca: str = ""


_decode_committed = msgspec.json.Decoder(_Committed).decode
_decode_command = msgspec.json.Decoder(Command).decode


class SimulatedDevice:
    """A device that is switched on at `now_ms`; `before` is the stored state of its last run."""

    def __init__(
        self, planned: PlannedDevice, *, now_ms: int, before: Progress | None = None, anchor_day: int | None = None
    ) -> None:
        self.planned = planned
        self.profile = simulator.profile_of(planned, anchor_day)
        self.before = before
        self.outbox = Outbox(stream=secrets.randbits(32), interval_ms=INTERVAL_MS)
        self._booted_ms = now_ms
        # Each device has its own moment within the five seconds, so that they do not all send at once.
        self._phase_ms = planned.index * INTERVAL_MS // PHASES % INTERVAL_MS
        self._has_fault = False
        self.acks: list[bytes] = []
        self._answered: dict[str, bytes] = {}
        self.next_t_ms = self._on_beat(now_ms)
        self.outbox.add_fill(range(self._fill_from_ms(now_ms), self.next_t_ms, INTERVAL_MS))

    @property
    def device_id(self) -> str:
        return self.planned.device_id

    @property
    def progress(self) -> Progress | None:
        """The state to store for the next run."""
        settled = self.outbox.settled
        if settled is None:
            return self.before
        seq, t_ms = settled
        return Progress(t_ms=t_ms, stream=self.outbox.stream, seq=seq)

    def topic(self, kind: Kind) -> str:
        return format_topic(self.device_id, kind)

    # --- Measuring -----------------------------------------------------------------------------
    def measure(self, now_ms: int) -> bytes | None:
        """Put what is due into the outbox; returns an alert to publish when the sensor has just failed."""
        if not -2 * INTERVAL_MS < now_ms - self.next_t_ms < LONGEST_LAG_MS:
            self.next_t_ms = self._on_beat(now_ms)  # the clock was set, or the machine slept
        alert = None
        while self.next_t_ms <= now_ms:
            t_ms = self.next_t_ms
            self.outbox.add(t_ms)
            self.next_t_ms += INTERVAL_MS
            has_fault = simulator.has_sensor_fault(self.profile, t_ms)
            if has_fault and not self._has_fault:
                alert = json.dumps({"v": 1, "t": t_ms, "kind": "sensor_fault"}).encode()
            self._has_fault = has_fault
        return alert

    def resume(self, now_ms: int) -> None:
        """The firmware's node ran this device until now, so it measured in the meantime."""
        self.next_t_ms = self._on_beat(now_ms)

    def _on_beat(self, t_ms: int) -> int:
        """This device's first measuring time at or after `t_ms`."""
        return t_ms + (self._phase_ms - t_ms) % INTERVAL_MS

    def _fill_from_ms(self, now_ms: int) -> int:
        """Start of the simulated past: the end of the last run; half an hour ago if unknown or too long ago."""
        if self.before is not None and now_ms - LONGEST_FILL_MS < self.before.t_ms < now_ms:
            return self._on_beat(self.before.t_ms + 1)
        return self._on_beat(now_ms - FIRST_FILL_MS)

    # --- What it says --------------------------------------------------------------------------
    def readings_payload(self, batch: OutgoingBatch) -> bytes:
        return msgspec.json.encode(
            {
                "v": 1,
                "stream": self.outbox.stream,
                "interval_s": INTERVAL_MS // 1000,
                "readings": [
                    self._reading(entry.seq, entry.t_ms, readings.REPLAYED if batch.is_replay else 0)
                    for entry in batch.entries
                ],
            }
        )

    def _reading(self, seq: int, t_ms: int, extra_flags: int) -> dict[str, float | None]:
        values = simulator.values_at(self.profile, t_ms)
        return {"seq": seq, "t": t_ms, **asdict(values), "flags": values.flags | extra_flags}

    def status_payload(self, now_ms: int) -> bytes:
        planned = self.planned
        status = {
            "v": 1,
            "online": True,
            "stream": self.outbox.stream,
            "firmware": FIRMWARE,
            "sensor": planned.sensor,
            "range_ppm": planned.range_ppm,
            "co2_basis": planned.co2_basis,
            "pressure_compensation": planned.compensation,
            "uptime_s": max(0, now_ms - self._booted_ms) // 1000,
            "rssi_dbm": -52 - planned.index * 7 % 30,
            "supply_v": round(3.7 + planned.index * 3 % 7 * 0.05, 2),
            "outbox": len(self.outbox),
            "refused": self.outbox.refused_count,
            "undatable": 0,
            "reset_reason": "poweron",
        }
        if self.before is not None:
            status["previous"] = {"stream": self.before.stream, "seq": self.before.seq}
        return json.dumps(status).encode()

    # --- What it hears ---------------------------------------------------------------------------
    def take_committed(self, payload: bytes) -> None:
        """Free the readings that the server has; an unreadable message frees nothing."""
        try:
            answer = _decode_committed(payload)
        except msgspec.DecodeError:
            return
        self.outbox.settle(answer.stream, answer.ranges, answer.refused)

    def take_command(self, payload: bytes) -> Command | None:
        """A command to carry out; one that was answered before is only answered again."""
        try:
            command = _decode_command(payload)
        except msgspec.DecodeError:
            return None
        if command.id in self._answered:
            self.acks.append(self._answered[command.id])
            return None
        return command

    def answer(self, command_id: str, error: str | None) -> None:
        """What became of a command; `acks` waits for a connection."""
        ack = {"v": 1, "id": command_id, "ok": error is None, "error": error and error[:200]}
        self._answered[command_id] = json.dumps(ack).encode()
        self.acks.append(self._answered[command_id])
