"""The login of the spare device: it is not simulated, you publish its readings yourself.

The same file that `publish_reading` reads (`mqtt_ingest/spare_device.py`), mode 0600: the database holds only
a hash, so a password that is shown again has to be stored in a file.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from mqtt_ingest.spare_device import FILE_NAME


@dataclass(frozen=True, slots=True)
class SpareDevice:
    device_id: str
    password: str


def load(data_dir: Path) -> SpareDevice | None:
    try:
        return SpareDevice(**json.loads((data_dir / FILE_NAME).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def save(data_dir: Path, device: SpareDevice) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=data_dir)  # mode 0600
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(device), file)
    Path(name).replace(data_dir / FILE_NAME)
