"""The space left on the disk of the data (`DISK_PATH`), and the floor below which nothing new is stored."""

import shutil
from pathlib import Path

from django.conf import settings

MB = 1_000_000
# Storing resumes this much above the floor, so that it does not start and stop with every batch.
RESUME_SHARE = 1.1


def free_bytes() -> int:
    """What this user may still write. Before the first start, of the folder that will hold the data's."""
    path = Path(settings.DISK_PATH)
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def floor_bytes() -> int:
    return int(settings.DISK_FLOOR_MB) * MB


def is_low() -> bool:
    return free_bytes() < floor_bytes()


class Floor:
    """Remembers that the disk was low."""

    def __init__(self) -> None:
        self._was_low = False

    def is_reached(self) -> bool:
        self._was_low = free_bytes() < floor_bytes() * (RESUME_SHARE if self._was_low else 1.0)
        return self._was_low
