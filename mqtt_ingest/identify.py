"""Finds the device of a topic, through a cache with time limits. The broker checks credentials.

A new device must work after a second, and a revoked device must be refused after a few seconds. So a known device is
cached for 5 s, an unknown one for 1 s.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from devices.models import MCUDevice
from mqtt_ingest.choices import Reason
from mqtt_ingest.messages import ParsedMessage, Rejection
from mqtt_ingest.receive import Received
from mqtt_ingest.rules import refuse

FOUND_FOR_S = 5.0
NOT_FOUND_FOR_S = 1.0
CAPACITY_COUNT = 20_000


@dataclass(frozen=True, slots=True)
class DeviceRef:
    """The columns of a device that `store` needs."""

    pk: int
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message with its device: what `store` writes. `device` is None only when nothing in it is stored.

    `counts_as_message` is false for the later parts of a message that had to be split. `is_replay`: it was refused
    before and is kept already.
    """

    received: Received
    parsed: ParsedMessage
    device: DeviceRef | None
    counts_as_message: bool = True
    is_replay: bool = False


class DeviceDirectory:
    """Looks devices up; one query finds all expired ones of a call."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[str, tuple[DeviceRef | None, float]] = {}  # with the time when it expires [s]

    def find(self, device_ids: Iterable[str]) -> dict[str, DeviceRef | None]:
        now_s = self._clock()
        devices: dict[str, DeviceRef | None] = {}
        missing: set[str] = set()
        for device_id in set(device_ids):
            device, stale_at_s = self._entries.get(device_id, (None, 0.0))
            if now_s < stale_at_s:
                devices[device_id] = device
            else:
                missing.add(device_id)
        if missing:
            devices.update(self._look_up(missing, now_s))
        return devices

    def _look_up(self, device_ids: set[str], now_s: float) -> dict[str, DeviceRef | None]:
        rows = MCUDevice.objects.filter(device_id__in=device_ids).values_list("device_id", "pk", "revoked_at")
        devices: dict[str, DeviceRef | None] = dict.fromkeys(device_ids)
        for device_id, pk, revoked_at in rows:
            devices[device_id] = DeviceRef(pk, revoked_at is not None)
        if len(self._entries) + len(devices) > CAPACITY_COUNT:
            # Invented ids must not fill the memory; real ones return with their next message.
            self._entries.clear()
        for device_id, device in devices.items():
            believed_for_s = NOT_FOUND_FOR_S if device is None else FOUND_FOR_S
            self._entries[device_id] = (device, now_s + believed_for_s)
        return devices


def identify(directory: DeviceDirectory, messages: Sequence[tuple[Received, ParsedMessage]]) -> list[Arrival]:
    """Messages with their devices; everything in messages of unknown or revoked devices is refused."""
    devices = directory.find(parsed.device_id for _, parsed in messages if not _has_no_device(parsed))
    arrivals = []
    for received, parsed in messages:
        device = devices.get(parsed.device_id)
        if device is None:
            detail = f"there is no device {parsed.device_id!r}: register it with provision_device"
            parsed = replace(parsed, rejections=()) if parsed.is_foreign else parsed  # it has no profile either
            parsed = refuse_all(parsed, Reason.UNKNOWN_DEVICE, detail)
        elif device.is_revoked and parsed.is_last_will:
            # The server says so itself when the broker cuts a revoked device, and the broker repeats it to each
            # ingest that subscribes: nothing was refused that anybody sent.
            device = None
        elif device.is_revoked:
            parsed = refuse_all(parsed, Reason.REVOKED, f"device {parsed.device_id!r} is revoked")
        arrivals.append(Arrival(received, parsed, device))
    return arrivals


def refuse_all(parsed: ParsedMessage, reason: Reason, detail: str) -> ParsedMessage:
    """The same message with each of its readings refused for `reason`, or the whole message if it has no readings.

    Readings refused before keep their own reason.
    """
    rejections = parsed.rejections + tuple(
        refuse(reading, parsed.stream, (reason, detail)) for reading in parsed.readings
    )
    if not rejections:
        rejections = (Rejection(reason, detail),)
    return replace(parsed, readings=(), channels=(), rejections=rejections, other={})


def _has_no_device(parsed: ParsedMessage) -> bool:
    """Its topic is outside the grammar: no such device can be registered."""
    return len(parsed.rejections) == 1 and parsed.rejections[0].reason == Reason.UNKNOWN_DEVICE
