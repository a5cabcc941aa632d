"""Which system user runs the embedded PostgreSQL, and how a root user switches to it.

PostgreSQL refuses to run as root. Root therefore runs it as a system user, with one extra right where Linux
can give it: to *reach* files below folders that are closed to that user, such as /root (mode 0700). The server itself
is in `lib/local/postgres.py`.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A dedicated user comes first; not every system has each of these users.
SYSTEM_USERS = ("postgres", "daemon", "nobody")
# Bit numbers in /proc/self/status. Docker's default set has the first of the two but not the second.
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAP_SETPCAP = 8


class ServerAccountError(RuntimeError):
    """No system user can run the database here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """How to start a program of the server: what to put before it and what to pass to Popen."""

    prefix: tuple[str, ...] = ()
    popen_arguments: dict[str, Any] = field(default_factory=dict)
    owner: tuple[int, int] | None = None
    reaches_closed_folders: bool = True

    @classmethod
    def for_folder(cls, folder: Path, *, programs: Path) -> ServerAccount:
        """The account that may use `folder` (its owner, if it exists) and run `programs`."""
        if sys.platform == "win32":
            return cls()
        setpriv = _util_linux_setpriv()
        dies_with_parent = (setpriv, "--pdeathsig", "INT") if setpriv else ()
        if os.geteuid() != 0:
            return cls(prefix=dies_with_parent)
        uid, gid = _system_user(folder)
        switch: dict[str, Any] = {"cwd": "/", "user": uid, "group": gid, "extra_groups": []}
        reach = _reach_capability()
        if setpriv and reach:
            # access(2) ignores capabilities of a user other than root unless no_setuid_fixup is set, and
            # PostgreSQL asks access(2) whether it may read its own programs.
            prefix = (
                *dies_with_parent,
                f"--reuid={uid}",
                f"--regid={gid}",
                "--clear-groups",
                f"--inh-caps=-all,+{reach}",
                f"--ambient-caps=-all,+{reach}",
                "--securebits=+no_setuid_fixup",
            )
            return cls(prefix=prefix, popen_arguments={"cwd": "/"}, owner=(uid, gid))
        for needed in (folder.parent, programs):
            closed = _first_closed_folder(needed)
            if closed is not None:
                raise ServerAccountError(
                    "PostgreSQL refuses to run as root, and the system user it would run as cannot enter "
                    f"{closed}: work as an ordinary user, or move the clone to a folder others may enter, "
                    "such as /srv/carbontrack."
                )
        return cls(popen_arguments=switch, owner=(uid, gid), reaches_closed_folders=False)

    def make_parent_dir(self, folder: Path) -> None:
        """Make the folder around the server's folders: closed to all but us, where it can still enter."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700 if self.reaches_closed_folders else 0o711)

    def give(self, folder: Path) -> None:
        """Make the server's user the owner of this folder, and close it to others."""
        folder.chmod(0o700)
        if self.owner is not None:
            os.chown(folder, *self.owner)


def _util_linux_setpriv() -> str | None:
    """The path of util-linux's setpriv; busybox has a smaller one that cannot switch users."""
    path = shutil.which("setpriv") if sys.platform == "linux" else None
    return path if path and Path(path).resolve().name == "setpriv" else None


def _system_user(folder: Path) -> tuple[int, int]:
    import pwd

    if folder.exists() and folder.stat().st_uid != 0:
        # Only its owner can serve a cluster, whatever users exist now.
        status = folder.stat()
        return status.st_uid, status.st_gid
    for name in SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise ServerAccountError(
        "PostgreSQL refuses to run as root, and this system has no user "
        f"{' or '.join(SYSTEM_USERS)} to run it as: work as an ordinary user, or set DATABASE_URL."
    )


def _reach_capability() -> str | None:
    """The smallest right that lets another user pass closed folders; None if we cannot pass one on."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            held = int(line.split()[1], 16)
            break
    else:
        return None
    if not held >> CAP_SETPCAP & 1:
        return None
    if held >> CAP_DAC_READ_SEARCH & 1:
        return "dac_read_search"
    return "dac_override" if held >> CAP_DAC_OVERRIDE & 1 else None


def _first_closed_folder(path: Path) -> Path | None:
    """The topmost existing ancestor that other users may not enter."""
    for folder in reversed(path.resolve().parents):
        if folder.is_dir() and not folder.stat().st_mode & 0o001:
            return folder
    return None
