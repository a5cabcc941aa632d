"""What `run_demo`, `simulate` and `run_firmware_node` tell each other, by files in DATA_DIR/firmware_node.

One device of the fleet runs the firmware's own core. The simulated fleet makes up its last two hours first; the
hand-over goes: the node is built and wants the device, the fleet lets go of it, the node takes it.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    BUILDING = "building"
    WAITING = "waiting"  # built; the fleet has not let go yet
    RUNNING = "running"
    NONE = "none"  # and `why` says why


@dataclass(frozen=True, slots=True)
class NodeState:
    device_id: str
    state: State
    why: str = ""


def folder(data_dir: Path) -> Path:
    return data_dir / "firmware_node"


def flash_folder(data_dir: Path) -> Path:
    """What the node's flash is here: it outlives every restart."""
    return folder(data_dir) / "flash"


def begin(data_dir: Path, state: NodeState) -> None:
    """A new start of the demo: whatever was handed over has to be handed over again."""
    take_back(data_dir)
    note(data_dir, state)


def note(data_dir: Path, state: NodeState) -> None:
    write_privately(folder(data_dir) / "state.json", json.dumps(asdict(state)))


def current(data_dir: Path) -> NodeState | None:
    try:
        found = json.loads((folder(data_dir) / "state.json").read_text(encoding="utf-8"))
        return NodeState(found["device_id"], State(found["state"]), found["why"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


# --- The hand-over -----------------------------------------------------------------------------
def want(data_dir: Path, device_id: str) -> None:
    write_privately(folder(data_dir) / "wanted", device_id)


def wanted(data_dir: Path) -> str:
    """The device that the node is ready to take; empty while it is not."""
    return _read(folder(data_dir) / "wanted")


def release(data_dir: Path, device_id: str) -> None:
    write_privately(folder(data_dir) / "released", device_id)


def released(data_dir: Path) -> str:
    """The device that the fleet has let go of; empty when none."""
    return _read(folder(data_dir) / "released")


def take_back(data_dir: Path) -> None:
    """Nobody wants the device any more: the fleet is it again."""
    (folder(data_dir) / "wanted").unlink(missing_ok=True)
    (folder(data_dir) / "released").unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def write_privately(path: Path, text: str) -> None:
    """Mode 0600; written beside and renamed, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
