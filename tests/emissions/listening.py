"""Live streams of the tests: a reader of events, a small world, and readings stored as ingest stores them."""

import http.client
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from accounts.roles import Role, Scope
from devices.models import MCUDevice
from emissions.models import Emission
from tests import make
from tests.end_to_end.browser import web_server
from tests.waiting import TIMEOUT_S


class Stream:
    """One open stream, read event by event."""

    def __init__(self, url: str, query: str = "", method: str = "GET", **headers: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
        self._connection.request(method, f"/api/emissions/stream/?{query}", headers=headers)
        self.response = self._connection.getresponse()
        self.status = self.response.status

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.response.read())
        return found

    def event(self) -> dict[str, str] | None:
        """The next event that is no heartbeat; None when the stream has ended."""
        fields: dict[str, str] = {}
        while line := self.response.readline().decode():
            name, _colon, value = line.strip().partition(": ")
            if name:
                fields[name] = value
            elif fields.get("event") == "heartbeat":
                fields = {}
            else:
                return fields
        return None

    def readings(self, count: int) -> list[dict[str, Any]]:
        found = []
        while len(found) < count:
            event = self.event()
            assert event is not None, f"the stream ended after {len(found)} of {count} readings"
            if event.get("event") == "reading":
                found.append(json.loads(event["data"]) | {"id": event["id"]})
        return found

    def is_open_after_hello(self) -> bool:
        return self.status == 200 and self.event() == {"retry": "3000"}

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with web_server() as running:
        yield running.url


@pytest.fixture
def world() -> SimpleNamespace:
    """A factory with two devices, one elsewhere, and tokens of those who may and may not."""
    factory, elsewhere = make.make_factory(), make.make_factory()
    reader, nobody = make.make_user(), make.make_user()
    make.make_membership(user=reader, role=Role.AUDITOR, organisation=factory.organisation)
    return SimpleNamespace(
        factory=factory,
        elsewhere=elsewhere,
        one=make.make_assignment(device=make.make_device(factory=factory, device_id="one")).device,
        two=make.make_assignment(device=make.make_device(factory=factory, device_id="two")).device,
        foreign=make.make_device(factory=elsewhere, device_id="foreign"),
        reader=reader,
        token=make.make_token(reader, Scope.READ),
        nobodys_token=make.make_token(nobody),
    )


@pytest.fixture
def listen(server: str, world: SimpleNamespace) -> Iterator[Callable[..., Stream]]:
    """Opens a stream as the reader and waits until it is heard; closes all at the end."""
    opened: list[Stream] = []

    def open_stream(query: str = "", **headers: str) -> Stream:
        stream = Stream(server, query, **({"Authorization": f"Token {world.token}"} | headers))
        opened.append(stream)
        assert stream.is_open_after_hello()
        return stream

    yield open_stream
    for stream in opened:
        stream.close()


def store(*devices: MCUDevice, seq: int, received_at: datetime | None = None) -> list[Emission]:
    """What ingest does, in one transaction: rows of one moment, and the notification of them."""
    now = timezone.now()
    rows = []
    for device in devices:
        rows += make.make_readings(device, now, 1, first_seq=seq, received_at=received_at or now)
    keys = [[row.device_id, round(row.timestamp.timestamp() * 1000), row.stream, row.seq] for row in rows]
    Emission.objects.filter(received_at=received_at or now).update(
        timestamp=datetime.fromtimestamp(keys[0][1] / 1000, UTC)  # ingest stores whole milliseconds
    )
    notify(json.dumps(keys))
    return rows


def notify(payload: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('carbontrack_readings', %s)", [payload])
