"""The load of the ingest benchmark: builds and commands `load.c`, a client of many identities on libmosquitto."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from devices.services import ProvisionedDevice

SOURCE = Path(__file__).with_name("load.c")
PROTOCOLS = {"31": "3", "311": "4", "5": "5"}
PATIENCE_S = 10.0


class LoadError(RuntimeError):
    """The load program could not be built or ended early; the message has its words and the remedy."""


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
        raise LoadError("there is no C compiler: apt-get install gcc libmosquitto-dev") from error
    if done.returncode:
        raise LoadError(f"load.c does not build (apt-get install gcc libmosquitto-dev): {done.stderr[-1500:]}")
    return program


class Load:
    """Running and connected inside its `with` block, at rate 0 until told otherwise."""

    def __init__(self, folder: Path, devices: Sequence[ProvisionedDevice], *, protocol: str = "311") -> None:
        self._folder = folder
        self._devices = devices
        self._protocol = PROTOCOLS[protocol]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Load:
        program = build(self._folder)
        logins = self._folder / "logins"
        logins.touch(mode=0o600)
        logins.write_text("".join(f"{device.device_id} {device.password}\n" for device in self._devices))
        first = self._devices[0]
        arguments = [str(program), first.host, str(first.port), first.ca_file or "-", self._protocol, str(logins)]
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            self._read()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            process.communicate("stop\n", timeout=PATIENCE_S)
        with suppress(OSError):
            process.kill()
        process.wait()

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def set_rate(self, messages_per_s: float) -> None:
        """Of all identities together; they take turns."""
        self._write(f"rate {messages_per_s:.3f}\n")

    def count(self) -> LoadCount:
        self._write("count\n")
        sent, acknowledged, answered = self._read().split()
        return LoadCount(int(sent), int(acknowledged), int(answered))

    def _write(self, line: str) -> None:
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise LoadError(self._last_words()) from None

    def _read(self) -> str:
        assert self._process
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise LoadError(self._last_words())
        return line

    def _last_words(self) -> str:
        assert self._process
        assert self._process.stderr
        return f"the load ended: {self._process.stderr.read()[-500:]}"
