"""/api/alerts/: what a program reads and does, and what the live stream tells it."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from alerts import services
from alerts.choices import AlertKind
from tests import make
from tests.alerts.test_models import make_alert
from tests.cast import AsUser, Cast
from tests.emissions.listening import Stream, server, world

__all__ = ["server", "world"]


def post(client: Client, alert: Any, act: str, **body: Any) -> Any:
    return client.post(f"/api/alerts/{alert.pk}/{act}/", body, content_type="application/json")


@pytest.mark.django_db
def test_a_program_reads_an_alarm_as_code_and_as_sentence(cast: Cast, as_user: AsUser) -> None:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    alert = make_alert(
        cast.litein, kind=AlertKind.FLOW_HIGH, device=device, value=16.2, limit=15.0, params={"device": "litein-1"}
    )

    (row,) = as_user(cast.integrator).get("/api/alerts/", {"state": "not_closed"}).json()["results"]

    assert (row["kind"], row["value"], row["limit"], row["unit"], row["device"]) == (
        "flow_high",
        16.2,
        15.0,
        "m_per_s",
        "litein-1",
    )
    assert row["sentence"].startswith("Gas flows at 16.20 m/s, above 15.00, since ")
    assert row["cost_kg_co2"] is None
    swahili = as_user(cast.hq).get(f"/api/alerts/{alert.pk}/", headers={"Accept-Language": "sw"}).json()
    assert swahili["sentence"] != row["sentence"]
    assert swahili["events"] == []


@pytest.mark.django_db
def test_a_life_by_api(cast: Cast, as_user: AsUser) -> None:
    alert = make_alert(cast.litein)
    manager = as_user(cast.litein_manager)

    assert post(manager, alert, "assign").json()["assigned_to"] == str(cast.litein_manager)
    assert post(manager, alert, "snooze", hours=1).json()["state"] == "snoozed"
    acknowledged = post(manager, alert, "acknowledge", cause="wet_wood", comment="Wet delivery.").json()
    assert (acknowledged["state"], acknowledged["acknowledged_by"]) == ("acknowledged", str(cast.litein_manager))
    assert post(manager, alert, "comment", text="Dry wood ordered.").status_code == 200
    closed = post(manager, alert, "close").json()

    assert [event["act"] for event in closed["events"]] == [
        "assigned",
        "snoozed",
        "acknowledged",
        "commented",
        "closed",
    ]
    again = post(manager, alert, "close")
    assert (again.status_code, again.json()["code"]) == (409, "alert_closed")
    wrong = post(manager, alert, "assign", to=2**31 - 1)
    assert wrong.status_code == 400
    (row,) = manager.get("/api/alerts/causes/").json()["results"]
    assert (row["cause"], row["count"], row["cumulative_pct"]) == ("wet_wood", 1, 100.0)
    assert manager.get("/api/alerts/causes/", {"days": "0"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_the_stream_tells_what_happens_to_alarms(server: str, world: SimpleNamespace) -> None:
    """Of the reader's sites and of kinds that they may see; only who asks for it."""
    manager = make.make_user()
    make.make_membership(user=manager, role=Role.HQ_MANAGER, organisation=world.factory.organisation)
    installer = make.make_user()
    make.make_membership(user=installer, role=Role.INSTALLER, factory=world.factory)
    token = {"Authorization": f"Token {make.make_token(manager)}"}
    streams = {
        "all": Stream(server, "alerts=true", **token),
        "readings": Stream(server, "", **token),
        "installer": Stream(server, "alerts=true", Authorization=f"Token {make.make_token(installer)}"),
    }
    assert all(stream.is_open_after_hello() for stream in streams.values())
    log, silent = make_alert(world.factory), make_alert(world.factory, kind=AlertKind.SENSOR_SILENT)
    services.comment(manager, log.pk, "first")

    services.acknowledge(manager, silent.pk)

    first, second = streams["all"].event(), streams["all"].event()
    assert first is not None
    assert first["event"] == "alert"
    assert f'"alert":{log.pk},' in first["data"]
    assert second is not None
    assert '"act":"acknowledged"' in second["data"]
    only = streams["installer"].event()  # the log is none of an installer's business
    assert only is not None
    assert f'"alert":{silent.pk},' in only["data"]
    for stream in streams.values():
        stream.close()
