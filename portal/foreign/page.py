"""What the pages of device profiles show: the outcome of a replay, and the paths in a message."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from devices.models import MCUDevice
from mqtt_ingest.lenient_json import decode
from mqtt_ingest.models import RejectedMessage
from mqtt_ingest.replay import Replayed

FOUND_COUNT = 20
FOUND_DEPTH = 6


def replayed_sentence(done: Replayed) -> str:
    words = _(
        "%(messages)d messages read again: %(stored)d readings stored, %(duplicate)d were stored already, "
        "%(refused)d refused again."
    ) % {
        "messages": done.messages,
        "stored": done.stored,
        "duplicate": done.duplicate,
        "refused": sum(done.rejected.values()),
    }
    if done.channels:
        words += " " + _("%(count)d values of channels.") % {"count": done.channels}
    if done.impossible:
        words += " " + _("%(count)d cannot be read again.") % {"count": done.impossible}
    return words


def found_paths(device: MCUDevice) -> list[str]:
    """Paths of the numbers in the newest refused message of the device, for the form."""
    rows = RejectedMessage.objects.filter(topic_device_id=device.device_id, replayed_at=None)
    newest = rows.exclude(topic__startswith="carbontrack/").order_by("-received_at", "-pk").first()
    if newest is None or not newest.is_whole:
        return []
    try:
        content = decode(bytes(newest.payload))
    except (ValueError, RecursionError):
        return []
    return list(islice(_numbers_in(content, "", 0), FOUND_COUNT))


def _numbers_in(content: Any, path: str, depth: int) -> Iterator[str]:
    if depth > FOUND_DEPTH:
        return
    if isinstance(content, dict):
        for name, inner in content.items():
            if "." not in name and "[" not in name and "]" not in name and name:
                yield from _numbers_in(inner, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(content, list) and path:
        for place, inner in enumerate(content[:FOUND_COUNT]):
            yield from _numbers_in(inner, f"{path}[{place}]", depth + 1)
    elif isinstance(content, int | float) and not isinstance(content, bool) and path:
        yield path
