"""The web process of the Procfile: it answers, streams and stops."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.db import connection

from tests.carbontrack.test_bounds import get
from tests.emissions.listening import Stream, store, world
from tests.processes import free_port
from tests.waiting import TIMEOUT_S

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn is not for Windows"),
]
__all__ = ["world"]  # a fixture
PROCFILE = Path(__file__).parents[2] / "Procfile"


@pytest.fixture
def gunicorn(world: SimpleNamespace) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The command as the Procfile has it, in one process on the test's database."""
    (command,) = (line for line in PROCFILE.read_text().splitlines() if line.startswith("web: "))
    port, database = free_port(), connection.settings_dict
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}?host={quote(str(database['HOST']))}",
        "SECRET_KEY": "x" * 50,
        "HTTPS": "0",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
    }
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command.removeprefix('web: ')}"], cwd=PROCFILE.parent, env=os.environ | environment
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def status_of(url: str, path: str) -> int:
    try:
        return get(url, path)[0]
    except OSError:
        return 0


def test_it_answers_streams_and_ends_with_its_signal(
    gunicorn: tuple[subprocess.Popen[bytes], str], world: SimpleNamespace
) -> None:
    process, url = gunicorn
    deadline_s = time.monotonic() + TIMEOUT_S
    while status_of(url, "/healthz") != 200:
        assert process.poll() is None
        assert time.monotonic() < deadline_s
        time.sleep(0.2)
    stream = Stream(url, Authorization=f"Token {world.token}")
    assert stream.is_open_after_hello()
    store(world.one, seq=1)
    assert [row["seq"] for row in stream.readings(1)] == [1]
    status, headers, _body = get(url, "/api/me/")
    assert status == 401
    assert "server" not in headers

    process.send_signal(signal.SIGTERM)

    assert process.wait(TIMEOUT_S) == 0  # an open stream does not hold it longer than --graceful-timeout
    stream.close()
