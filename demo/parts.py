"""The processes of the demo, and how each shows that it is ready and alive."""

import socket
import ssl
import sys
import urllib.error
import urllib.request
from functools import partial

import psycopg2

from demo import processes
from demo.supervisor import Part
from lib.local.postgres import LocalPostgres
from lib.watchdog import Listener

ANSWER_TIMEOUT_S = 2.0


def postgres_part(server: LocalPostgres) -> Part:
    return Part(
        name="postgres",
        launch=server.start,
        is_ready=lambda: _answers_sql(server),
        is_alive=lambda: _answers_sql(server, refusal_counts=True),
        ask_to_stop=lambda process: server.stop(),
        ready_timeout_s=60.0,  # after kill -9 it first replays its log
        stop_timeout_s=1.0,  # stop() has waited already
    )


def command_part(command: str) -> Part:
    """A `manage.py` command as a part of that name."""
    return Part(command, partial(processes.launch_command, [command]))


def watched_part(command: str, *, frozen_after_s: float = 120.0) -> Part:
    """A `manage.py` command that tells the watchdog that its main loop moves (`lib/watchdog.py`)."""
    listener = Listener()
    launch = partial(processes.launch_command, [command], environment=listener.environment)
    return Part(command, launch, is_alive=listener.has_heard, frozen_after_s=frozen_after_s)


def broker_part(port: int, ca_file: str) -> Part:
    return Part(
        name="run_broker",
        launch=partial(processes.launch_command, ["run_broker"]),
        is_ready=lambda: listens(port),
        # The kernel accepts connections for a frozen process, but makes no handshake.
        is_alive=lambda: _shakes_hands(port, ca_file),
    )


def web_part(bind_address: str, port: int) -> Part:
    arguments = ["carbontrack.asgi:application", "--host", bind_address, "--port", str(port)]
    # The rate limits believe PROXY_COUNT proxies, which is none here: uvicorn would believe any client on this machine.
    arguments += ["--http", "carbontrack.protocol:TimedProtocol", "--ws", "none", "--no-proxy-headers"]
    # Live streams do not end by themselves, so without a limit a stop would wait for every open page.
    arguments += ["--no-access-log", "--log-level", "warning", "--no-server-header", "--timeout-graceful-shutdown", "3"]
    return Part(
        name="web",
        launch=partial(processes.launch, [sys.executable, "-m", "uvicorn", *arguments]),
        is_ready=lambda: answers_http(f"{own_url(bind_address, port)}healthz"),
        is_alive=lambda: answers_http(f"{own_url(bind_address, port)}healthz", refusal_counts=True),
    )


def own_url(bind_address: str, port: int) -> str:
    """The web address that this machine itself can always use."""
    host = "127.0.0.1" if bind_address == "0.0.0.0" else bind_address
    return f"http://{host}:{port}/"


def answers_http(url: str, *, refusal_counts: bool = False) -> bool:
    """Whether 200 comes; with `refusal_counts` anything that comes from a process that works (503: it is busy)."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_TIMEOUT_S) as answer:  # noqa: S310 - own_url()
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return refusal_counts
    except (OSError, ValueError):
        return False


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_TIMEOUT_S):
            return True
    except OSError:
        return False


def _shakes_hands(port: int, ca_file: str) -> bool:
    try:
        context = ssl.create_default_context(cafile=ca_file)
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_TIMEOUT_S) as plain:
            context.wrap_socket(plain, server_hostname="127.0.0.1").close()
    except OSError:
        return False
    return True


def _answers_sql(server: LocalPostgres, *, refusal_counts: bool = False) -> bool:
    """Whether it takes a connection; a refusal (it recovers after a crash) shows that it lives."""
    try:
        psycopg2.connect(**server.connection_settings("postgres"), connect_timeout=2).close()
    except psycopg2.OperationalError as error:
        return refusal_counts and "FATAL:" in str(error)
    return True
