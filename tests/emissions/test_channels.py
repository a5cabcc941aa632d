"""Hours of further measured values, recomputed by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from emissions.channels import ChannelValue, channel_hours, channels_of, store_channels
from emissions.models import MeasuredAs, SensorChannel
from tests import make

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 20, 6, tzinfo=UTC)


def put(device_pk: int, kind: MeasuredAs, unit: str, *points: tuple[float, float]) -> SensorChannel:
    """Points are (minutes after the start, amount)."""
    values = [
        ChannelValue(device_pk, "one", unit, kind, START + timedelta(minutes=minute), amount)
        for minute, amount in points
    ]
    with connection.cursor() as cursor:
        store_channels(cursor, values)
    return SensorChannel.objects.get()


def test_a_rate_is_integrated_and_its_gaps_are_missing() -> None:
    device = make.make_device()
    # 2000 kg/h for 5 min, 2600 for 5 min, then nothing for 50 min: the last value is believed for 10 min.
    steam = put(device.pk, MeasuredAs.RATE, "kg/h", (0, 2000), (5, 2600), (10, 2200), (60, 1800), (65, 1800))

    first, second = channel_hours(device.factory, steam, START, START + timedelta(hours=2))

    assert first.amount == pytest.approx(2000 / 12 + 2600 / 12 + 2200 / 6)  # 750 kg
    assert first.covered_s == 300 + 300 + 600
    assert first.mean == pytest.approx(750 * 3600 / 1200)
    assert (second.amount, second.covered_s) == (pytest.approx(150), 300)


def test_a_counter_counts_its_increase_and_not_a_step_back_or_a_long_gap() -> None:
    device = make.make_device()
    meter = put(device.pk, MeasuredAs.COUNTER, "kWh", (0, 100), (20, 104), (40, 2), (50, 3), (130, 50), (140, 51))

    hours = channel_hours(device.factory, meter, START, START + timedelta(hours=3))

    # 100 -> 104 counts, 104 -> 2 is a new meter, 2 -> 3 counts, 3 -> 50 took 80 min, 50 -> 51 counts.
    assert [(h.starts_at.hour, h.amount, h.covered_s, h.mean) for h in hours] == [
        (6, 5, 20 * 60 + 10 * 60, None),
        (8, 1, 600, None),
    ]


def test_a_level_has_a_mean_only() -> None:
    device = make.make_device()
    pressure = put(device.pk, MeasuredAs.LEVEL, "Pa", (0, 8e5), (10, 9e5), (20, 9e5))

    [hour] = channel_hours(device.factory, pressure, START, START + timedelta(hours=1))

    assert (hour.amount, hour.mean) == (None, pytest.approx(8.5e5))


def test_a_channel_of_another_factory_is_not_found() -> None:
    channel = put(make.make_device().pk, MeasuredAs.RATE, "kg/h", (0, 1), (1, 1))
    other = make.make_factory()

    assert not channels_of(other).exists()
    with pytest.raises(SensorChannel.DoesNotExist):
        channel_hours(other, channel, START, START + timedelta(hours=1))
