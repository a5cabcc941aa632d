"""What the pages of device profiles and of refused messages show, display-ready."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from devices.models import DeviceProfile, MCUDevice
from mqtt_ingest.causes import remedy_of
from mqtt_ingest.choices import Reason
from mqtt_ingest.lenient_json import decode
from mqtt_ingest.models import RejectedGroup, RejectedMessage
from mqtt_ingest.replay import MessagePreview, Replayed, previews_of, waiting, why_not

FOUND_COUNT = 20
FOUND_DEPTH = 6
EXAMPLE_CHARS = 600


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Refusals of one cause. `cannot`: why its example cannot be replayed."""

    pk: int
    device_id: str
    reason: str
    detail: str
    remedy: str | Promise
    count: int
    first_at: datetime
    last_at: datetime
    topic: str
    example: str
    waiting: int
    cannot: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    received_at: datetime
    text: str
    measured_at: datetime | None
    values: list[tuple[str, str]]
    problem: str


def group_rows(groups: Iterable[RejectedGroup]) -> list[GroupRow]:
    return [_group_row(group) for group in groups]


def _group_row(group: RejectedGroup) -> GroupRow:
    newest: RejectedMessage | None = group.messages.first()
    text = bytes(newest.payload).decode("utf-8", "backslashreplace") if newest else ""
    return GroupRow(
        pk=group.pk,
        device_id=group.topic_device_id,
        reason=str(Reason(group.reason).label),
        detail=newest.detail if newest else group.shape,
        remedy=remedy_of(group.reason),
        count=group.count,
        first_at=group.first_at,
        last_at=group.last_at,
        topic=newest.topic if newest else "",
        example=printed(text),
        waiting=waiting([group]).count(),
        cannot=why_not(newest) if newest else "",
    )


def printed(text: str) -> str:
    """A device wrote this: everything unprintable is spelt out."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)[:EXAMPLE_CHARS]


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


def preview_rows(device: MCUDevice, profile: DeviceProfile) -> list[PreviewRow]:
    return [_preview_row(each) for each in previews_of(device, profile)]


def _preview_row(one: MessagePreview) -> PreviewRow:
    values = [(name, f"{value:.6g}") for name, value in one.values.items() if name != "flags"]
    return PreviewRow(one.received_at, printed(one.text), one.measured_at, values, one.problem)


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
    paths: list[str] = []
    for path in _numbers_in(content, "", 0):
        paths.append(path)
        if len(paths) == FOUND_COUNT:
            break
    return paths


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
