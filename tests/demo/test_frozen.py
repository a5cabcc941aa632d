"""Real parts of the demo that are stopped in the middle (SIGSTOP): found frozen, killed, started again."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import psycopg2
import pytest

from demo import parts, processes
from demo.certificates import ensure_certificates
from demo.supervisor import Part, Supervisor
from lib.local.postgres import LocalPostgres
from lib.watchdog import Listener
from tests.processes import free_port
from tests.waiting import TIMEOUT_S


@pytest.mark.django_db
def test_a_frozen_worker_and_a_frozen_ingest_are_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ingest has no broker here, and beats all the same: waiting for one is not being frozen."""
    monkeypatch.setenv("MQTT_BROKER_URL", f"mqtt://carbontrack-ingest:x@127.0.0.1:{free_port()}")
    said: list[str] = []
    commands = ("run_worker", "ingest_mqtt")
    watched = [_noting_beats(parts.watched_part(command, frozen_after_s=30.0)) for command in commands]
    with Supervisor(tmp_path, said.append) as running:
        for part, _beats in watched:
            running.start(part)
        assert running.wait_until(lambda: all(beats.is_set() for _part, beats in watched), timeout_s=TIMEOUT_S)
        frozen = [_process_of(command) for command in commands]
        for process in frozen:
            process.suspend()

        assert running.wait_until(lambda: len(said) == 4, timeout_s=TIMEOUT_S)
        for _part, beats in watched:
            beats.clear()
        assert running.wait_until(lambda: all(beats.is_set() for _part, beats in watched), timeout_s=TIMEOUT_S)

        assert not any(process.is_running() for process in frozen)
        assert all(_process_of(command) not in frozen for command in commands)
    for command in commands:
        killed = f"{command} gave no sign of life for 30 s and was killed; starting it again in "
        assert len([line for line in said if line.startswith(killed)]) == 1
        assert f"{command} runs again." in said


def _noting_beats(part: Part) -> tuple[Part, threading.Event]:
    beats = threading.Event()

    def is_alive() -> bool:
        is_alive = part.is_alive()
        if is_alive:
            beats.set()
        return is_alive

    return Part(part.name, part.launch, is_alive=is_alive, frozen_after_s=part.frozen_after_s), beats


def _process_of(command: str) -> psutil.Process:
    (found,) = [child for child in psutil.Process().children() if command in child.cmdline()]
    return found


def test_a_broker_that_only_the_kernel_answers_for_is_not_alive(tmp_path: Path) -> None:
    ca_file = str(ensure_certificates(tmp_path, []).ca_file)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        part = parts.broker_part(frozen.getsockname()[1], ca_file)

        assert part.is_ready()
        assert not part.is_alive()


def test_a_web_process_that_refuses_is_alive_and_one_that_is_silent_is_not() -> None:
    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with _served(Busy) as port:
        part = parts.web_part("127.0.0.1", port)
        assert part.is_alive()
        assert not part.is_ready()
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        assert not parts.web_part("127.0.0.1", frozen.getsockname()[1]).is_alive()


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_a_database_that_recovers_is_alive_and_a_frozen_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalPostgres(tmp_path, fsync=False) as server:
        part = parts.postgres_part(server)
        assert part.is_alive()
        assert server.process is not None
        postmaster = psutil.Process(server.process.pid)
        postmaster.suspend()
        try:
            assert not part.is_alive()
        finally:
            postmaster.resume()
        assert part.is_alive()
    assert not part.is_alive()

    def recovers(*_: object, **__: object) -> None:
        raise psycopg2.OperationalError("connection to server failed: FATAL:  the database system is starting up")

    monkeypatch.setattr(parts.psycopg2, "connect", recovers)
    assert part.is_alive()
    assert not part.is_ready()


def test_a_listener_hears_each_beat_once(tmp_path: Path) -> None:
    listener = Listener()
    beat = "from lib import watchdog; watchdog.beat(); watchdog.beat()"
    with (tmp_path / "log").open("wb") as log:
        launch = partial(processes.launch, ["python3", "-c", beat], log, listener.environment)
        assert launch().wait(TIMEOUT_S) == 0

    assert listener.has_heard()
    assert not listener.has_heard()


def test_no_part_of_the_demo_is_forgotten() -> None:
    """A port that nobody listens on, no socket: each part that can be frozen says that it is not alive."""
    port = free_port()
    silent = [parts.broker_part(port, ""), parts.web_part("127.0.0.1", port), parts.watched_part("run_worker")]

    assert [part.is_alive() for part in silent] == [False, False, False]
