"""A program of the benchmark that takes a command a line and answers with a line; it logs in as many devices."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.services import ProvisionedDevice

PATIENCE_S = 20.0


class LineProcessError(RuntimeError):
    """The program could not be built or ended early; the message has its last words and, where there is one, the
    remedy."""


class LineProcess:
    """Running and connected inside its `with` block."""

    def __init__(self, folder: Path, devices: Sequence[ProvisionedDevice]) -> None:
        self._folder, self._devices = folder, devices
        self._process: subprocess.Popen[str] | None = None

    def _arguments(self, logins: Path) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        logins = self._folder / f"{type(self).__name__}-logins"
        logins.touch(mode=0o600)
        logins.write_text("".join(f"{device.device_id} {device.password}\n" for device in self._devices))
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._arguments(logins), stdin=pipe, stdout=pipe, stderr=pipe, text=True)
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
        with suppress(OSError, subprocess.TimeoutExpired):
            process.communicate("stop\n", timeout=PATIENCE_S)
        process.kill()
        process.wait()

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def _write(self, line: str) -> None:
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise LineProcessError(self._last_words()) from None

    def _read(self) -> str:
        assert self._process
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise LineProcessError(self._last_words())
        return line

    def _last_words(self) -> str:
        assert self._process
        assert self._process.stderr
        return f"{type(self).__name__} ended: {self._process.stderr.read()[-800:]}"
