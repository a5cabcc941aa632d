"""/healthz: the process is up. /readyz: database, broker and ingest are, and which of them is not."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

from carbontrack import health
from mqtt_ingest import liveness

SIGN = {"is_connected": True, "queue_depth": 0, "queue_capacity": 5000, "oldest_waiting_s": 0.0}


def test_health_asks_nobody(client: Client) -> None:
    # No database mark: a query here would fail the test.
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "up"})


@pytest.fixture
def broker(settings: Any) -> Iterator[None]:
    """Something listens at the broker's address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.MQTT_BROKER_URL = f"mqtt://127.0.0.1:{listening.getsockname()[1]}"
        yield


@pytest.mark.django_db
def test_ready_when_every_part_is(client: Client, broker: None) -> None:
    cache.set(liveness.CACHE_KEY, SIGN | {"at_s": time.time()})

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "ready", "parts": {"database": True, "broker": True, "ingest": True}}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sign", "ingest"),
    [
        (None, False),
        (SIGN | {"at_s": -16.0}, False),
        (SIGN | {"at_s": -14.0}, True),
        (SIGN | {"at_s": 0.0, "is_connected": False}, False),
    ],
)
def test_ingest_is_believed_for_fifteen_seconds(
    client: Client, broker: None, sign: dict[str, Any] | None, ingest: bool
) -> None:
    if sign is not None:
        cache.set(liveness.CACHE_KEY, sign | {"at_s": time.time() + sign["at_s"]})

    response = client.get("/readyz")

    assert response.status_code == (200 if ingest else 503)
    assert response.json()["parts"] == {"database": True, "broker": True, "ingest": ingest}


@pytest.mark.django_db
def test_a_broker_that_is_away_is_named(client: Client, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    settings.MQTT_BROKER_URL = f"mqtts://127.0.0.1:{port}"
    cache.set(liveness.CACHE_KEY, SIGN | {"at_s": time.time()})

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"status": "not ready", "parts": {"database": True, "broker": False, "ingest": True}}


def test_a_database_that_is_away_is_named_and_no_crash(
    client: Client, broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the server has gone")

    monkeypatch.setattr(health, "connection", type("Away", (), {"cursor": away})())
    monkeypatch.setattr(health, "is_alive", away)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["parts"] == {"database": False, "broker": True, "ingest": False}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_looking_is_allowed(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
