"""`manage.py ingest_mqtt` as a process of its own, on the test database; and how a test waits for it."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg2
from django.conf import settings
from django.db import connection

from tests.mosquitto import Mosquitto
from tests.waiting import TIMEOUT_S

MANAGE = Path(__file__).parents[2] / "manage.py"


class IngestProcess:
    """Connected to the broker when it is entered."""

    def __init__(self, broker: Mosquitto, *arguments: str) -> None:
        parameters = connection.get_connection_params()
        host, name = quote(str(parameters.get("host", ""))), parameters["dbname"]
        self.environment = os.environ | {
            "DATABASE_URL": f"postgres://{parameters['user']}@/{name}?host={host}",
            "SECRET_KEY": "of-the-tests",
            "MQTT_BROKER_URL": broker.url,
            "MQTT_CA_FILE": str(broker.certificates.ca_file),
            "DATA_DIR": str(settings.DATA_DIR),
        }
        self._arguments = [sys.executable, str(MANAGE), "ingest_mqtt", *arguments]
        self.process: subprocess.Popen[str] | None = None
        self.output = ""

    def __enter__(self) -> "IngestProcess":
        self.process = subprocess.Popen(
            self._arguments, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line
            if "Connected to broker" in line:
                return self
        raise AssertionError(f"ingest never connected: {self.output}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()

    def terminate(self) -> int:
        """SIGTERM; returns its exit code. `output` then holds all that it printed."""
        return self._end(lambda process: process.terminate())

    def kill(self) -> int:
        return self._end(lambda process: process.kill())

    def wait(self) -> int:
        """Its exit code, when it ends by itself."""
        return self._end(lambda process: None)

    def _end(self, how: "Callable[[subprocess.Popen[str]], None]") -> int:
        assert self.process
        if self.process.poll() is None:
            how(self.process)
            rest, _ = self.process.communicate(timeout=TIMEOUT_S)
            self.output += rest
        return self.process.returncode


class CommitListener:
    """Wakes when readings are committed, so that a test need not ask again and again."""

    def __init__(self) -> None:
        parameters = connection.get_connection_params()
        keys = ("dbname", "user", "password", "host", "port")
        self._connection = psycopg2.connect(**{key: parameters[key] for key in keys if key in parameters})
        self._connection.autocommit = True
        self._connection.cursor().execute("LISTEN carbontrack_readings")

    def wait_until(self, is_true: Callable[[], bool]) -> None:
        """Return when it holds; looked at after each commit of readings."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while not is_true():
            left_s = deadline_s - time.monotonic()
            assert left_s > 0, "it never came true"
            select.select([self._connection], [], [], left_s)
            self._connection.poll()
            self._connection.notifies.clear()

    def end_other_connections(self) -> None:
        """End every connection to this database but the test's own two, as a restart of the server would."""
        own = [self._connection.info.backend_pid, connection.connection.info.backend_pid]
        self._connection.cursor().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> ALL (%s)",
            [own],
        )

    def close(self) -> None:
        self._connection.close()
