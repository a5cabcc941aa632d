"""Asks devices again for readings that are missing here: the holes of the boots that they may still hold.

A device sends again by itself what no `committed` has named. So a hole that stays when its outbox is empty is lost, or
was answered and lost here (a restored database): one `resend` finds out which. What a device has answered it does not
have is not asked for again, as long as that answer is kept.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from devices.models import MCUDevice
from emissions.models import STREAM_OFFSET
from emissions.settling import LIVE_OUTBOX
from lib import sql
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.commands import Sender, give_command, waiting
from mqtt_ingest.liveness import last_outage, settled_at
from mqtt_ingest.models import DeviceCommand

DEVICES_AT_ONCE = 50
ASKED_A_DAY = 24  # of one device
# Readings that the device sends again take their turn behind live ones.
ASKED_AGAIN_AFTER = timedelta(hours=1)
ASKED_TIMES = 3

Range = tuple[int, int]  # first and last number


@dataclass(frozen=True, slots=True)
class StreamGap:
    device_id: int
    stream: int  # unsigned, as devices name it
    first: int
    last: int


def ask_for_gaps() -> int:
    """Give one `resend` to each device with a hole that it was not asked for; how many. One waits for a device.

    Not after an outage of ours until the devices have sent by themselves what they kept.
    """
    if settled_at() is None:
        return 0
    now = timezone.now()
    devices = {device.pk: device for device in _askable(now)}
    gaps = _gaps(devices.values())
    asked, given = _asked(gaps, now), set[int]()
    for gap in gaps:
        if gap.device_id in given or len(given) >= DEVICES_AT_ONCE:
            continue
        for first, last in without((gap.first, gap.last), asked.get((gap.device_id, gap.stream), []))[:1]:
            arguments = {"stream": gap.stream, "from": first, "to": last}
            give_command([devices[gap.device_id]], CommandKind.RESEND, arguments, Sender(cause=CommandCause.GAP))
            given.add(gap.device_id)
    return len(given)


def without(whole: Range, parts: Iterable[Range]) -> list[Range]:
    """What is left of a range."""
    left, (start, last) = [], whole
    for low, high in sorted(parts):
        if low > last:
            break
        if low > start:
            left.append((start, low - 1))
        start = max(start, high + 1)
    return [*left, (start, last)] if start <= last else left


def _askable(now: datetime) -> list[MCUDevice]:
    """On line, with nothing on its way, no `resend` waiting and not asked too often today."""
    asked = DeviceCommand.objects.filter(
        kind=CommandKind.RESEND, cause=CommandCause.GAP, created_at__gt=now - timedelta(days=1)
    )
    counts = Counter(asked.values_list("device_id", flat=True))
    busy = waiting().filter(kind=CommandKind.RESEND).values("device")
    devices = MCUDevice.objects.filter(reported_online=True, revoked_at=None).exclude(pk__in=busy).order_by("pk")
    return [
        device
        for device in devices
        if counts[device.pk] < ASKED_A_DAY
        and isinstance(device.status.get("outbox"), int)
        and device.status["outbox"] <= LIVE_OUTBOX
    ]


def _gaps(devices: Iterable[MCUDevice]) -> list[StreamGap]:
    """Of the present boot of each, and of the one before, which its status names."""
    asked: list[tuple[int, int, int]] = []
    for device in devices:
        previous = device.status.get("previous") or {}
        for stream, last_seq in ((device.status.get("stream"), 0), (previous.get("stream"), previous.get("seq", 0))):
            if stream is not None:
                asked.append((device.pk, stream - STREAM_OFFSET, last_seq))
    if not asked:
        return []
    device_ids, streams, last_seqs = (list(column) for column in zip(*asked, strict=True))
    with connection.cursor() as cursor:
        parameters = {"device_ids": device_ids, "streams": streams, "last_seqs": last_seqs}
        cursor.execute(sql.load("mqtt_ingest", "gaps_of_streams"), parameters)
        return [StreamGap(pk, stream + STREAM_OFFSET, first, last) for pk, stream, first, last in cursor.fetchall()]


def _asked(gaps: Iterable[StreamGap], now: datetime) -> dict[tuple[int, int], list[Range]]:
    """Of the streams with gaps, the numbers of which the device has answered for good, or that it is still sending.

    A device that has sent them all (`ok`) is asked again after an hour if they are still missing, at most three times.
    What it sent while we were away does not count.
    """
    answered = (CommandState.FAILED, CommandState.ACKNOWLEDGED)
    commands = DeviceCommand.objects.filter(
        device__in={gap.device_id for gap in gaps},
        arguments__stream__in={gap.stream for gap in gaps},
        kind=CommandKind.RESEND,
        state__in=answered,
    )
    left_at, back_at = last_outage()
    asked: dict[tuple[int, int], list[Range]] = {}
    counts = Counter[tuple[int, int, Range]]()
    for device_id, state, ended_at, wanted in commands.values_list("device_id", "state", "ended_at", "arguments"):
        numbers = (wanted["from"], wanted["to"])
        key = (device_id, wanted["stream"], numbers)
        assert ended_at is not None
        was_away = ended_at < back_at and left_at < ended_at + ASKED_AGAIN_AFTER
        if state == CommandState.ACKNOWLEDGED and was_away:
            continue
        counts[key] += 1
        is_recent = ended_at > now - ASKED_AGAIN_AFTER
        if state == CommandState.FAILED or is_recent or counts[key] >= ASKED_TIMES:
            asked.setdefault(key[:2], []).append(numbers)
    return asked
