"""Afterwards: what devices made against what is stored, roll-ups against a recomputation, counters among themselves."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from devices.models import MCUDevice
from emissions.models import (
    STREAM_OFFSET,
    DeviceStream,
    Emission,
    EmissionDay,
    EmissionHour,
    EmissionMinute,
    TouchedMinute,
)
from emissions.rollups import roll_up_touched, touch_period
from mqtt_ingest.queries import counters
from tests.drill.devices import DrillDevice, values_of

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ROLLUPS = (EmissionMinute, EmissionHour, EmissionDay)


def _float4(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def faults_of_ledger(device: DrillDevice) -> list[str]:
    """One sentence for each reading that is lost, doubled, changed, or stored although it was refused."""
    pk = MCUDevice.objects.values_list("pk", flat=True).get(device_id=device.device_id)
    rows = Emission.objects.filter(device=pk).values_list(
        "stream", "seq", "timestamp", "co2_ppm", "temperature_c", "velocity_ms"
    )
    stored: dict[int, list[tuple[Any, ...]]] = {}
    found = []
    for stream, seq, *values in rows:
        if stream + STREAM_OFFSET != device.stream:
            found.append(f"{device.device_id}: stream {stream + STREAM_OFFSET} was never sent")
        stored.setdefault(seq, []).append(tuple(values))
    for seq, t_ms in device.ledger.t_ms.items():
        made = values_of(seq)
        expected = (
            datetime.fromtimestamp(t_ms / 1000, UTC),
            *(_float4(made[name]) for name in ("co2_ppm", "temperature_c", "velocity_ms")),
        )
        copies = stored.pop(seq, [])
        if seq in device.ledger.refused:
            if copies:
                found.append(f"{device.device_id} {seq}: refused as {device.ledger.refused[seq]}, and stored")
        elif copies != [expected]:
            what = "lost" if not copies else "doubled" if len(copies) > 1 else "changed"
            found.append(f"{device.device_id} {seq}: {what}")
    found += [f"{device.device_id} {seq}: stored, but never made" for seq in stored]
    return found + _faults_of_stream(device, pk)


def _faults_of_stream(device: DrillDevice, pk: int) -> list[str]:
    """What is on record as received is what is stored."""
    record = DeviceStream.objects.filter(device=pk, stream=device.stream - STREAM_OFFSET).first()
    if record is None:
        return [] if not device.ledger.t_ms else [f"{device.device_id}: no stream on record"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(upper(piece) - lower(piece)) FROM emissions_devicestream, unnest(received) AS piece"
            " WHERE device_id = %s AND stream = %s",
            [pk, device.stream - STREAM_OFFSET],
        )
        on_record = int(cursor.fetchone()[0] or 0)
    stored = Emission.objects.filter(device=pk).count()
    return [] if on_record == stored else [f"{device.device_id}: {on_record} on record, {stored} stored"]


def faults_of_counters() -> list[str]:
    found = counters()
    rejected = sum(found.rejected.values())
    sentences = []
    if found.received != found.stored + found.duplicate + rejected:
        sentences.append(f"{found.received} received is not {found.stored} + {found.duplicate} + {rejected}")
    if (rows := Emission.objects.count()) != found.stored:
        sentences.append(f"{found.stored} counted as stored, {rows} rows")
    return sentences


def rollups_are_settled() -> bool:
    return not TouchedMinute.objects.exists()


def faults_of_rollups() -> list[str]:
    """Roll-ups as they grew, message by message, against a recomputation of all of them from the readings."""
    grown = [_content(model) for model in ROLLUPS]
    for model in ROLLUPS:
        model.objects.all().delete()
    for pk in MCUDevice.objects.values_list("pk", flat=True):
        touch_period(pk, LONG_AGO, None)
    while roll_up_touched():
        pass
    made_anew = [_content(model) for model in ROLLUPS]
    return [
        f"{model.__name__}: {len(set(before) ^ set(after))} rows differ from a recomputation"
        for model, before, after in zip(ROLLUPS, grown, made_anew, strict=True)
        if before != after
    ]


def _content(model: Any) -> Sequence[tuple[Any, ...]]:
    names = [f.attname for f in model._meta.concrete_fields if f.name != "known_from"]
    return list(model.objects.order_by("device_id", "period_start").values_list(*names))
