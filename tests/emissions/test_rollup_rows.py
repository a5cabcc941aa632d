"""Roll-ups written by COPY come back as they went in; and one device's marks can be rolled up alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from devices.models import MCUDevice
from emissions.models import EmissionMinute, TouchedMinute
from emissions.rollup_rows import insert_rollups
from emissions.rollups import roll_up_touched
from tests import make

START = datetime(2026, 3, 1, 4, 59, tzinfo=UTC)


def minute(assignment_id: int, device_id: int, number: int, mean: float | None) -> EmissionMinute:
    return EmissionMinute(
        device_id=device_id,
        period_start=START + timedelta(minutes=number),
        assignment_id=assignment_id,
        measured_ug=2**62 + number,
        flux_ug_per_m2=0,
        covered_ms=60_000,
        weight_s=mean or 0.0,
        co2_ppm=mean,
        temperature_c=mean,
        velocity_ms=None,
        flow_rate_m3s=mean,
        readings=12,
        valid_readings=0,
        quality=1 << 16,
        valid_ug=0,
        valid_ms=0,
        is_idle_like=True,
        is_firing_like=False,
    )


def test_every_value_comes_back_to_the_last_bit(db: None) -> None:
    assignment = make.make_assignment(device=make.make_device())
    means = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, 1 / 3, 123456789.123456789, None]
    rows = [minute(assignment.pk, assignment.device_id, n, mean) for n, mean in enumerate(means)]

    insert_rollups(rows)
    insert_rollups([])

    stored = list(EmissionMinute.objects.order_by("period_start"))
    names = [field.attname for field in EmissionMinute._meta.concrete_fields if field.column]
    assert [[getattr(row, name) for name in names] for row in stored] == [
        [getattr(row, name) for name in names] for row in rows
    ]


def test_a_row_that_is_there_refuses_all(db: None) -> None:
    assignment = make.make_assignment(device=make.make_device())
    insert_rollups([minute(assignment.pk, assignment.device_id, 1, 1.0)])

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rollups([minute(assignment.pk, assignment.device_id, n, 2.0) for n in (0, 1)])

    assert EmissionMinute.objects.count() == 1


def test_only_the_devices_named_are_rolled_up(db: None) -> None:
    devices: list[MCUDevice] = [make.make_device(), make.make_device()]
    for device in devices:
        TouchedMinute.objects.create(device=device, period_start=START, created_at=START)

    rolled = roll_up_touched(only=[devices[1].pk])

    assert rolled == 1
    assert [mark.device_id for mark in TouchedMinute.objects.all()] == [devices[0].pk]
