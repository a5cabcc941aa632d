"""Arrival order and redelivery leave no mark on totals: through the real store and the real roll-up."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from devices.models import MCUDevice
from emissions.models import EmissionDay, EmissionHour, EmissionMinute
from emissions.rollups import roll_up_touched
from mqtt_ingest.store import store
from tests import make
from tests.mqtt_ingest.build import arrival, message, reading

pytestmark = pytest.mark.django_db
READINGS = 600
BATCH = 12


def messages(seed: int, start: datetime) -> list[bytes]:
    """Fifty minutes of 5 s readings of a lively fire, in messages of twelve."""
    noise = random.Random(seed)
    rows = [
        reading(
            i + 1,
            round((start + timedelta(seconds=5 * i)).timestamp() * 1000),
            co2_ppm=noise.uniform(60_000, 120_000),
            temperature_c=noise.uniform(150, 230),
            velocity_ms=noise.uniform(2, 5),
        )
        for i in range(READINGS)
    ]
    return [message(*rows[i : i + BATCH]) for i in range(0, READINGS, BATCH)]


def figures(device: MCUDevice) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for model in (EmissionMinute, EmissionHour, EmissionDay):
        names = [f.name for f in model._meta.fields if f.name not in ("pk", "device", "assignment")]
        found += model.objects.filter(device=device).order_by("period_start").values_list(*names)
    return found


def test_published_five_times_in_any_order_the_totals_are_bit_identical() -> None:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    calm, wild = make.make_assignment().device, make.make_assignment().device
    payloads = messages(1, start)
    shuffled = payloads * 5
    random.Random(2).shuffle(shuffled)

    stored = duplicate = 0
    for payload in payloads:
        store([arrival(calm, payload)])
    roll_up_touched()
    for number, payload in enumerate(shuffled):
        tally = store([arrival(wild, payload)]).tally
        stored, duplicate = stored + tally.stored, duplicate + tally.duplicate
        if number % 20 == 0:
            roll_up_touched()
    roll_up_touched()

    assert (stored, duplicate) == (READINGS, 4 * READINGS)
    assert figures(wild) == figures(calm)
    assert sum(day.measured_ug for day in EmissionDay.objects.filter(device=wild)) > 10**11  # over 100 kg
