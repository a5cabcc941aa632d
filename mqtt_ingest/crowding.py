"""Limits the record of received numbers to 5,000 ranges per stream.

A device that leaves out every second reading makes one range per reading, and each one rewrites the whole record.
So at the limit a reading that would add a range is refused as `rate_limited`; a reading that fills a gap or extends a
range is taken. A healthy device has one range, and one more for each gap.
"""

from collections.abc import Sequence
from dataclasses import replace

from django.db.backends.utils import CursorWrapper

from emissions.models import STREAM_OFFSET
from lib import sql
from mqtt_ingest.choices import Reason
from mqtt_ingest.identify import Arrival
from mqtt_ingest.rules import refuse
from mqtt_ingest.staging import StagedBatch

RANGES_LIMIT_COUNT = 5_000
# Below these the ranges need not be counted. A record is compressed, to no less than 4 bytes a range: 2,000 bytes
# hold fewer than 1,000 ranges, and a batch adds at most one a reading of that stream.
SIZE_WORTH_COUNTING_BYTES = 2_000
STREAM_WORTH_COUNTING_COUNT = 4_000

ReadingKey = tuple[int, int, int]  # device, stream as stored, seq


def delete_crowding(cursor: CursorWrapper, staged: StagedBatch, largest_record_bytes: int) -> list[int]:
    """Take the readings that would add ranges beyond the limit out of the batch; returns their positions."""
    is_small = largest_record_bytes < SIZE_WORTH_COUNTING_BYTES
    if is_small and staged.largest_stream_count < STREAM_WORTH_COUNTING_COUNT:
        return []
    cursor.execute(sql.load("mqtt_ingest", "delete_crowding"), {"limit": RANGES_LIMIT_COUNT})
    return [position for (position,) in cursor.fetchall()]


def refuse_crowding(arrivals: Sequence[Arrival], staged: StagedBatch, positions: list[int]) -> list[Arrival]:
    """The same arrivals with those readings refused, wherever in the batch they stand."""
    keys = (staged.keys[position] for position in positions)
    crowding = {(device_pk, stream, seq) for device_pk, _, stream, seq in keys}
    return [_without(arrival, crowding) for arrival in arrivals]


def _without(arrival: Arrival, crowding: set[ReadingKey]) -> Arrival:
    device, parsed = arrival.device, arrival.parsed
    if device is None:
        return arrival
    stream = parsed.stream - STREAM_OFFSET
    crowded = [r for r in parsed.readings if (device.pk, stream, r.seq) in crowding]
    if not crowded:
        return arrival
    detail = f"the stream is in {RANGES_LIMIT_COUNT} pieces, the limit: send what is missing between first"
    rejections = tuple(refuse(r, parsed.stream, (Reason.RATE_LIMITED, detail)) for r in crowded)
    readings = tuple(r for r in parsed.readings if (device.pk, stream, r.seq) not in crowding)
    return replace(arrival, parsed=replace(parsed, readings=readings, rejections=parsed.rejections + rejections))
