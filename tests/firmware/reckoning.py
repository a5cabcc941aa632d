"""Afterwards: what a node measured against what is stored. Each reading once, with its values; or lost, and why."""

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from devices.models import MCUDevice
from emissions.models import STREAM_OFFSET, DeviceStream, Emission
from tests.firmware.node_process import VALUES, NodeProcess, Produced

FLUSH_AFTER_MS = 60_000  # firmware/lib/core/src/config.h: what a power cut may cost
# Between the reading and its flush lie a turn of the loop and a busy machine, at the speed of the node's time.
SLACK_MS = 20_000
DATED_LATER_MS = 500  # how far apart the node's offset and the record's may be read, at that speed
REPLAYED = 128


@dataclass(slots=True)
class Reckoning:
    """`faults` has to be empty; `lost` names what is gone with the reason that excuses it."""

    produced: int = 0
    stored: int = 0
    means: int = 0
    lost: dict[tuple[int, int], str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unexplained: list[Produced] = field(default_factory=list)


def reckon(node: NodeProcess, device_id: str, undatable: Iterable[int] = ()) -> Reckoning:
    """`undatable`: streams of boots that never learned the time, whose readings nobody can date."""
    device = MCUDevice.objects.get(device_id=device_id)
    produced = {(one.stream, one.seq): one for one in node.produced()}
    found = Reckoning(produced=len(produced))
    answered: dict[tuple[int, int], Emission] = {}
    for row in Emission.objects.filter(device=device):
        stream = row.stream + STREAM_OFFSET
        found.stored += 1
        found.means += row.seq_from is not None
        covered = range(row.seq_from if row.seq_from is not None else row.seq, row.seq + 1)
        for seq in covered:
            if (stream, seq) in answered:
                found.faults.append(f"{stream}/{seq}: stored twice")
            answered[stream, seq] = row
        found.faults += _faults_of_row(row, [produced.get((stream, seq)) for seq in covered], node)
    for (stream, seq), reading in produced.items():
        if (stream, seq) not in answered:
            _explain(found, reading, node, set(undatable))
    found.faults += _faults_of_streams(device, set(answered))
    _excuse_dropped(found, node)
    return found


def _excuse_dropped(found: Reckoning, node: NodeProcess) -> None:
    """A flash above 95 % loses its oldest, and the node counts them: as many as it says, and not one more."""
    if len(found.unexplained) <= node.dropped_count():
        found.lost |= {(one.stream, one.seq): "flash-full: dropped and counted" for one in found.unexplained}
        return
    found.faults += [
        f"{one.stream}/{one.seq}: lost, and not in the last minute before a power cut" for one in found.unexplained
    ]


def _explain(found: Reckoning, reading: Produced, node: NodeProcess, undatable: set[int]) -> None:
    cut_ms = node.power_cuts.get(reading.stream)
    if reading.stream in undatable and reading.was_undated:
        found.lost[reading.stream, reading.seq] = "never-dated: its boot never learned the time"
    elif cut_ms is None or cut_ms - reading.t_ms > FLUSH_AFTER_MS + SLACK_MS:
        found.unexplained.append(reading)
    else:
        found.lost[reading.stream, reading.seq] = f"power-cut {(cut_ms - reading.t_ms) / 1000:.1f} s later"


def _faults_of_row(row: Emission, made: Sequence[Produced | None], node: NodeProcess) -> list[str]:
    name = f"{row.stream + STREAM_OFFSET}/{row.seq}"
    known = [one for one in made if one is not None]
    if len(known) != len(made):
        # Killed between handing a reading to the network and our writing down that it was made: the last one.
        newest = max((one.seq for one in node.produced() if one.stream == row.stream + STREAM_OFFSET), default=0)
        is_torn = row.stream + STREAM_OFFSET in node.power_cuts and row.seq == newest + 1
        return [] if is_torn and len(made) == 1 else [f"{name}: stored, but never made"]
    last = known[-1]
    faults = []
    tolerance_ms = DATED_LATER_MS if last.was_undated else 0
    if abs(row.timestamp - datetime.fromtimestamp(last.t_ms / 1000, UTC)).total_seconds() * 1000 > tolerance_ms:
        faults.append(f"{name}: stored with {row.timestamp:%H:%M:%S.%f}, measured at {last.t_ms}")
    for place, quantity in enumerate(VALUES):
        stored, wanted = getattr(row, quantity), _mean(known, place)
        is_exact = len(known) == 1 or wanted is None
        is_same = _float4(stored) == _float4(wanted) if is_exact else _is_near(stored, wanted)
        if not is_same:
            faults.append(f"{name}: {quantity} stored as {stored}, measured as {wanted}")
    if len(known) == 1 and row.flags & ~REPLAYED != last.flags:
        faults.append(f"{name}: flags stored as {row.flags}, measured as {last.flags}")
    return faults


def _mean(readings: Sequence[Produced], place: int) -> float | None:
    values = [one.values[place] for one in readings]
    if any(value is None for value in values):
        return None
    return sum(value for value in values if value is not None) / len(values)


def _float4(value: float | None) -> float | None:
    """As node and database keep it: neither prints more digits than single precision has."""
    return None if value is None else float(struct.unpack("f", struct.pack("f", value))[0])


def _is_near(stored: float | None, wanted: float | None) -> bool:
    # A mean is kept in single precision on flash, added up in the order in which its readings came.
    return stored is not None and wanted is not None and abs(stored - wanted) <= 1e-5 * abs(wanted) + 0.02


def _faults_of_streams(device: MCUDevice, answered: set[tuple[int, int]]) -> list[str]:
    """What is on record as received is what is stored: no more, no less."""
    on_record = {
        (record.stream + STREAM_OFFSET, seq)
        for record in DeviceStream.objects.filter(device=device)
        for low, end in re.findall(r"\[(\d+),(\d+)\)", record.received)
        for seq in range(int(low), int(end))
    }
    return [f"{stream}/{seq}: on record and not stored, or the other way" for stream, seq in on_record ^ answered]
