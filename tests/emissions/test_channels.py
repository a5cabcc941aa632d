"""Sums of further measured values, and the steps of a register, recomputed by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from emissions.channels import ChannelSum, ChannelValue, channel_sums, register_steps, store_channels
from emissions.models import MeasuredAs, SensorChannel
from tests import make

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 20, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def put(device_pk: int, kind: MeasuredAs, unit: str, *points: tuple[float, float]) -> SensorChannel:
    """Points are (minutes after the start, amount)."""
    values = [
        ChannelValue(device_pk, "one", unit, kind, START + timedelta(minutes=minute), amount)
        for minute, amount in points
    ]
    with connection.cursor() as cursor:
        store_channels(cursor, values)
    return SensorChannel.objects.get()


def hours_of(channel: SensorChannel, count: int) -> list[ChannelSum | None]:
    return channel_sums([channel], [(START + HOUR * n, START + HOUR * (n + 1)) for n in range(count)])[channel.pk]


def test_a_rate_is_integrated_and_its_gaps_are_missing() -> None:
    device = make.make_device()
    # 2000 kg/h for 5 min, 2600 for 5 min, then nothing for 50 min: the last value is believed for 10 min.
    steam = put(device.pk, MeasuredAs.RATE, "kg/h", (0, 2000), (5, 2600), (10, 2200), (60, 1800), (65, 1800))

    first, second = hours_of(steam, 2)

    assert first is not None
    assert first.amount == pytest.approx(2000 / 12 + 2600 / 12 + 2200 / 6)  # 750 kg
    assert first.covered_s == 300 + 300 + 600
    assert first.mean == pytest.approx(750 * 3600 / 1200)
    assert second is not None
    assert (second.amount, second.covered_s) == (pytest.approx(150), 300)


def test_a_counter_counts_its_increase_and_not_a_step_back_or_a_long_gap() -> None:
    device = make.make_device()
    meter = put(device.pk, MeasuredAs.COUNTER, "kWh", (0, 100), (20, 104), (40, 2), (50, 3), (130, 50), (140, 51))

    hours = hours_of(meter, 3)

    # 100 -> 104 counts, 104 -> 2 is a new meter, 2 -> 3 counts, 3 -> 50 took 80 min, 50 -> 51 counts.
    assert hours == [ChannelSum(5, None, 20 * 60 + 10 * 60), None, ChannelSum(1, None, 600)]


@pytest.mark.parametrize("glitch", [[0], [0, 0.1, 0.2], [99_999], [99_999, 99_999]])
def test_a_glitch_of_a_counter_counts_nothing(glitch: list[float]) -> None:
    """A device that starts reports 0 before it remembers its register: without the rule the hour counted 12,345 kWh."""
    device = make.make_device()
    values = [12_344, 12_344.5, 12_345, *glitch, 12_345.5, 12_346, 12_346.5]
    meter = put(device.pk, MeasuredAs.COUNTER, "kWh", *((5 * place, value) for place, value in enumerate(values)))

    (hour,) = hours_of(meter, 1)

    assert hour is not None
    assert hour.amount == pytest.approx(2.5)


def test_a_level_has_a_mean_only() -> None:
    device = make.make_device()
    pressure = put(device.pk, MeasuredAs.LEVEL, "Pa", (0, 8e5), (10, 9e5), (20, 9e5))

    (hour,) = hours_of(pressure, 1)

    assert hour is not None
    assert (hour.amount, hour.mean) == (None, pytest.approx(8.5e5))


def test_sums_take_one_query_for_all_channels_and_periods(django_assert_num_queries: Any) -> None:
    channel = put(make.make_device().pk, MeasuredAs.RATE, "kg/h", (0, 1), (1, 1))

    with django_assert_num_queries(1):
        hours_of(channel, 48)

    assert channel_sums([], [(START, START + HOUR)]) == {}


def test_the_steps_of_a_register_are_its_first_its_restarts_its_marks_and_its_last() -> None:
    device = make.make_device()
    meter = put(device.pk, MeasuredAs.COUNTER, "kWh", (0, 10), (30, 11), (58, 12), (62, 14), (90, 15), (95, 1), (99, 2))

    def steps(since: datetime, *, with_last: bool = False) -> list[tuple[float | None, float]]:
        found = register_steps(
            meter, since, START + 3 * HOUR, begins_at=START, marks=[START, START + HOUR], with_last=with_last
        )
        return [(step.was, step.amount) for step in found]

    assert steps(START) == [(None, 10), (12, 14), (15, 1)]
    assert steps(START + HOUR, with_last=True) == [(12, 14), (15, 1), (1, 2)]
