"""Which foreign topics are open to whom, by the profiles that devices have: for broker rights and for ingest."""

from devices.models import DeviceProfile, MCUDevice
from devices.profile_spec import filter_of, topic_of


def profiles_in_use() -> list[DeviceProfile]:
    """The profiles that a device has."""
    return list(DeviceProfile.objects.filter(devices__isnull=False).distinct().order_by("pk"))


def patterns_of(profile: DeviceProfile) -> list[str]:
    return [pattern for pattern in (profile.topic, profile.status_topic) if pattern]


def patterns_in_use() -> list[str]:
    """Each once: profiles of several organisations may have the same."""
    return sorted({pattern for profile in profiles_in_use() for pattern in patterns_of(profile)})


def filters_in_use() -> list[str]:
    """What ingest subscribes to beside our own topics."""
    return sorted({filter_of(pattern) for pattern in patterns_in_use()})


def topics_of(device: MCUDevice) -> list[str]:
    """The foreign topics on which the device publishes; empty for one of our contract. Reads `device.profile`."""
    return [topic_of(pattern, device.device_id) for pattern in patterns_of(device.profile)] if device.profile else []
