"""Finds the device and the profile of a foreign topic, through a cache with the time limits of `identify.py`.

Messages of our contract cost one comparison here, and no query.
"""

import time
from collections.abc import Callable, Iterable, Sequence

from django.core.exceptions import ValidationError

from devices.foreign_topics import filters_in_use, patterns_in_use
from devices.models import DeviceProfile, MCUDevice
from devices.profile_spec import device_in, mappings_of, topic_of
from mqtt_ingest.choices import Reason
from mqtt_ingest.foreign import ForeignDevice, refused, translate
from mqtt_ingest.identify import CAPACITY_COUNT, FOUND_FOR_S, NOT_FOUND_FOR_S
from mqtt_ingest.messages import ParsedMessage
from mqtt_ingest.parse import parse
from mqtt_ingest.receive import Received, Receiver
from mqtt_ingest.topics import ROOT

_OURS = f"{ROOT}/"


def is_foreign(topic: str) -> bool:
    return not topic.startswith(_OURS)


def foreign_device(device: MCUDevice, profile: DeviceProfile) -> ForeignDevice:
    """The device as read by a profile, its own or one that is only tried. Reads `device.factory`."""
    try:
        mappings = tuple(mappings_of(profile.mappings))
    except ValidationError:  # written past `profiles.save_profile`: it maps nothing, and must not stop ingest
        mappings = ()
    return ForeignDevice(
        device_id=device.device_id,
        device_pk=device.pk,
        interval_s=profile.interval_s,
        zone=device.factory.zone,
        topic=topic_of(profile.topic, device.device_id),
        status_topic=topic_of(profile.status_topic, device.device_id),
        online_text=profile.online_text,
        offline_text=profile.offline_text,
        time_path=profile.time_path,
        time_format=profile.time_format,
        mappings=mappings,
    )


class ProfileDirectory:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._patterns: list[str] = []
        self._filters: list[str] | None = None
        self._patterns_stale_at_s = 0.0
        # By device id: None for a device that has no profile or does not exist; with the time when it expires [s].
        self._devices: dict[str, tuple[ForeignDevice | None, float]] = {}

    def parse_all(self, messages: Sequence[Received]) -> list[tuple[Received, ParsedMessage]]:
        """Each message with its content, of our contract or by its device's profile."""
        foreign = self._devices_of({one.topic for one in messages if is_foreign(one.topic)})
        return [
            (one, self._translate(one, foreign[one.topic]))
            if foreign and one.topic in foreign
            else (one, parse(one.topic, one.payload, one.received_ms))
            for one in messages
        ]

    def keep_subscribed(self, receiver: Receiver) -> None:
        """Tell the receiver which foreign topics devices use now, when that has changed. Reads it every few seconds."""
        if self._clock() < self._patterns_stale_at_s:
            return
        self._patterns = patterns_in_use()
        filters = filters_in_use() if self._patterns else []
        self._patterns_stale_at_s = self._clock() + FOUND_FOR_S
        if filters != (self._filters or []):
            receiver.follow(filters)
        self._filters = filters

    def _translate(self, one: Received, found: dict[str, ForeignDevice | None]) -> ParsedMessage:
        for device in found.values():
            if device is not None and one.topic in (device.topic, device.status_topic):
                return translate(device, one)
        # Known without a profile for this topic, or unknown: `identify` tells the two apart.
        device_id = next(iter(found))
        return refused(device_id, Reason.NO_PROFILE, f"device {device_id!r} has no profile with topic {one.topic!r}")

    def _devices_of(self, topics: Iterable[str]) -> dict[str, dict[str, ForeignDevice | None]]:
        """By topic: the device ids that may be meant, each with its device. Topics that no pattern reads are left
        out."""
        candidates = {}
        for topic in topics:
            named = {device_in(topic, pattern) for pattern in self._patterns} - {None}
            if named:
                candidates[topic] = sorted(str(name) for name in named)
        if not candidates:
            return {}
        devices = self._find({name for names in candidates.values() for name in names})
        return {topic: {name: devices[name] for name in names} for topic, names in candidates.items()}

    def _find(self, device_ids: set[str]) -> dict[str, ForeignDevice | None]:
        now_s = self._clock()
        missing = {one for one in device_ids if self._devices.get(one, (None, 0.0))[1] <= now_s}
        if missing:
            if len(self._devices) + len(missing) > CAPACITY_COUNT:
                self._devices.clear()  # invented ids must not fill the memory
                missing = device_ids
            self._devices.update(dict.fromkeys(missing, (None, now_s + NOT_FOUND_FOR_S)))
            rows = MCUDevice.objects.filter(device_id__in=missing, profile__isnull=False)
            for device in rows.select_related("profile", "factory"):
                assert device.profile is not None
                self._devices[device.device_id] = (foreign_device(device, device.profile), now_s + FOUND_FOR_S)
        return {one: self._devices[one][0] for one in device_ids}
