"""The PostgreSQL of a test session: a copy of a server whose database has the tables already.

Migrating takes ten seconds and gives the same tables each time. So a migrated server is kept in var/, one for each
state of the migrations, and a session (each worker of one) copies its files: half a second. Tests still get a
database of their own server, which ends with the process that started it.

`Rows` undoes a test that commits.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import sql

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


# Tables with a file are few: the others have never had a row.
_TABLES = """
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
AND (pg_relation_size(c.oid) > 0 OR c.relname = ANY(%s))
GROUP BY c.oid ORDER BY c.oid
"""
Signature = tuple[int, int]
_EMPTY: Signature = (0, 0)


class Rows:
    """The rows of all tables now, to go back to after a test that committed.

    Django's `flush` empties every table and makes the rows of `migrate` anew. Here only what has changed is put back.
    """

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self._signatures: dict[str, Signature] = {}
        with transaction.atomic(), connection.cursor() as cursor:
            self._run(cursor, "DROP SCHEMA IF EXISTS {schema} CASCADE")
            self._run(cursor, "CREATE SCHEMA {schema}")
            signatures = self._signed(cursor, self._tables(cursor))
            self._signatures = {table: signed for table, signed in signatures.items() if signed != _EMPTY}
            for table in self._signatures:
                self._run(cursor, "CREATE TABLE {schema}.{table} AS TABLE public.{table}", table)

    def put_back(self) -> None:
        """Waits for whoever is still writing."""
        with transaction.atomic(), connection.cursor() as cursor:
            tables = self._tables(cursor)
            listed = sql.SQL(", ").join(map(sql.Identifier, tables))
            cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(listed))
            now = self._signed(cursor, tables)
            changed = [table for table in tables if now[table] != self._signatures.get(table, _EMPTY)]
            if not changed:
                return
            # Without triggers: no foreign key is looked at, no history is written, nothing is refused.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in changed:
                self._run(cursor, "DELETE FROM public.{table}", table)
                if table in self._signatures:
                    copy = "INSERT INTO public.{table} ({columns}) SELECT {columns} FROM {schema}.{table}"
                    self._run(cursor, copy, table, tables[table])
            again = [table for table in changed if table in self._signatures]
            self._signatures |= self._signed(cursor, again)

    def _run(self, cursor: Any, words: str, table: str = "", columns: Sequence[str] = ()) -> None:
        names = {"schema": sql.Identifier(self._schema), "table": sql.Identifier(table or "_")}
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        cursor.execute(sql.SQL(words).format(**names, columns=listed))

    def _tables(self, cursor: Any) -> dict[str, list[str]]:
        """Their columns by name."""
        cursor.execute(_TABLES, [list(self._signatures)])
        return dict(cursor.fetchall())

    @staticmethod
    def _signed(cursor: Any, tables: Iterable[str]) -> dict[str, Signature]:
        """How many rows a table has, and the sum of the transactions that wrote them: an update has another."""
        if not tables:
            return {}
        one = "SELECT {name}, count(*), coalesce(sum(xmin::text::bigint), 0)::bigint FROM public.{table}"
        parts = [sql.SQL(one).format(name=sql.Literal(name), table=sql.Identifier(name)) for name in tables]
        cursor.execute(sql.SQL(" UNION ALL ").join(parts))
        return {name: (count, transactions) for name, count, transactions in cursor.fetchall()}


_moments: list[Rows] = []


@contextlib.contextmanager
def going_back() -> Iterator[None]:
    """Until its end, what a test has committed is put back to the rows of now; at its end to those before."""
    _moments.append(Rows(f"moment_{len(_moments)}"))
    try:
        yield
    finally:
        _moments.pop()
        if _moments:
            go_back()


def go_back(_test: object = None) -> None:
    _moments[-1].put_back()
