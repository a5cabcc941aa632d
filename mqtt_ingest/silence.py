"""Gathers what was heard of a device and asks `devices.silence` why it is silent; supply and signal of its week."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Avg, FloatField, Max, Min
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, TruncHour

from devices.models import DeviceSecret, MCUDevice
from devices.queries import is_online, silent_after
from devices.silence import FAULTY_SHARE, SENSOR_FAULTS, Silence, SilenceTrace, StatusSeen, explain
from emissions.models import STREAM_OFFSET, DeviceStream, Emission
from mqtt_ingest.choices import CommandState, MessageKind, Reason
from mqtt_ingest.models import DeviceCommand, DeviceMessage, RejectedGroup

LOOKS_BACK = timedelta(hours=6)
FAULTS_OVER = timedelta(minutes=10)
TOGETHER = timedelta(minutes=3)
WEEK = timedelta(days=7)


def silence_of(device: MCUDevice, now: datetime) -> Silence | None:
    """Why no usable reading comes from this device; None while some do. About eight queries."""
    trace = trace_of(device, now)
    reads = trace.last_reading_at is not None and now - trace.last_reading_at <= silent_after(device)
    # While the device is on line and readings come, only faulty sensors keep them from being used.
    if is_online(device, now) and reads and not device.revoked_at and trace.faulty_share < FAULTY_SHARE:
        return None
    return explain(trace)


def trace_of(device: MCUDevice, now: datetime) -> SilenceTrace:
    """The six hours before the last message, and what the server knows beside them."""
    messages = DeviceMessage.objects.filter(device=device, kind=MessageKind.STATUS).order_by("received_at")
    last = messages.last()
    before = list(messages.filter(received_at__gt=last.received_at - LOOKS_BACK)) if last else []
    statuses = tuple(_seen(one) for one in before if one.payload.get("online"))
    readings = _last_readings(device, now)
    faulty = [flags for _at, flags, co2_ppm in readings if flags & SENSOR_FAULTS or co2_ppm is None]
    since = now - max(LOOKS_BACK, now - statuses[0].at) if statuses else now - LOOKS_BACK
    streams = DeviceStream.objects.filter(device=device, last_received_at__gt=since)
    others, silent_others = _others(device)
    return SilenceTrace(
        now=now,
        statuses=statuses,
        last_wills=tuple(one.received_at for one in before if not one.payload.get("online")),
        last_reading_at=max((at for at, _flags, _co2 in readings), default=None),
        streams_with_readings=frozenset(stream + STREAM_OFFSET for stream in streams.values_list("stream", flat=True)),
        faulty_share=len(faulty) / len(readings) if readings else 0.0,
        fault_flags=reduce(or_, faulty, 0),
        refusals=_refusals(device, since),
        login_changed_at=_login_changed_at(device),
        is_revoked=device.revoked_at is not None,
        others_count=others,
        others_silent_count=silent_others,
    )


def _seen(message: DeviceMessage) -> StatusSeen:
    said = message.payload | {"at": message.received_at}
    return StatusSeen(**{one.name: value for one in fields(StatusSeen) if (value := said.get(one.name)) is not None})


def _last_readings(device: MCUDevice, now: datetime) -> list[tuple[datetime, int, float | None]]:
    """Of the ten minutes before the last one, by the device's clock; bounded by the primary key."""
    of_device = Emission.objects.filter(device=device, timestamp__lte=now + FAULTS_OVER)
    last = of_device.order_by("-timestamp").values_list("timestamp", flat=True).first()
    if last is None:
        return []
    rows = of_device.filter(timestamp__gt=last - FAULTS_OVER)
    return list(rows.values_list("received_at", "flags", "co2_ppm"))


def _refusals(device: MCUDevice, since: datetime) -> tuple[tuple[datetime, str, str], ...]:
    groups = RejectedGroup.objects.filter(topic_device_id=device.device_id, last_at__gt=since)
    newest = groups.exclude(reason=Reason.RATE_LIMITED).values("reason").order_by("reason").annotate(at=Max("last_at"))
    return tuple((row["at"], row["reason"], str(Reason(row["reason"]).label)) for row in newest)


def _login_changed_at(device: MCUDevice) -> datetime | None:
    """Of a password that the device did not get by a command that it acknowledged."""
    secret = DeviceSecret.objects.filter(device=device, revoked_at=None, is_offered=False).order_by("created_at").last()
    if secret is None or device.secrets.count() < 2:
        return None
    told = DeviceCommand.objects.filter(device=device, kind="set_secret", state=CommandState.ACKNOWLEDGED)
    return None if told.filter(ended_at__gte=secret.created_at - LOOKS_BACK).exists() else secret.created_at


def _others(device: MCUDevice) -> tuple[int, int]:
    """Devices of other sites that were on line when this one was, and how many of them fell silent with it."""
    at = device.last_heartbeat
    if at is None:
        return 0, 0
    others = MCUDevice.objects.exclude(factory=device.factory_id).filter(revoked_at=None)
    heard = others.filter(last_heartbeat__gte=at - TOGETHER)
    return heard.count(), heard.filter(last_heartbeat__lte=at + TOGETHER).count()


# --- The week ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Hour:
    """Supply [V] and signal [dBm] of the statuses of one hour; None: the device does not report it."""

    period_start: datetime
    lowest_supply_v: float | None
    mean_supply_v: float | None
    lowest_rssi_dbm: float | None
    mean_rssi_dbm: float | None


def supply_and_signal(device: MCUDevice, now: datetime) -> list[Hour]:
    """The last seven days in hours of UTC, oldest first; an hour without a status is not in it.

    Of hours beyond the newest 1,000 messages only two statuses are kept, those with the lowest supply and the weakest
    signal (`jobs.py`): their means are then means of these.
    """
    rows = DeviceMessage.objects.filter(device=device, kind=MessageKind.STATUS, received_at__gt=now - WEEK)
    hours = (
        rows.annotate(hour=TruncHour("received_at", tzinfo=UTC), supply=reported("supply_v"), rssi=reported("rssi_dbm"))
        .values_list("hour")
        .annotate(Min("supply"), Avg("supply"), Min("rssi"), Avg("rssi"))
        .order_by("hour")
    )
    return [Hour(*hour) for hour in hours]


def reported(key: str) -> Cast:
    """A number of a status, as a column; null where the device does not report it."""
    return Cast(KeyTextTransform(key, "payload"), FloatField())
