"""Files that only this user may read, replaced as a whole: after a kill there is the old file or the new one."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_privately(path: Path, content: str | bytes, *, mode: int = 0o600) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        if mode != 0o600:
            Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)  # a full disk must not collect empty files
        raise


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in the file; empty where there is no such file, or no object in it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
