"""/metrics: for this machine or a token, in Prometheus' form, and the sum that always holds."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.roles import Role
from carbontrack import health, metrics
from emissions.models import TouchedMinute
from lib import heartbeats
from mqtt_ingest.choices import Reason
from mqtt_ingest.models import IngestCounter
from tests import make
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def samples(response: Any) -> dict[str, float]:
    """Name, with its label where it has one -> value."""
    assert response.status_code == 200
    return {
        sample.name + "".join(f"/{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_received_is_stored_and_duplicate_and_rejected(client: Client) -> None:
    counts = [("received", "", 0, 60), ("received", "", 1, 40), ("stored", "", 0, 70), ("duplicate", "", 3, 20)]
    counts += [("rejected", "future_time", 0, 6), ("rejected", "bad_schema", 1, 4)]
    for outcome, reason, slot, count in counts:
        IngestCounter.objects.create(outcome=outcome, reason=reason, slot=slot, count=count)

    found = samples(client.get("/metrics"))

    rejected = {name: value for name, value in found.items() if name.startswith("carbontrack_readings_rejected_total/")}
    assert found["carbontrack_readings_received_total"] == 100
    assert found["carbontrack_readings_stored_total"] == 70
    assert found["carbontrack_readings_duplicate_total"] == 20
    assert rejected["carbontrack_readings_rejected_total/future_time"] == 6
    assert len(rejected) == len(Reason)
    assert 70 + 20 + sum(rejected.values()) == 100


def test_nothing_yet_is_zero_and_not_absent(client: Client) -> None:
    found = samples(client.get("/metrics"))

    assert found["carbontrack_readings_received_total"] == 0
    assert found["carbontrack_ingest_up"] == 0
    assert found["carbontrack_rollup_lag_seconds"] == 0


def test_the_metric_counts_what_waits_for_roll_up(client: Client) -> None:
    now = timezone.now()
    TouchedMinute.objects.create(device=make.make_device(), period_start=now, created_at=now)

    assert samples(client.get("/metrics"))["carbontrack_rollup_touched_minutes"] == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_needs_no_token(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize("address", ["198.51.100.7", "10.0.0.1", "127.0.0.1.evil", ""])
def test_others_do(client: Client, address: str) -> None:
    response = client.get("/metrics", REMOTE_ADDR=address)

    assert response.status_code == 401
    assert response.json()["code"] == "not_signed_in"


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Host", "Via"]
)
def test_a_proxy_on_this_machine_speaks_for_others(client: Client, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 401


def test_a_token_opens_from_anywhere_and_a_bad_one_does_not(client: Client, cast: Cast) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.AUDITOR, organisation=cast.organisation)
    token = make.make_token(user)

    def status(header: str) -> int:
        return client.get("/metrics", REMOTE_ADDR="10.0.0.1", headers={"Authorization": header}).status_code

    assert status(f"Token {token}") == 200
    assert status("Token nonsense") == 401
    assert status("Token \xe9") == 401
    user.is_active = False
    user.save()
    assert status(f"Token {token}") == 401


def test_while_the_database_is_away_it_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("the server has gone")

    for name in ("counters", "lag_s", "signs_of_life"):
        monkeypatch.setattr(metrics, name, away)
    monkeypatch.setattr(health, "problems", lambda: {"database": "PostgreSQL does not answer", "disk": ""})

    found = samples(client.get("/metrics"))

    assert (found["carbontrack_ready/database"], found["carbontrack_ready/disk"]) == (0, 1)
    assert found["carbontrack_disk_floor_bytes"] == 256e6
    assert not any(name.startswith(("carbontrack_readings", "carbontrack_rollup")) for name in found)


def test_the_age_of_each_heartbeat_is_there(client: Client) -> None:
    heartbeats.beat("worker")
    heartbeats.beat("ingest-a")

    found = samples(client.get("/metrics"))

    assert 0 <= found["carbontrack_heartbeat_age_seconds/worker"] < 5
    assert 0 <= found["carbontrack_heartbeat_age_seconds/ingest-a"] < 5
