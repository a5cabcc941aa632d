"""The load of the ingest benchmark: builds and commands `load.c`, a client of many identities on libmosquitto."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.services import ProvisionedDevice
from tests.bench.line_process import LineProcess, LineProcessError

SOURCE = Path(__file__).with_name("load.c")
PROTOCOLS = {"31": "3", "311": "4", "5": "5"}


@dataclass(frozen=True, slots=True)
class LoadCount:
    """Messages so far: sent, acknowledged by the broker; and readings that `committed` has named."""

    sent: int
    acknowledged: int
    answered: int


def build(folder: Path) -> Path:
    program = folder / "load"
    command = ["cc", "-O2", "-o", str(program), str(SOURCE), "-lmosquitto"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise LineProcessError("there is no C compiler: apt-get install gcc libmosquitto-dev") from error
    if done.returncode:
        raise LineProcessError(f"load.c does not build (apt-get install gcc libmosquitto-dev): {done.stderr[-1500:]}")
    return program


class Load(LineProcess):
    """Running and connected inside its `with` block, at rate 0 until told otherwise."""

    def __init__(self, folder: Path, devices: Sequence[ProvisionedDevice], *, protocol: str = "311") -> None:
        super().__init__(folder, devices)
        self._protocol = PROTOCOLS[protocol]

    def _arguments(self, logins: Path) -> list[str]:
        first = self._devices[0]
        address = [first.host, str(first.port), first.ca_file or "-"]
        return [str(build(self._folder)), *address, self._protocol, str(logins)]

    def set_rate(self, messages_per_s: float) -> None:
        """Of all identities together; they take turns."""
        self._write(f"rate {messages_per_s:.3f}")

    def count(self) -> LoadCount:
        self._write("count")
        sent, acknowledged, answered = self._read().split()
        return LoadCount(int(sent), int(acknowledged), int(answered))
