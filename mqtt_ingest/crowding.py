"""Limits the record of received numbers to 5,000 ranges per stream.

A device that leaves out every second reading makes one range per reading, and each one rewrites the whole record.
So at the limit a reading that would add a range is refused as `rate_limited`; a reading that fills a gap or extends a
range is taken. A healthy device has one range, and one more for each gap.
"""

from django.db.backends.utils import CursorWrapper

from lib import sql
from mqtt_ingest.choices import Reason
from mqtt_ingest.rules import Problem
from mqtt_ingest.staging import StagedBatch

RANGES_LIMIT_COUNT = 5_000
# Below these the ranges need not be counted. A record is compressed, to no less than 4 bytes a range: 2,000 bytes
# hold fewer than 1,000 ranges, and a batch adds at most one a reading of that stream.
SIZE_WORTH_COUNTING_BYTES = 2_000
STREAM_WORTH_COUNTING_COUNT = 4_000


def delete_crowding(cursor: CursorWrapper, staged: StagedBatch, largest_record_bytes: int) -> dict[int, Problem]:
    """Take the readings that would add ranges beyond the limit out of the batch; returns position and refusal."""
    is_small = largest_record_bytes < SIZE_WORTH_COUNTING_BYTES
    if is_small and staged.largest_stream_count < STREAM_WORTH_COUNTING_COUNT:
        return {}
    cursor.execute(sql.load("mqtt_ingest", "delete_crowding"), {"limit": RANGES_LIMIT_COUNT})
    detail = f"the stream is in {RANGES_LIMIT_COUNT} pieces, the limit: send what is missing between first"
    return dict.fromkeys((position for (position,) in cursor.fetchall()), (Reason.RATE_LIMITED, detail))
