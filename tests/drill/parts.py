"""The real parts that the drill runs and kills: PostgreSQL with fsync, Mosquitto, ingest and roll-up workers."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg2
from django.conf import settings
from django.db import connection

from lib.local.postgres import LocalPostgres, LocalPostgresError
from tests.drill.disk import SmallDisk
from tests.drill.proxy import Proxy
from tests.mosquitto import INGEST_PASSWORD, Mosquitto
from tests.processes import Process

FLOOR_MB = 100
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
DISK_FULL = """
CREATE OR REPLACE FUNCTION drill_disk_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE OR REPLACE TRIGGER drill_disk_full BEFORE INSERT ON emissions_emission
FOR EACH STATEMENT EXECUTE FUNCTION drill_disk_full()
"""


class PersistentMosquitto(Mosquitto):
    """With persistence as asked for; killed and started again at will."""

    def set_persistence(self, is_on: bool) -> None:
        path = self.folder / "mosquitto.conf"
        lines = [line for line in path.read_text().splitlines() if "persistence" not in line]
        if is_on:
            lines += ["persistence true", f"persistence_location {self.folder}/", "autosave_interval 1"]
        path.write_text("\n".join(lines) + "\n")

    def restart(self) -> None:
        """With the logins that it has: the registry may be dead at the same time."""
        self._write_files = lambda: None  # type: ignore[method-assign]
        self.start()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None


class Parts:
    def __init__(self, folder: Path, server: LocalPostgres, disk: SmallDisk) -> None:
        self.folder, self.server, self.disk = folder, server, disk
        self.broker = PersistentMosquitto(folder)
        settings.MQTT_BROKER_URL = self.broker.url
        settings.MQTT_CA_FILE = str(self.broker.certificates.ca_file)
        self.broker.set_persistence(True)
        self.broker.start()
        self.device_side, self.worker_side = Proxy(self.broker.port), Proxy(self.broker.port)
        self._environment = os.environ | {
            "DATA_DIR": str(settings.DATA_DIR),
            "DISK_PATH": str(disk.folder),
            "MQTT_BROKER_URL": f"mqtts://carbontrack-ingest:{INGEST_PASSWORD}@127.0.0.1:{self.worker_side.port}",
            "MQTT_CA_FILE": str(self.broker.certificates.ca_file),
        }
        self.rollups = self._process("rollups", "run_worker")
        self.workers: list[Process] = []
        self._frozen: list[psutil.Process] = []

    def _process(self, name: str, *arguments: str) -> Process:
        return Process(self.folder / f"{name}.log", self._environment, *arguments)

    def use_workers(self, count: int, *, floor_mb: int = FLOOR_MB) -> None:
        """One alone with a persistent session, or several with a shared subscription; without a floor of the disk it
        is PostgreSQL that finds it full."""
        self._environment["DISK_FLOOR_MB"] = str(floor_mb)
        for worker in self.workers:
            worker.stop()
        names = [()] if count == 1 else [("--worker", f"w{number}") for number in range(count)]
        self.workers = [self._process(f"ingest-{number}", "ingest_mqtt", *name) for number, name in enumerate(names)]
        self.ensure_up()

    # --- faults ---
    def kill_postgres(self) -> None:
        assert self.server.process
        self.server.process.kill()
        self.server.process.wait(10)
        connection.close()

    def kill_backend(self) -> None:
        """kill -9 of one server process: PostgreSQL ends all others and recovers."""
        with suppress(psycopg2.Error):
            pids = self._execute(BACKENDS)
            for (pid,) in pids[:1]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        connection.close()

    def freeze_postgres(self) -> None:
        self._frozen = self._postgres_family()
        for process in self._frozen:
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw_postgres(self) -> None:
        """Those that were frozen: the children of a parent that was killed meanwhile are nobody's any more, and a new
        server waits for them to end."""
        while self._frozen:
            with suppress(psutil.NoSuchProcess):
                self._frozen.pop().resume()

    def _postgres_family(self) -> list[psutil.Process]:
        """The parent first, so that it starts no child that we do not see."""
        assert self.server.process
        try:
            parent = psutil.Process(self.server.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def refuse_inserts(self) -> None:
        """What a server on another machine says when its disk is full."""
        with suppress(psycopg2.Error):
            self._execute(DISK_FULL)

    def take_inserts(self) -> None:
        self._execute("DROP TRIGGER IF EXISTS drill_disk_full ON emissions_emission")

    def _execute(self, statement: str) -> list[tuple[int]]:
        own = psycopg2.connect(**self.server.connection_settings(), connect_timeout=2)
        own.autocommit = True
        try:
            with own.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            own.close()

    # --- after them ---
    def ensure_up(self) -> None:
        """Everything runs again, and nothing stands in the way."""
        self.disk.empty()
        self.thaw_postgres()
        for process in (*self.workers, self.rollups):
            process.thaw()
        self._ensure_database_is_up()
        if not self.broker.is_running:
            self.broker.restart()
        self.device_side.heal()
        self.worker_side.heal()
        for process in (*self.workers, self.rollups):
            process.ensure_running()
        # A server that has lost a process answers on, and ends all connections a moment later.
        for _ in range(2):
            time.sleep(0.2)
            self._wait_until_inserts_are_taken()
        connection.close()

    def _ensure_database_is_up(self) -> None:
        """Processes of a server that was killed may hold its memory for a moment, and a new one then gives up."""
        for attempt in range(20):
            try:
                if self.server.process is None or self.server.process.poll() is not None:
                    self.server.start()
                self.server.wait_ready()
                return
            except LocalPostgresError:
                if attempt == 19:
                    raise
                time.sleep(0.5)

    def _wait_until_inserts_are_taken(self) -> None:
        deadline_s = time.monotonic() + 30
        while True:
            try:
                self.take_inserts()
                return
            except psycopg2.Error:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.1)

    def worker_rss_mb(self) -> float:
        """Of the largest ingest worker."""
        found = []
        for worker in self.workers:
            with suppress(psutil.Error):
                found.append(psutil.Process(worker.pid).memory_info().rss / 1e6)
        return max(found, default=0.0)

    def close(self) -> None:
        for process in (*self.workers, self.rollups):
            process.stop()
        self.device_side.close()
        self.worker_side.close()
        self.broker.stop()
