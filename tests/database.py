"""The PostgreSQL of a test session: a copy of a server whose database has the tables already.

Migrating takes ten seconds and gives the same tables each time. So a migrated server is kept in var/, one for each
state of the migrations, and a session (each worker of one) copies its files: half a second. Tests still get a
database of their own server, which ends with the process that started it.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from lib.local.postgres import LocalPostgres

BASE_DIR = Path(__file__).resolve().parent.parent
KEPT_DIR = BASE_DIR / "var" / "test-databases"
# What decides which tables `migrate` makes, and in what server. The rows are not kept: each session writes them.
DECIDING = (
    "*/migrations/**/*",
    "*/models.py",
    "*/fields.py",
    "*/partitions.py",
    "carbontrack/settings.py",
    "lib/local/*.py",
    "requirements.txt",
    "tests/database.py",
)


@contextlib.contextmanager
def running(server: LocalPostgres) -> Iterator[LocalPostgres]:
    """The new server, started; its database has all tables and no rows: it wants a `migrate`, which is quick."""
    KEPT_DIR.mkdir(parents=True, exist_ok=True)
    with (KEPT_DIR / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of a session start at once, and one makes what all copy
        kept = KEPT_DIR / _state()
        if not kept.exists():
            for outdated in KEPT_DIR.glob("*-*"):
                shutil.rmtree(outdated)
            _make(server, kept)
        else:
            _copy(kept, server)
    with server:
        yield server


def _state() -> str:
    """The month goes with it, since `migrate` makes the partitions around today."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in DECIDING for path in BASE_DIR.glob(pattern)):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(BASE_DIR)}\n".encode() + path.read_bytes())
    return f"{timezone.now():%Y%m}-{digest.hexdigest()[:16]}"


def _make(server: LocalPostgres, kept: Path) -> None:
    with server:
        call_command("migrate", verbosity=0, interactive=False)
        # Rows of the factor table and of content types follow from other files too: they are left to each session.
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
        connection.close()
    aside = kept.with_name(f"new-{kept.name}")
    shutil.copytree(server.cluster_dir, aside)
    aside.rename(kept)  # whole or not at all, should we be killed meanwhile


def _copy(kept: Path, server: LocalPostgres) -> None:
    account = server.account()
    account.make_parent_dir(server.home)
    shutil.copytree(kept, server.cluster_dir)
    account.give(server.cluster_dir)
    if account.owner is not None:
        for path in server.cluster_dir.rglob("*"):
            os.chown(path, *account.owner)
