"""The processes of the demo, and how each shows that it is ready."""

import socket
import sys
import urllib.request
from collections.abc import Callable
from functools import partial

import psycopg2

from demo import processes
from demo.supervisor import Part
from lib.local.postgres import LocalPostgres

ANSWER_TIMEOUT_S = 2.0


def postgres_part(server: LocalPostgres) -> Part:
    return Part(
        name="postgres",
        launch=server.start,
        is_ready=lambda: _answers_sql(server),
        ask_to_stop=lambda process: server.stop(),
        ready_timeout_s=60.0,  # after kill -9 it first replays its log
        stop_timeout_s=1.0,  # stop() has waited already
    )


def command_part(command: str, is_ready: Callable[[], bool] = lambda: True) -> Part:
    """A `manage.py` command as a part of that name."""
    return Part(command, partial(processes.launch_command, [command]), is_ready)


def web_part(bind_address: str, port: int) -> Part:
    arguments = ["carbontrack.asgi:application", "--host", bind_address, "--port", str(port)]
    # Live streams do not end by themselves, so without a limit a stop would wait for every open page.
    arguments += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"]
    return Part(
        name="web",
        launch=partial(processes.launch, [sys.executable, "-m", "uvicorn", *arguments]),
        is_ready=lambda: answers_http(f"{own_url(bind_address, port)}healthz"),
    )


def own_url(bind_address: str, port: int) -> str:
    """The web address that this machine itself can always use."""
    host = "127.0.0.1" if bind_address == "0.0.0.0" else bind_address
    return f"http://{host}:{port}/"


def answers_http(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):  # URLError and HTTPError (503: not ready) are OSErrors
        return False


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_TIMEOUT_S):
            return True
    except OSError:
        return False


def _answers_sql(server: LocalPostgres) -> bool:
    try:
        psycopg2.connect(**server.connection_settings("postgres"), connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True
