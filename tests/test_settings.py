"""The start stops with name, value and expectation when a variable is wrong; and what settings promise as they are."""

import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from carbontrack import checks
from lib import environment
from tests.waiting import TIMEOUT_S

MANAGE = Path(django_settings.BASE_DIR) / "manage.py"
# A production that has all it needs; the server is never asked.
PRODUCTION = {
    "DATABASE_URL": "postgres://carbontrack:secret@db.example:5432/carbontrack",
    "SECRET_KEY": "".join(map(chr, range(40, 100))),
    "MQTT_BROKER_URL": "mqtts://carbontrack-ingest:secret@broker.example:8883",
    "MQTT_CA_FILE": "/etc/ssl/ca.pem",
    "ALLOWED_HOSTS": "carbon.example",
    "SECURITY_CONTACT": "mailto:security@carbon.example",
    "SECURITY_CONTACT_EXPIRES": "2099-12-31",
}


def manage(*arguments: str, **variables: str) -> tuple[int, str]:
    """Exit code and the last line of what a command says in that environment."""
    done = subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        # Empty counts as not set; the browser tests' own switch is no business of a deployment.
        env=os.environ | {"DJANGO_ALLOW_ASYNC_UNSAFE": ""} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode, lines[-1] if lines else ""


# --- A real start ------------------------------------------------------------------------------
def test_plain_mqtt_to_another_machine_is_refused_with_the_remedy() -> None:
    code, said = manage("check", MQTT_BROKER_URL="mqtt://user:geheim@broker.example:1883")

    assert code != 0
    assert "MQTT_BROKER_URL='mqtt://broker.example:1883'" in said
    assert "use mqtts:// and port 8883" in said
    assert "geheim" not in said


def test_production_without_a_secret_key_does_not_start() -> None:
    code, said = manage("check", DATABASE_URL=PRODUCTION["DATABASE_URL"], MQTT_BROKER_URL="mqtts://u:p@b.example")

    assert code != 0
    assert "SECRET_KEY is not set but DATABASE_URL is" in said


def test_a_deployment_that_has_all_it_needs_passes_every_check() -> None:
    code, said = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert (code, said) == (0, "System check identified no issues (2 silenced).")  # about HSTS


@pytest.mark.parametrize(
    ("variables", "hsts"),
    [
        ({}, "3600 False False"),
        ({"HSTS_SECONDS": "31536000", "HSTS_INCLUDE_SUBDOMAINS": "1", "HSTS_PRELOAD": "1"}, "31536000 True True"),
        ({"HTTPS": "0"}, "0 False False"),
    ],
)
def test_hsts_begins_at_an_hour_and_is_raised_by_a_setting(variables: dict[str, str], hsts: str) -> None:
    read = "from django.conf import settings as s; print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS,"
    code, said = manage("shell", "--no-imports", "-c", f"{read} s.SECURE_HSTS_PRELOAD)", **PRODUCTION | variables)

    assert (code, said) == (0, hsts)


def test_the_demo_beside_a_database_of_others_is_an_error() -> None:
    code, _said = manage("check", **PRODUCTION, CARBONTRACK_DEMO="1")

    assert code != 0


# --- Each variable -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("raw", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False), ("", True), ("  ", True)]
)
def test_a_switch(monkeypatch: pytest.MonkeyPatch, raw: str, value: bool) -> None:
    monkeypatch.setenv("A_SWITCH", raw)

    assert environment.boolean("A_SWITCH", True) is value


@pytest.mark.parametrize("raw", ["maybe", "2", "tru"])
def test_what_is_no_switch(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv("A_SWITCH", raw)

    with pytest.raises(ImproperlyConfigured, match=f"A_SWITCH='{raw}' is not a switch: use 1 or 0"):
        environment.boolean("A_SWITCH", True)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("eighty", "A_PORT='eighty' is not a whole number from 1 to 99"),
        ("0", "A_PORT=0 is outside 1 to 99"),
        ("100", "A_PORT=100 is outside 1 to 99"),
        ("8.5", "A_PORT='8.5' is not a whole number"),
        ("1_0", "A_PORT='1_0' is not a whole number"),
    ],
)
def test_what_is_no_number(monkeypatch: pytest.MonkeyPatch, raw: str, words: str) -> None:
    monkeypatch.setenv("A_PORT", raw)

    with pytest.raises(ImproperlyConfigured, match=words):
        environment.integer("A_PORT", 5, lowest=1, highest=99)


def test_words_are_cut_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_HOSTS", " a.example, ,b.example ,")

    assert environment.words("SOME_HOSTS", ["x"]) == ["a.example", "b.example"]
    assert environment.words("NOT_SET_AT_ALL", ["x"]) == ["x"]


def test_one_of_a_few_words_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_LEVEL", "debug")
    assert environment.one_of("A_LEVEL", "INFO", ("DEBUG", "INFO")) == "DEBUG"

    monkeypatch.setenv("A_LEVEL", "loud")
    with pytest.raises(ImproperlyConfigured, match="A_LEVEL='LOUD' is not one of DEBUG, INFO"):
        environment.one_of("A_LEVEL", "INFO", ("DEBUG", "INFO"))


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://localhost",
        "mqtt://127.0.0.1:1883",
        "mqtt://[::1]:1883",
        "mqtt://LOCALHOST",
        "mqtts://b.example:8883",
        "mqtts://u:p%40%2F%23@b.example",
    ],
)
def test_addresses_of_brokers(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("A_BROKER", url)

    assert environment.broker_url("A_BROKER", "") == url


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://u:geheim@broker.example",
        "mqtt://10.0.0.5",
        "http://u:geheim@broker.example",
        "broker.example:8883",
        "mqtts://",
        "mqtts:///x",
        "mqtts://u:geheim@b.example:99999",
        "mqtts://u:geheim@b.example:port",
        "mqtts://u:ge#heim@b.example",
        "mqtts://[::1",
        "mqtt://localhost.evil.example",
        "mqtt://127.0.0.1.evil.example",
        "ws://u:geheim@localhost",
    ],
)
def test_what_is_no_address_of_a_broker(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("A_BROKER", url)

    with pytest.raises(ImproperlyConfigured, match=r"A_BROKER.*use mqtts://") as caught:
        environment.broker_url("A_BROKER", "")

    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_addresses_of_databases(scheme: str) -> None:
    found = environment.database("A_DATABASE", f"{scheme}://u:p%40ss@db.example:5433/carbon?sslmode=require")

    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("carbon", "u", "p@ss")
    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("db.example", 5433, {"sslmode": "require"})


@pytest.mark.parametrize(
    "url", ["mysql://u:geheim@h/x", "sqlite:///x", "x", "postgres://u:geheim@h:abc/x", "postgres://u:geheim@h/", "://"]
)
def test_what_is_no_database_of_ours(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="A_DATABASE is not a PostgreSQL address") as caught:
        environment.database("A_DATABASE", url)

    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "smtp", "http://mail.example"])
def test_what_is_no_mail_server(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="A_MAIL is not the address of a mail server: use smtp"):
        environment.email("A_MAIL", url)


# --- Checks ------------------------------------------------------------------------------------
def test_unsafe_combinations_are_named(settings: Any) -> None:
    settings.IS_LOCAL, settings.ALLOWED_HOSTS, settings.MQTT_CA_FILE, settings.DEMO = False, [], "", True
    settings.MQTT_BROKER_URL = "mqtts://u:p@b.example"

    found = {message.id for message in checks.check_deployment(None)}

    assert {"carbontrack.W001", "carbontrack.W002", "carbontrack.E001"} <= found


def test_requests_into_the_own_network_are_for_tests_only(settings: Any) -> None:
    settings.OUTGOING_ALLOWED = [ip_network("127.0.0.0/8")]

    assert checks.check_outgoing(None) == []
    settings.IS_LOCAL = False
    assert [message.id for message in checks.check_outgoing(None)] == ["carbontrack.E006"]


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (lambda: environment.networks("X"), "127.0.0.1/8", "host bits"),
        (lambda: environment.public_url("X", ""), "carbontrack.example", "is not the address of a site"),
        (lambda: environment.public_url("X", ""), "https://x.example/path", "is not the address of a site"),
    ],
)
def test_a_wrong_network_or_address_is_named(monkeypatch: pytest.MonkeyPatch, read: Any, text: str, said: str) -> None:
    monkeypatch.setenv("X", text)

    with pytest.raises(ImproperlyConfigured, match=said):
        read()


def test_a_disk_that_this_user_may_not_look_at_is_named_before_ingest_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    assert "carbontrack.E002" not in {message.id for message in checks.check_deployment(None)}
    monkeypatch.setattr(checks.disk.shutil, "disk_usage", forbidden)
    assert "carbontrack.E002" in {message.id for message in checks.check_deployment(None)}


# --- As they are -------------------------------------------------------------------------------
def test_times_are_utc_and_the_policy_allows_nothing_inline() -> None:
    policy = django_settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]

    assert (django_settings.TIME_ZONE, django_settings.USE_TZ) == ("UTC", True)
    assert "unsafe" not in str(policy)
    assert policy["frame-ancestors"] == ["'none'"]


def test_connections_do_not_pile_up_and_the_cache_is_shared() -> None:
    assert django_settings.DATABASES["default"]["CONN_MAX_AGE"] == 0
    assert django_settings.CACHES["default"]["BACKEND"].endswith("SharedCache")


# --- Connections -------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(("processes", "at_once", "is_too_many"), [(1, 40, False), (4, 40, False), (5, 40, True)])
def test_web_processes_want_no_more_connections_than_the_server_has(
    settings: Any, processes: int, at_once: int, is_too_many: bool
) -> None:
    """The embedded server allows 200. 4 × (40 + 3) + 10 = 182; 5 × (40 + 3) + 10 = 225."""
    settings.WEB_CONCURRENCY, settings.WEB_REQUESTS_AT_ONCE = processes, at_once

    found = checks.check_connections(None, databases=["default"])

    assert [message.id for message in found] == (["carbontrack.W005"] if is_too_many else [])
    assert checks.check_connections(None) == []
    settings.DATABASE_DIRECT = {"HOST": "db.example"}
    assert checks.check_connections(None, databases=["default"]) == []
