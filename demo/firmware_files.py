"""Messages between `run_demo`, `simulate` and `run_firmware_node`, as files in DATA_DIR/firmware_node.

One device of the fleet runs the firmware's own core. The simulated fleet sends its last two hours first. Then the
device is handed over: the node is built and asks for the device, the fleet releases it, the node takes it.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from lib.private_files import read_object, write_privately


class Stage(StrEnum):
    BUILDING = "building"
    WAITING = "waiting"  # built; the fleet has not released the device yet
    RUNNING = "running"
    NONE = "none"  # and `why` says why


@dataclass(frozen=True, slots=True)
class NodeState:
    device_id: str
    state: Stage
    why: str = ""


def folder(data_dir: Path) -> Path:
    return data_dir / "firmware_node"


def flash_folder(data_dir: Path) -> Path:
    """The folder that stands for the node's flash: it survives every restart."""
    return folder(data_dir) / "flash"


def begin(data_dir: Path, state: NodeState) -> None:
    """A new start of the demo: the hand-over has to happen again."""
    take_back(data_dir)
    note(data_dir, state)


def note(data_dir: Path, state: NodeState) -> None:
    write_privately(folder(data_dir) / "state.json", json.dumps(asdict(state)))


def current(data_dir: Path) -> NodeState | None:
    try:
        saved = read_object(folder(data_dir) / "state.json")
        return NodeState(saved["device_id"], Stage(saved["state"]), saved["why"])
    except (ValueError, KeyError, TypeError):
        return None


# --- The hand-over -----------------------------------------------------------------------------
def want(data_dir: Path, device_id: str) -> None:
    write_privately(folder(data_dir) / "wanted", device_id)


def wanted(data_dir: Path) -> str:
    """The device that the node is ready to take; empty while it is not ready."""
    return _read(folder(data_dir) / "wanted")


def release(data_dir: Path, device_id: str) -> None:
    write_privately(folder(data_dir) / "released", device_id)


def released(data_dir: Path) -> str:
    """The device that the fleet has released; empty when none."""
    return _read(folder(data_dir) / "released")


def take_back(data_dir: Path) -> None:
    """The node has given up the device: the fleet takes it back."""
    (folder(data_dir) / "wanted").unlink(missing_ok=True)
    (folder(data_dir) / "released").unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
