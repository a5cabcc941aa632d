"""Behind PgBouncer in transaction pooling: web, worker, live stream and ingest, as docs/deploy.md sets it up."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from accounts.roles import Role, Scope
from emissions.jobs import JOBS
from emissions.models import Emission, EmissionMinute
from lib.local.postgres import LocalPostgres
from tests import make
from tests.emissions.listening import Stream
from tests.end_to_end.browser import web_server
from tests.environment import DATA_DIR
from tests.measuring import at_once
from tests.mqtt_ingest.build import now_ms
from tests.processes import free_port
from tests.waiting import TIMEOUT_S

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("pgbouncer")]
POOL_SIZE = 3

CONFIGURATION = """
[databases]
* = host={socket_dir} port=5432 user=carbontrack
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 300
ignore_startup_parameters = extra_float_digits
"""


@pytest.fixture
def pooled(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """All connections from here on go through three of the server; `DATABASE_DIRECT` goes past the pooler."""
    server = LocalPostgres(DATA_DIR)
    folder, port = server.home / "pgbouncer", free_port()
    folder.mkdir()
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(socket_dir=server.socket_dir, port=port, size=POOL_SIZE))
    file.chmod(0o644)
    account = server.account()
    account.give(folder)
    program = shutil.which("pgbouncer", path=os.environ["PATH"] + os.pathsep + "/usr/sbin") or "pgbouncer"
    process = subprocess.Popen([*account.prefix, program, "-q", str(file)], **account.popen_arguments)
    direct = {name: connection.settings_dict[name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
    pool = {"HOST": "127.0.0.1", "PORT": str(port), "USER": "carbontrack", "DISABLE_SERVER_SIDE_CURSORS": True}
    settings.DATABASE_DIRECT = direct
    connection.close()
    for one in (connection.settings_dict, connections.settings["default"]):
        for name, value in pool.items():
            monkeypatch.setitem(one, name, value)
    deadline_s = time.monotonic() + TIMEOUT_S
    while connection.connection is None:
        try:
            connection.ensure_connection()
        except OperationalError:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
    yield port
    connections.close_all()
    process.terminate()
    process.wait(TIMEOUT_S)
    shutil.rmtree(folder)


@pytest.fixture
def world() -> SimpleNamespace:
    factory, person = make.make_factory(), make.make_user()
    make.make_membership(user=person, role=Role.INTEGRATOR, organisation=factory.organisation)
    make.make_assignment(device=make.make_device(factory=factory, device_id="one"))
    return SimpleNamespace(factory=factory, token=make.make_token(person, Scope.READ, Scope.WRITE_EMISSIONS))


def readings(first_seq: int, count: int) -> list[dict[str, Any]]:
    began_ms = now_ms() - 300_000
    values = {"co2_ppm": 96_000.0, "velocity_ms": 4.1, "temperature_c": 210.0, "pressure_pa": 79_495.5}
    return [
        {"device": "one", "stream": 7, "seq": seq, "t": began_ms + 5_000 * seq, **values}
        for seq in range(first_seq, first_seq + count)
    ]


def post(token: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    answer = Client(headers={"Authorization": f"Token {token}"}).post(
        "/api/emissions/", json.dumps(rows), content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_web_worker_stream_and_ingest_behind_a_transaction_pool(pooled: int, world: SimpleNamespace) -> None:
    header = {"Authorization": f"Token {world.token}"}
    with web_server() as server:
        stream = Stream(server.url, **header)
        assert stream.is_open_after_hello()

        # The staging table of ingest, in twelve threads over three sessions.
        stored = at_once(12, lambda number: post(world.token, readings(1 + 4 * number, 4))["stored"])
        heard = {row["seq"] for row in stream.readings(48)}
        for job in JOBS:
            job.run()
        read = at_once(60, lambda _number: Client(headers=header).get("/api/emissions/minutes/?device=one").status_code)
        csv = Client(headers=header).get("/api/emissions/?as=csv")
        lines = b"".join(csv.streaming_content).splitlines()  # type: ignore[arg-type]
        stream.close()

    assert stored == [4] * 12
    assert heard == set(range(1, 49))
    assert Emission.objects.count() == 48
    assert EmissionMinute.objects.count() >= 4
    assert set(read) == {200}
    assert len(lines) == 49
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND client_addr IS NULL"
            " AND backend_type = 'client backend'"
        )
        assert cursor.fetchone()[0] <= POOL_SIZE + 1  # and the listener


def test_the_listener_goes_past_the_pool(pooled: int, world: SimpleNamespace) -> None:
    with web_server() as server:
        stream = Stream(server.url, Authorization=f"Token {world.token}")
        assert stream.is_open_after_hello()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%LISTEN%' OR query LIKE '%advisory%'"
            )
            listening = cursor.fetchone()[0]
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2")
            places = cursor.fetchone()[0]
        stream.close()

    assert listening >= 1
    assert places == 1
