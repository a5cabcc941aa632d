"""Device profiles: save, delete, assign, and which topics they open to whom.

A device with a profile publishes on its foreign topics alone. No two devices may publish on one topic, whatever the
organisation: then nobody can speak for another's sensor. What a profile may say is in `profile_spec.py`.
"""

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from devices import broker
from devices.dynsec import BrokerUnreachableError
from devices.foreign_topics import patterns_in_use, patterns_of, topics_of
from devices.models import DeviceProfile, MCUDevice
from devices.profile_spec import TimeFormat, check_path, check_topic, device_in, mappings_of, topic_of
from factories.models import Organisation

logger = logging.getLogger(__name__)

PROFILES_LIMIT_COUNT = 50  # of an organisation: ingest subscribes to the topics of each that a device has
_LOCK = 0x50524F46  # advisory lock: two assignments at once must not open one topic to two devices


@dataclass(frozen=True, slots=True)
class ProfileInput:
    """What people write in a profile; `mappings` as in `profile_spec.Mapping`."""

    name: str
    topic: str
    mappings: list[Any]
    status_topic: str = ""
    online_text: str = "Online"
    offline_text: str = "Offline"
    time_path: str = ""
    time_format: str = TimeFormat.ISO
    interval_s: float = 300.0  # how often it reports: completeness and integrals rest on it


def unsaved(organisation: Organisation, given: ProfileInput) -> DeviceProfile:
    """The checked profile without storing it, for previews. Raises ValidationError by field."""
    for name in ("topic", "status_topic"):
        if name == "topic" or getattr(given, name):
            check_topic(name, getattr(given, name))
    if given.status_topic == given.topic:
        words = _("Values and state come on two topics; leave this one empty if the device has no such topic.")
        raise ValidationError({"status_topic": ValidationError(words, code="same_topic")})
    if given.time_path:
        check_path("time_path", given.time_path)
    if given.status_topic and (not given.online_text or given.online_text == given.offline_text):
        words = _("Give two different texts, as the device writes them.")
        raise ValidationError({"offline_text": ValidationError(words, code="same_text")})
    mappings = [asdict(mapping) for mapping in mappings_of(given.mappings)]
    profile = DeviceProfile(organisation=organisation, **(asdict(given) | {"mappings": mappings}))
    profile.clean_fields()
    return profile


@transaction.atomic
def save_profile(
    organisation: Organisation, given: ProfileInput, user: Any, profile: DeviceProfile | None = None
) -> DeviceProfile:
    """Store a new profile, or the next version of `profile`. Its devices and ingest get their new rights.

    Raises ValidationError by field.
    """
    checked = unsaved(organisation, given)
    _lock()
    if profile is None:
        if organisation.device_profiles.count() >= PROFILES_LIMIT_COUNT:
            words = _("An organisation has at most %(limit)d profiles; change or delete one.")
            raise ValidationError({"name": ValidationError(words, "too_many", {"limit": PROFILES_LIMIT_COUNT})})
    else:
        stored = DeviceProfile.objects.get(pk=profile.pk)
        checked.pk, checked.version, checked._state.adding = stored.pk, stored.version + 1, False
    if DeviceProfile.objects.filter(organisation=organisation, name=checked.name).exclude(pk=checked.pk).exists():
        raise ValidationError({"name": ValidationError(_("There is a profile of this name."), code="name_taken")})
    checked.changed_by = user
    checked.save()
    devices = list(checked.devices.all())
    checked.devices.update(interval_s=checked.interval_s)
    for device in devices:
        _refuse_shared_topics(device, checked)
    if devices:
        _tell_broker(devices)
    return checked


@transaction.atomic
def delete_profile(profile: DeviceProfile) -> None:
    """Raises ValidationError while a device has it. The history keeps it."""
    _lock()
    if device := profile.devices.first():
        words = _("Device %(device)s has this profile; take it off first.")
        raise ValidationError(words, "profile_in_use", {"device": device.device_id})
    profile.delete()


@transaction.atomic
def assign_profile(device: MCUDevice, profile: DeviceProfile | None) -> None:
    """The device speaks by this profile from now on, at its interval; None: by our contract, at the interval it has.

    Raises ValidationError on `device`.
    """
    _lock()
    if profile is not None:
        if profile.organisation_id != device.factory.organisation_id:
            words = _("Device %(device)s belongs to another organisation.")
            raise ValidationError({"device": ValidationError(words, "other_organisation", {"device": str(device)})})
        _refuse_shared_topics(device, profile)
        device.interval_s = profile.interval_s
    device.profile = profile
    device.save(update_fields=["profile", "interval_s"])
    _tell_broker([device])


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _refuse_shared_topics(device: MCUDevice, profile: DeviceProfile) -> None:
    patterns = patterns_in_use()
    for topic in (topic_of(pattern, device.device_id) for pattern in patterns_of(profile)):
        # The topic may be read as one of another device by another profile's pattern.
        named = {device_in(topic, pattern) for pattern in patterns} - {None, device.device_id}
        others = MCUDevice.objects.filter(device_id__in=named)
        for other in others.filter(profile__isnull=False).select_related("profile"):
            if topic in topics_of(other):
                words = _("Topic %(topic)s is used by another device already; choose another pattern.")
                raise ValidationError({"topic": ValidationError(words, "topic_taken", {"topic": topic})})


def _tell_broker(devices: Iterable[MCUDevice]) -> None:
    keys = [device.pk for device in devices]

    def tell() -> None:
        try:
            broker.put_rights(MCUDevice.objects.filter(pk__in=keys).select_related("profile"))
        except BrokerUnreachableError as error:
            logger.warning("The broker knows the new topics of %d devices later: %s", len(keys), error)

    transaction.on_commit(tell)
