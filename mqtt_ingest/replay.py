"""Refused messages that are kept: what each would become now, and to read them again after the cause is gone.

A replay takes the same way as the first time, from `parse` to `store`: what is stored already is a duplicate. It moves
no heartbeat, and sends no answer: the device was answered when it was refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import AnyUser, visible_to
from accounts.roles import Action
from devices.models import DeviceProfile, MCUDevice
from emissions.derive import milliseconds, moment
from mqtt_ingest.api import TOPIC as OVER_HTTP
from mqtt_ingest.choices import Reason
from mqtt_ingest.foreign import translate
from mqtt_ingest.identify import Arrival, DeviceRef, refuse_all
from mqtt_ingest.messages import ParsedMessage
from mqtt_ingest.models import RejectedGroup, RejectedMessage
from mqtt_ingest.outcomes import Tally
from mqtt_ingest.parse import parse
from mqtt_ingest.parts import Stored
from mqtt_ingest.profile_directory import foreign_device, is_foreign
from mqtt_ingest.receive import Received
from mqtt_ingest.store import store
from mqtt_ingest.topics import ROOT, Kind

PART_COUNT = 500
PREVIEW_COUNT = 10


@dataclass(frozen=True, slots=True)
class MessagePreview:
    """What a message would become. `problem` says why nothing, or not all of it, would be stored."""

    received_at: datetime
    topic: str
    text: str
    measured_at: datetime | None = None
    values: dict[str, float] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """`messages` were read; readings of them: received = stored + duplicate + rejected. `impossible`: messages that
    cannot be read again."""

    messages: int
    received: int
    stored: int
    duplicate: int
    rejected: dict[str, int]
    channels: int
    impossible: int


# --- Who sees them --------------------------------------------------------------------------------
def _ids_visible_to(user: AnyUser, action: Action) -> QuerySet[MCUDevice]:
    return visible_to(user, MCUDevice.objects.all(), action=action).filter(device_id=OuterRef("topic_device_id"))


def groups_for(user: AnyUser, action: Action = Action.VIEW_REJECTED) -> QuerySet[RejectedGroup]:
    """Of the devices that the user sees. Those of unknown devices belong to nobody until somebody registers the device;
    the operator of the server sees them in the admin site."""
    return RejectedGroup.objects.filter(Exists(_ids_visible_to(user, action))).order_by("-last_at", "-pk")


def waiting(groups: Iterable[RejectedGroup]) -> QuerySet[RejectedMessage]:
    """The kept messages of these groups that were not replayed yet, each message once, oldest first."""
    pks = [group.pk for group in groups]
    rows = RejectedMessage.objects.filter(group__in=pks, replayed_at=None)
    return rows.order_by("received_at", "pk")


# --- What each would become ------------------------------------------------------------------------
def why_not(message: RejectedMessage) -> str:
    """Why a kept message cannot be read again; empty if it can."""
    if not message.is_whole:
        return _("it is longer than is kept: %(size)d bytes") % {"size": message.payload_bytes}
    if message.topic == OVER_HTTP:
        return _("it came over HTTP, and its sender got the answer: send it again")
    if message.topic.endswith(("/status", "/acks", "/alerts")) and not is_foreign(message.topic):
        return _("it said something of its moment, which is over")
    return ""


def preview(message: RejectedMessage, device: MCUDevice | None, profile: DeviceProfile | None = None) -> MessagePreview:
    """By the device's profile, or by one that is only tried. Stores nothing."""
    payload = bytes(message.payload)
    text = payload.decode("utf-8", "backslashreplace")[:600]
    problem = why_not(message)
    if problem or device is None:
        return MessagePreview(
            message.received_at, message.topic, text, problem=problem or _("its device is not registered")
        )
    parsed = _parse(message, device, profile)
    problems = [rejection.detail for rejection in parsed.rejections]
    if parsed.readings:
        first = parsed.readings[0]
        names = (name for name in first.__struct_fields__ if name not in ("seq", "t", "stream", "interval_s"))
        values = {name: getattr(first, name) for name in names if getattr(first, name) is not None}
        measured_ms: int | None = first.t
    else:
        values, measured_ms = {}, None
    for channel in parsed.channels:
        values[f"channel:{channel.code}"] = channel.amount
        measured_ms = milliseconds(channel.measured_at)
    if parsed.other:
        values |= {name: float(value) for name, value in parsed.other.items() if name != "v"}
    measured_at = None if measured_ms is None else moment(measured_ms)
    return MessagePreview(message.received_at, message.topic, text, measured_at, values, "; ".join(problems)[:300])


def previews_of(device: MCUDevice, profile: DeviceProfile | None = None) -> list[MessagePreview]:
    """The newest refused messages of a device on topics that are not ours, newest first."""
    rows = RejectedMessage.objects.filter(topic_device_id=device.device_id, replayed_at=None)
    foreign = rows.exclude(topic__startswith=f"{ROOT}/").exclude(topic=OVER_HTTP).order_by("-received_at", "-pk")
    return [preview(row, device, profile) for row in foreign[:PREVIEW_COUNT]]


def _parse(message: RejectedMessage, device: MCUDevice, profile: DeviceProfile | None = None) -> ParsedMessage:
    now_ms = milliseconds(timezone.now())
    one = _received(message)
    if not is_foreign(message.topic):
        return parse(message.topic, one.payload, now_ms)
    speaks = profile or device.profile
    if speaks is None:
        detail = f"device {device.device_id!r} has no profile"
        return refuse_all(ParsedMessage(Kind.READINGS, device.device_id, is_foreign=True), Reason.NO_PROFILE, detail)
    return translate(foreign_device(device, speaks), one, now_ms)


def _received(message: RejectedMessage) -> Received:
    return Received(message.topic, bytes(message.payload), milliseconds(message.received_at), is_live=message.is_live)


# --- The replay ---------------------------------------------------------------------------------
def replay(groups: Sequence[RejectedGroup]) -> Replayed:
    """Read the waiting messages of these groups again, the oldest first. Safe twice.

    In parts, each of a transaction of its own: what cannot be read again stays, and must not stand before the others.
    """
    pks = list(waiting(groups).values_list("pk", flat=True))
    total, messages, channels, impossible = Tally(), 0, 0, 0
    for start in range(0, len(pks), PART_COUNT):
        rows = list(waiting(groups).filter(pk__in=pks[start : start + PART_COUNT]))
        by_arrival = _arrivals(rows)
        arrivals = [arrival for arrival, _same in by_arrival]
        stored = store(arrivals) if arrivals else Stored([], Tally())
        refused = {id(a.received) for a in stored.arrivals if a.parsed.rejections}
        done = [m.pk for arrival, same in by_arrival if id(arrival.received) not in refused for m in same]
        RejectedMessage.objects.filter(pk__in=done).update(replayed_at=timezone.now())
        total.add(stored.tally)
        messages += len(arrivals)
        channels += sum(len(a.parsed.channels) for a in stored.arrivals if not a.parsed.rejections)
        impossible += len(rows) - sum(len(same) for _arrival, same in by_arrival)
    return Replayed(
        messages=messages,
        received=total.received,
        stored=total.stored,
        duplicate=total.duplicate,
        rejected={reason.value: count for reason, count in sorted(total.rejected.items())},
        channels=channels,
        impossible=impossible,
    )


def _arrivals(rows: Sequence[RejectedMessage]) -> list[tuple[Arrival, list[RejectedMessage]]]:
    """What can be read again, each with its rows: a message is kept once for each of its refused readings."""
    names = {row.topic_device_id for row in rows}
    devices = {
        device.device_id: device
        for device in MCUDevice.objects.filter(device_id__in=names).select_related("profile", "factory")
    }
    found: dict[tuple[str, datetime, bytes], tuple[Arrival, list[RejectedMessage]]] = {}
    for row in rows:
        device = devices.get(row.topic_device_id)
        if device is None or device.revoked_at is not None or why_not(row):
            continue
        key = (row.topic, row.received_at, bytes(row.payload))
        if key not in found:
            parsed = _parse(row, device)
            if parsed.kind is not Kind.READINGS:
                continue  # a state is over
            one = replace(_received(row), is_live=False)
            found[key] = (Arrival(one, parsed, DeviceRef(device.pk, is_revoked=False), is_replay=True), [])
        found[key][1].append(row)
    return list(found.values())
