"""Files of the simulated world in DATA_DIR between starts: logins (mode 0600), progress of each device and log.

The database holds only hashes of the passwords, so `world.py` writes them here when it draws them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lib.private_files import read_object, write_privately


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a device: everything up to `t_ms` has an answer; its last stream and seq in it."""

    t_ms: int
    stream: int
    seq: int


def load_passwords(data_dir: Path) -> dict[str, str]:
    """Device id -> password; empty before the world was seeded, or if the file cannot be used."""
    saved = read_object(data_dir / "fleet.json")
    return {name: text for name, text in saved.items() if isinstance(text, str)}


def save_passwords(data_dir: Path, passwords: Mapping[str, str]) -> None:
    _save(data_dir / "fleet.json", dict(sorted(passwords.items())))


def load_progress(data_dir: Path) -> dict[str, Progress]:
    progress = {}
    for name, kept in read_object(data_dir / "fleet_state.json").items():
        try:
            progress[name] = Progress(int(kept["t_ms"]), int(kept["stream"]), int(kept["seq"]))
        except (KeyError, TypeError, ValueError):
            continue  # that device starts like a new one
    return progress


def save_progress(data_dir: Path, progress: Mapping[str, Progress]) -> None:
    _save(data_dir / "fleet_state.json", {name: asdict(kept) for name, kept in sorted(progress.items())})


def load_anchor(data_dir: Path) -> int | None:
    """The day of the first start, in days since 1970 at the site: stories count from it. None before it is known."""
    day = read_object(data_dir / "history.json").get("anchor_day")
    return day if isinstance(day, int) else None


def load_logged(data_dir: Path) -> dict[str, int]:
    """Site -> the last day, in days since 1970, up to which its log is filled; empty before the first time."""
    saved = read_object(data_dir / "history.json").get("logged_until_day")
    return {name: day for name, day in saved.items() if isinstance(day, int)} if isinstance(saved, dict) else {}


def save_history(data_dir: Path, anchor_day: int, logged: Mapping[str, int]) -> None:
    _save(data_dir / "history.json", {"anchor_day": anchor_day, "logged_until_day": dict(sorted(logged.items()))})


def _save(path: Path, content: object) -> None:
    write_privately(path, json.dumps(content, indent=1))
