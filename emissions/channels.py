"""Further measured values of devices, by channel: stored by the minute, read by the hour. Device profiles fill them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from emissions.models import MeasuredAs, SensorChannel
from factories.models import Factory
from lib import sql

HOLD_S = 600.0  # a rate or level is believed for so long; Tasmota reports every 300 s unless told otherwise
GAP_S = 3600.0  # a counter loses nothing in a gap, but over a longer one nobody knows in which hour it counted


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
class ChannelHour:
    """`amount`: of a rate its integral (kg/h gives kg), of a counter its increase, both over `covered_s` of the hour;
    None for a level. `mean`: of a rate or level; None for a counter."""

    starts_at: datetime
    amount: float | None
    mean: float | None
    covered_s: float


@dataclass(frozen=True, slots=True)
class _Sum:
    starts_at: datetime
    amount: float
    covered_s: float


def store_channels(cursor: CursorWrapper, values: Iterable[ChannelValue]) -> None:
    """Within the caller's transaction. Makes the channels that are new. A repeat changes nothing."""
    rows = list(values)
    if not rows:
        return
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


def _known(device_pks: set[int]) -> dict[tuple[int, str, str], int]:
    rows = SensorChannel.objects.filter(device_id__in=device_pks).values_list("device_id", "code", "unit", "pk")
    return {(device_pk, code, unit): pk for device_pk, code, unit, pk in rows}


def channels_of(factory: Factory) -> QuerySet[SensorChannel]:
    return SensorChannel.objects.filter(device__factory=factory).select_related("device")


def channel_hours(factory: Factory, channel: SensorChannel, start: datetime, end: datetime) -> list[ChannelHour]:
    """The hours from `start` (a whole hour) to before `end` in which something was measured, ascending.

    Missing time is missing, not zero: compare `covered_s` with 3600. Raises SensorChannel.DoesNotExist for a channel of
    another factory.
    """
    channel = channels_of(factory).get(pk=channel.pk)
    is_counter = channel.kind == MeasuredAs.COUNTER
    parameters = {
        "channel": channel.pk,
        "start": start,
        "end": end,
        "hold_s": HOLD_S,
        "gap_s": GAP_S,
        "is_counter": is_counter,
    }
    sums = sql.fetch(sql.load("emissions", "channel_hours"), parameters, _Sum)
    return [
        ChannelHour(
            starts_at=each.starts_at,
            amount=None if channel.kind == MeasuredAs.LEVEL else each.amount,
            mean=None if is_counter or not each.covered_s else each.amount * 3600 / each.covered_s,
            covered_s=each.covered_s,
        )
        for each in sums
    ]
