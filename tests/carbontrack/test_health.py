"""/healthz: the process is up. /readyz: every part is, and for each that is not what to do."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from carbontrack import health
from emissions.models import TouchedMinute
from lib import disk, heartbeats
from lib.models import Heartbeat
from tests import make

READY = dict.fromkeys(("database", "broker", "ingest", "worker", "rollups", "disk"), True)


def has_beaten(name: str, age_s: float = 0.0, problem: str = "") -> None:
    heartbeats.beat(name, problem)
    Heartbeat.objects.filter(name=name).update(beat_at=timezone.now() - timedelta(seconds=age_s))


@pytest.fixture
def broker(settings: Any) -> Iterator[None]:
    """Something listens at the broker's address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.MQTT_BROKER_URL = f"mqtt://127.0.0.1:{listening.getsockname()[1]}"
        yield


@pytest.fixture
def all_well(broker: None, db: None) -> None:
    has_beaten("ingest")
    has_beaten("worker")


def not_ready(client: Client, name: str) -> str:
    """The sentence about the one part that is not ready."""
    response = client.get("/readyz")
    body = response.json()
    assert (response.status_code, body["status"]) == (503, "not ready")
    assert body["parts"] == READY | {name: False}
    assert list(body["problems"]) == [name]
    return str(body["problems"][name])


def test_health_asks_nobody(client: Client) -> None:
    # No database mark: a query here would fail the test.
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "up"})


def test_ready_when_every_part_is(client: Client, all_well: None) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["parts"], body["problems"]) == ("ready", READY, {})
    assert body["disk_free_mb"] == pytest.approx(disk.free_bytes() / 1e6, rel=0.05)  # others use the disk, too


def test_without_a_heartbeat_ingest_and_worker_are_named(client: Client, broker: None, db: None) -> None:
    body = client.get("/readyz").json()

    assert body["parts"] == READY | {"ingest": False, "worker": False}
    assert body["problems"]["ingest"] == "No ingest process runs: start `manage.py ingest_mqtt`."
    assert body["problems"]["worker"] == "No worker runs: start `manage.py run_worker`."


@pytest.mark.parametrize(("name", "believed_for_s"), [("ingest", 15), ("worker", 60)])
def test_an_old_heartbeat_is_not_believed(client: Client, all_well: None, name: str, believed_for_s: int) -> None:
    has_beaten(name, age_s=believed_for_s - 3)
    assert client.get("/readyz").status_code == 200

    has_beaten(name, age_s=believed_for_s + 1)

    assert "restart it" in not_ready(client, name)
    assert f"for {believed_for_s + 1} s" in not_ready(client, name)


def test_ingest_says_what_it_waits_for(client: Client, all_well: None) -> None:
    has_beaten("ingest", problem="not connected to the broker")

    assert not_ready(client, "ingest") == "Ingest runs and stores nothing: not connected to the broker."


def test_one_of_several_ingest_workers_is_enough(client: Client, all_well: None) -> None:
    heartbeats.forget("ingest")
    has_beaten("ingest-a", age_s=900)
    has_beaten("ingest-b", problem="not connected to the broker")
    has_beaten("ingest-c")

    assert client.get("/readyz").status_code == 200


def test_totals_that_are_a_quarter_of_an_hour_behind_are_named(client: Client, all_well: None) -> None:
    now = timezone.now()
    mark = TouchedMinute.objects.create(
        device=make.make_device(), period_start=now, created_at=now - timedelta(seconds=880)
    )
    assert client.get("/readyz").status_code == 200

    TouchedMinute.objects.filter(pk=mark.pk).update(created_at=now - timedelta(seconds=905))

    assert not_ready(client, "rollups") == "Totals are 15 minutes behind the readings: read the worker's log."


def test_a_disk_below_its_floor_is_named_with_both_sizes(
    client: Client, all_well: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: SimpleNamespace(free=255_999_999))

    assert not_ready(client, "disk").startswith(
        "255 MB are free on the data's disk, and nothing is stored below 256 MB"
    )


def test_many_questions_knock_once_at_the_broker(client: Client, all_well: None, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.MQTT_BROKER_URL = f"mqtts://127.0.0.1:{listening.getsockname()[1]}"
        for _ in range(5):
            assert client.get("/readyz").status_code == 200

        listening.settimeout(0.2)
        listening.accept()[0].close()
        with pytest.raises(TimeoutError):
            listening.accept()


def test_a_broker_that_is_away_is_named(client: Client, all_well: None, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    settings.MQTT_BROKER_URL = f"mqtts://127.0.0.1:{port}"

    assert "MQTT_BROKER_URL" in not_ready(client, "broker")


def test_a_database_that_is_away_is_named_and_no_crash(
    client: Client, broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the server has gone")

    monkeypatch.setattr(health, "connection", type("Away", (), {"cursor": away})())
    for name in ("last_sign_of_life", "signs_of_life", "lag_s"):
        monkeypatch.setattr(health, name, away)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["parts"] == READY | dict.fromkeys(("database", "ingest", "worker", "rollups"), False)
    assert "PostgreSQL does not answer" in response.json()["problems"]["database"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_looking_is_allowed(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
