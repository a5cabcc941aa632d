"""The ports that the running demo of a DATA_DIR listens on, for commands in another terminal. Knows no Django."""

import json
import os
from pathlib import Path

NAMES = ("HTTP_PORT", "MQTT_PORT")


def _file(data_dir: Path) -> Path:
    return data_dir / "ports.json"


def publish(data_dir: Path, *, http_port: int, mqtt_port: int) -> None:
    ports = dict(zip(NAMES, (http_port, mqtt_port), strict=True))
    _file(data_dir).write_text(json.dumps(ports), encoding="ascii")


def withdraw(data_dir: Path) -> None:
    _file(data_dir).unlink(missing_ok=True)


def adopt(data_dir: Path) -> None:
    """Add the ports to the environment unless it names them. Without a running demo this does nothing."""
    try:
        ports = json.loads(_file(data_dir).read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError):
        return
    for name in NAMES:
        if isinstance(ports, dict) and isinstance(ports.get(name), int) and not os.environ.get(name):
            os.environ[name] = str(ports[name])
