"""Notices two devices that send with one login: two boots of a device alive at once.

A boot draws a new stream and ends the one before for good. So the newest reading of a device passes from stream to
stream and never comes back: a reboot, late readings of an old outbox and a clock that was put right bring one return at
most (an outbox of a boot whose clock ran ahead). A stream that takes the lead back a second time is alive beside
another. Replayed readings do not count. In memory: two devices take turns at every message, so a restart finds
them again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mqtt_ingest.identify import Arrival
from mqtt_ingest.staging import REPLAYED
from mqtt_ingest.topics import Kind

RETURNS_LIMIT_COUNT = 2
FORGET_AFTER_MS = 24 * 3600 * 1000
STREAMS_KEPT_COUNT = 8
CAPACITY_COUNT = 20_000


@dataclass(slots=True)
class _Boot:
    first_ms: int
    last_ms: int
    returns: int = 0


@dataclass(slots=True)
class _Device:
    leader: int  # the stream of the newest reading
    newest_ms: int
    boots: dict[int, _Boot] = field(default_factory=dict)  # that have led, oldest first


class BootWatch:
    def __init__(self) -> None:
        self._devices: dict[int, _Device] = {}

    def two_alive(self, arrivals: Iterable[Arrival]) -> dict[int, int]:
        """Devices with two boots alive: key -> time [ms] of the first reading of the later boot."""
        found: dict[int, int] = {}
        for arrival in arrivals:
            if arrival.device is None or arrival.parsed.kind is not Kind.READINGS:
                continue
            times = [r.t for r in arrival.parsed.readings if r.seq and not r.flags & REPLAYED]
            if times:
                since_ms = self._note(arrival.device.pk, arrival.parsed.stream, min(times), max(times))
                if since_ms is not None:
                    found.setdefault(arrival.device.pk, since_ms)
        return found

    def _note(self, device_pk: int, stream: int, first_ms: int, last_ms: int) -> int | None:
        device = self._devices.get(device_pk)
        if device is None:
            if len(self._devices) >= CAPACITY_COUNT:
                self._devices.clear()
            boots = {stream: _Boot(first_ms, last_ms)}
            self._devices[device_pk] = _Device(stream, last_ms, boots)
            return None
        if last_ms <= device.newest_ms:
            return None  # late
        device.newest_ms = last_ms
        before, device.leader = device.leader, stream
        boot = device.boots.get(stream)
        if boot is None or boot.last_ms < last_ms - FORGET_AFTER_MS:
            device.boots.pop(stream, None)
            device.boots[stream] = _Boot(first_ms, last_ms)
            if len(device.boots) > STREAMS_KEPT_COUNT:
                del device.boots[next(iter(device.boots))]
            return None
        boot.last_ms = last_ms
        if before == stream:
            return None
        boot.returns += 1
        if boot.returns < RETURNS_LIMIT_COUNT:
            return None
        other = device.boots.get(before, boot)
        return max(boot.first_ms, other.first_ms)


watch = BootWatch()
