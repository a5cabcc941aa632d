"""Refused messages that are kept: what each would become now, and to read them again after the cause is gone.

A replay takes the same way as the first time, from `parse` to `store`: what is stored already is a duplicate. It moves
no heartbeat, and sends no answer: the device was answered when it was refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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

REPLAY_LIMIT_COUNT = 500
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
    cannot be read again. `left`: messages beyond the limit of one call."""

    messages: int
    received: int
    stored: int
    duplicate: int
    rejected: dict[str, int]
    channels: int
    impossible: int
    left: int


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
    """Read the waiting messages of these groups again, the oldest 500 of them. Safe twice."""
    rows = waiting(groups)
    messages = list(rows[: REPLAY_LIMIT_COUNT + 1])
    left = rows.count() - REPLAY_LIMIT_COUNT if len(messages) > REPLAY_LIMIT_COUNT else 0
    messages = messages[:REPLAY_LIMIT_COUNT]
    names = {message.topic_device_id for message in messages}
    devices = {
        device.device_id: device
        for device in MCUDevice.objects.filter(device_id__in=names).select_related("profile", "factory")
    }
    arrivals: list[Arrival] = []
    by_arrival: list[list[RejectedMessage]] = []
    seen: dict[tuple[str, datetime, bytes], int] = {}
    for message in messages:
        device = devices.get(message.topic_device_id)
        if device is None or device.revoked_at is not None or why_not(message):
            continue
        key = (message.topic, message.received_at, bytes(message.payload))
        if key in seen:  # kept once for each of its refused readings
            by_arrival[seen[key]].append(message)
            continue
        parsed = _parse(message, device)
        if parsed.kind is not Kind.READINGS:
            continue  # a state is over
        seen[key] = len(arrivals)
        ref = DeviceRef(device.pk, is_revoked=False)
        one = Received(message.topic, bytes(message.payload), milliseconds(message.received_at), is_live=False)
        arrivals.append(Arrival(one, parsed, ref, is_replay=True))
        by_arrival.append([message])
    stored = store(arrivals) if arrivals else Stored([], Tally())
    refused = {id(a.received) for a in stored.arrivals if a.parsed.rejections}
    done = [m.pk for a, same in zip(arrivals, by_arrival, strict=True) if id(a.received) not in refused for m in same]
    RejectedMessage.objects.filter(pk__in=done).update(replayed_at=timezone.now())
    tally = stored.tally
    return Replayed(
        messages=len(arrivals),
        received=tally.received,
        stored=tally.stored,
        duplicate=tally.duplicate,
        rejected={reason.value: count for reason, count in sorted(tally.rejected.items())},
        channels=sum(len(a.parsed.channels) for a in arrivals if not a.parsed.rejections),
        impossible=len(messages) - sum(map(len, by_arrival)),
        left=left,
    )
