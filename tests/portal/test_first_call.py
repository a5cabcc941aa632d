"""/integrate/: what is shown to copy really runs, with the token made on the spot, for every role."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import subprocess
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken
from accounts.roles import Role, Scope
from mqtt_ingest.spare_device import DEVICE_ID
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
ROLES = ["litein_manager", "hq", "installer", "auditor", "integrator"]


@pytest.mark.parametrize("who", ROLES)
def test_every_role_makes_a_token_that_reads(cast: Cast, as_user: AsUser, who: str) -> None:
    browser = as_user(getattr(cast, who))

    page = browser.post("/integrate/")

    token = page.context["page"].token
    assert page.content.decode().count(token) >= 4  # once to keep, once in each call
    assert ApiToken.objects.get().scopes == [Scope.READ]
    assert token not in browser.get("/integrate/").content.decode()
    assert Client(headers={"Authorization": f"Token {token}"}).get("/api/factories/").status_code == 200


def test_the_address_is_the_one_that_was_asked_for(cast: Cast, as_user: AsUser, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["carbon.example"]

    page = as_user(cast.hq).get("/integrate/", headers={"Host": "carbon.example"}, secure=True)

    assert "https://carbon.example/api/factories/" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_calls_run_as_they_stand(cast: Cast, live_server: Any) -> None:
    browser = Client(headers={"Host": live_server.url.removeprefix("http://")})
    browser.force_login(cast.hq, backend="allauth.account.auth_backends.AuthenticationBackend")
    reads = {s.anchor: s.text for s in browser.post("/integrate/").context["page"].reads}
    printed = io.StringIO()

    curl = subprocess.run(shlex.split(reads["curl"].replace("\\\n", " ")), capture_output=True, check=True)
    with contextlib.redirect_stdout(printed):
        exec(compile(reads["python"], "snippet", "exec"), {})

    assert json.loads(curl.stdout)["count"] == 2
    assert "'count': 2" in printed.getvalue()
    assert reads["curl"].split("'")[1] in reads["javascript"]


def test_the_spare_device_is_named_to_users_who_see_it_and_may_write(cast: Cast, as_user: AsUser) -> None:
    twin = make.make_factory(organisation=cast.organisation, name="Litein Twin (sandbox)")
    make.make_device(factory=twin, device_id=DEVICE_ID)
    make.make_membership(user=cast.outsider, role=Role.AUDITOR, factory=cast.elsewhere)

    pages = {
        who: as_user(getattr(cast, who)).get("/integrate/").context["page"] for who in ("hq", "auditor", "outsider")
    }

    assert (pages["hq"].device_id, pages["hq"].factory_name) == (DEVICE_ID, "Litein Twin (sandbox)")
    assert DEVICE_ID in pages["hq"].write.text
    assert pages["auditor"].device_id == DEVICE_ID
    assert pages["auditor"].write is None
    assert pages["outsider"].device_id == ""


def test_the_reading_that_is_shown_to_write_is_stored(cast: Cast, as_user: AsUser) -> None:
    make.make_assignment(device=make.make_device(factory=cast.litein, device_id=DEVICE_ID))
    text = as_user(cast.hq).get("/integrate/").context["page"].write.text
    shown = subprocess.run(
        ["sh", "-c", f"printf %s {text.partition('-d ')[2]}"], capture_output=True, check=True, text=True
    ).stdout
    token = make.make_token(cast.hq, Scope.WRITE_EMISSIONS)

    answer = Client(headers={"Authorization": f"Token {token}"}).post(
        "/api/emissions/", shown, content_type="application/json"
    )

    assert answer.json() == {"received": 1, "stored": 1, "duplicate": 0, "rejected": []}
