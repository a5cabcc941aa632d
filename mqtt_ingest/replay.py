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
from mqtt_ingest.causes import remedy_of
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
EXAMPLE_CHARS = 600
_NO_VALUES = ("seq", "t", "stream", "interval_s", "flags")


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
class ShownGroup:
    """Refusals of one cause, for page and API, with the newest message of them that is kept."""

    group: RejectedGroup
    newest: RejectedMessage | None
    waiting: int  # kept messages that were not replayed

    @property
    def detail(self) -> str:
        return self.newest.detail if self.newest else self.group.shape

    @property
    def remedy(self) -> str:
        return str(remedy_of(self.group.reason))

    @property
    def example(self) -> str:
        return printed(bytes(self.newest.payload)) if self.newest else ""

    @property
    def cannot(self) -> str:
        """Why the newest cannot be read again; empty if it can."""
        return why_not(self.newest) if self.newest else ""


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


def shown(group: RejectedGroup) -> ShownGroup:
    """Two queries."""
    return ShownGroup(group, group.messages.first(), waiting([group]).count())


def printed(payload: bytes) -> str:
    """A device wrote this: everything unprintable is spelt out."""
    text = payload.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)[:EXAMPLE_CHARS]


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


def preview(message: RejectedMessage, device: MCUDevice, profile: DeviceProfile | None = None) -> MessagePreview:
    """By the device's profile, or by one that is only tried. Stores nothing."""
    shown_as = MessagePreview(message.received_at, message.topic, printed(bytes(message.payload)))
    if problem := why_not(message):
        return replace(shown_as, problem=problem)
    parsed = _parse(message, device, profile)
    values: dict[str, float] = {}
    measured_at: datetime | None = None
    for reading in parsed.readings[:1]:
        names = (name for name in reading.__struct_fields__ if name not in _NO_VALUES)
        values = {name: getattr(reading, name) for name in names if getattr(reading, name) is not None}
        measured_at = moment(reading.t)
    for channel in parsed.channels:
        values[f"channel:{channel.code}"] = channel.amount
        measured_at = channel.measured_at
    values |= {name: float(value) for name, value in (parsed.other or {}).items() if name != "v"}
    problems = "; ".join(rejection.detail for rejection in parsed.rejections)[:300]
    return replace(shown_as, measured_at=measured_at, values=values, problem=problems)


def previews_of(device: MCUDevice, profile: DeviceProfile | None = None) -> list[MessagePreview]:
    """The newest refused messages of a device on topics that are not ours, newest first."""
    rows = RejectedMessage.objects.filter(topic_device_id=device.device_id, replayed_at=None)
    foreign = rows.exclude(topic__startswith=f"{ROOT}/").exclude(topic=OVER_HTTP).order_by("-received_at", "-pk")
    return [preview(row, device, profile) for row in foreign[:PREVIEW_COUNT]]


def _parse(message: RejectedMessage, device: MCUDevice, profile: DeviceProfile | None = None) -> ParsedMessage:
    # Times are checked against its arrival: a clock that was ahead then was wrong, however late this is.
    one = _received(message)
    if not is_foreign(message.topic):
        return parse(message.topic, one.payload, one.received_ms)
    speaks = profile or device.profile
    if speaks is None:
        detail = f"device {device.device_id!r} has no profile"
        return refuse_all(ParsedMessage(Kind.READINGS, device.device_id, is_foreign=True), Reason.NO_PROFILE, detail)
    return translate(foreign_device(device, speaks), one)


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
