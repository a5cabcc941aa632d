"""Further measured values of devices, by channel: stored by the minute. Device profiles fill them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from emissions.models import ChannelMinute, MeasuredAs, SensorChannel
from factories.models import Factory
from lib import sql

HOLD_S = 600.0  # a rate or level is believed for so long; Tasmota reports every 300 s unless told otherwise
GAP_S = 3600.0  # a counter loses nothing in a gap, but over a longer one nobody knows in which hour it counted
BESIDE = timedelta(hours=1)  # read beside a period: the next value, and what shows that one is a glitch
VALUES_BEFORE = 4  # three show that a value is a glitch, one is the value before


@dataclass(frozen=True, slots=True)
class ChannelValue:
    """A value as it came, in the channel's unit."""

    device_pk: int
    code: str
    unit: str
    kind: MeasuredAs
    measured_at: datetime
    amount: float


@dataclass(frozen=True, slots=True)
class ChannelSum:
    """`amount`: of a rate its integral (kg/h gives kg), of a counter its increase, both over `covered_s`; None for a
    level. `mean`: of a rate or level; None for a counter."""

    amount: float | None
    mean: float | None
    covered_s: float


@dataclass(frozen=True, slots=True)
class _Sum:
    channel_id: int
    place: int
    amount: float
    covered_s: float


@dataclass(frozen=True, slots=True)
class RegisterStep:
    """From one value of a counter to the next; `was` is None for its first."""

    was_at: datetime | None
    was: float | None
    measured_at: datetime
    amount: float


def store_channels(cursor: CursorWrapper, values: Iterable[ChannelValue]) -> dict[int, datetime]:
    """Within the caller's transaction. Makes the channels that are new. A repeat changes nothing.

    Returns the counters, each with the moment of its first value.
    """
    rows = list(values)
    if not rows:
        return {}
    kinds = {(v.device_pk, v.code, v.unit): v.kind for v in rows}
    known = _known({key[0] for key in kinds})
    missing = sorted(kinds.keys() - known.keys())
    if missing:
        new = [SensorChannel(device_id=d, code=c, unit=u, kind=kinds[d, c, u]) for d, c, u in missing]
        SensorChannel.objects.bulk_create(new, ignore_conflicts=True)
        known = _known({key[0] for key in kinds})
    parameters: dict[str, Any] = {
        "channels": [known[v.device_pk, v.code, v.unit] for v in rows],
        "measured_at": [v.measured_at for v in rows],
        "amounts": [v.amount for v in rows],
    }
    cursor.execute(sql.load("emissions", "put_channel_minutes"), parameters)
    first: dict[int, datetime] = {}
    for v in rows:
        if v.kind == MeasuredAs.COUNTER:
            pk = known[v.device_pk, v.code, v.unit]
            first[pk] = min(v.measured_at, first.get(pk, v.measured_at))
    return first


def _known(device_pks: set[int]) -> dict[tuple[int, str, str], int]:
    rows = SensorChannel.objects.filter(device_id__in=device_pks).values_list("device_id", "code", "unit", "pk")
    return {(device_pk, code, unit): pk for device_pk, code, unit, pk in rows}


def channels_of(factory: Factory) -> QuerySet[SensorChannel]:
    return SensorChannel.objects.filter(device__factory=factory).select_related("device")


def channel_sums(
    channels: Iterable[SensorChannel], periods: Sequence[tuple[datetime, datetime]]
) -> dict[int, list[ChannelSum | None]]:
    """By key of the channel: its sums over each of the half-open periods, None where nothing was measured. One query.

    Missing time is missing, not zero: compare `covered_s` with the length of the period.
    """
    kinds = {channel.pk: channel.kind for channel in channels}
    found: dict[int, list[ChannelSum | None]] = {pk: [None] * len(periods) for pk in kinds}
    if not kinds or not periods:
        return found
    parameters = {
        "channels": list(kinds),
        "first": min(start for start, _end in periods) - BESIDE,
        "last": max(end for _start, end in periods) + BESIDE,
        "starts": [start for start, _end in periods],
        "ends": [end for _start, end in periods],
        "hold_s": HOLD_S,
        "gap_s": GAP_S,
    }
    for each in sql.fetch(_of_values("channel_sums"), parameters, _Sum):
        kind = kinds[each.channel_id]
        has_mean = kind != MeasuredAs.COUNTER and each.covered_s > 0
        found[each.channel_id][each.place - 1] = ChannelSum(
            amount=None if kind == MeasuredAs.LEVEL else each.amount,
            mean=each.amount * 3600 / each.covered_s if has_mean else None,
            covered_s=each.covered_s,
        )
    return found


def register_steps(
    channel: SensorChannel,
    since: datetime,
    until: datetime,
    *,
    begins_at: datetime,
    marks: Sequence[datetime],
    with_last: bool,
) -> list[RegisterStep]:
    """The steps of a counter from `since` to before `until`; values before `begins_at` are not its own.

    Given are the first value, each step back, each step over one of `marks`, and with `with_last` the last value. Two
    queries.
    """
    before = ChannelMinute.objects.filter(channel=channel, minute__gte=begins_at, minute__lt=since)
    minutes = list(before.order_by("-minute").values_list("minute", flat=True)[:VALUES_BEFORE])
    parameters = {
        "channels": [channel.pk],
        "first": minutes[-1] if minutes else since,
        "last": until,
        "since": since,
        "marks": list(marks),
        "with_last": with_last,
    }
    return sql.fetch(_of_values("register_steps"), parameters, RegisterStep)


def _of_values(name: str) -> str:
    return sql.load("emissions", name).replace("/* values */", sql.load("emissions", "channel_values"))
