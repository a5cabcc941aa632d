"""Periodic work on emissions."""

from emissions.partitions import ensure_partitions
from emissions.rollups import roll_up_touched, touch_changed_setups
from lib.jobs import Job

JOBS = [
    Job("roll up new readings", 1, roll_up_touched),
    Job("notice changed geometry, calibrations and holds", 5, touch_changed_setups),
    Job("make partitions", 3600, ensure_partitions),
]
