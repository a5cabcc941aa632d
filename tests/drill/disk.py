"""A disk of the drill's own, small enough to be filled: a file with ext4 in it, mounted. Needs root on Linux."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SIZE_BYTES = 1_500_000_000
FILLER = "filler"


class SmallDisk:
    """Mounted on a folder until `close`; where this user may not mount, `is_there` is false and nobody may fill it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._image = folder.with_name(f"{folder.name}.img")
        folder.mkdir(parents=True, exist_ok=True)
        self.is_there = self._mount()

    def _mount(self) -> bool:
        if os.geteuid() != 0:
            return False
        with self._image.open("wb") as image:
            image.truncate(SIZE_BYTES)
        return _succeeds("mkfs.ext4", "-q", "-F", "-m", "0", self._image) and _succeeds(
            "mount", "-o", "loop", self._image, self.folder
        )

    def fill(self, *, leave_bytes: int) -> None:
        """Leave so much, or less if something else writes at the same moment."""
        self.empty()
        with (self.folder / FILLER).open("wb") as filler:
            step = (self._free_bytes() - leave_bytes) // 4096 * 4096
            end = 0
            while step >= 4096:  # what a file takes is a little more than its length
                try:
                    os.posix_fallocate(filler.fileno(), end, step)
                    end += step
                except OSError:
                    step = step // 8 // 4096 * 4096

    def empty(self) -> None:
        (self.folder / FILLER).unlink(missing_ok=True)

    def _free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def close(self) -> None:
        if self.is_there:
            self.is_there = not _succeeds("umount", self.folder)
        self._image.unlink(missing_ok=True)


def _succeeds(*command: str | Path) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
