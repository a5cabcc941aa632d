"""The set-up by hand, as README.md tells it: a database, three variables, and Django's own commands.

Each step is a process of its own with nothing of the test session but the PostgreSQL server and the installed
packages. `make run` has its own tests in tests/demo/.
"""

import contextlib
import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from lib.local.postgres import LocalPostgres
from tests.environment import DATA_DIR
from tests.processes import free_port
from tests.waiting import TIMEOUT_S

BASE_DIR = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "root@install.example", "a long enough password"
# What the system's own needs, and where our Python finds things. Nothing that configures Carbon Track.
PASSED_ON = ("PATH", "HOME", "LANG", "SYSTEMROOT", "TEMP", "TMP", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def database_url(name: str) -> str:
    """The session's server as somebody would write it down: the socket is a host that starts with a slash."""
    facts = LocalPostgres(DATA_DIR).connection_settings(name)
    password = f":{facts['password']}" if "password" in facts else ""
    if facts["host"].startswith("/"):
        return f"postgres://{facts['user']}@/{name}?{urllib.parse.urlencode({'host': facts['host']})}"
    return f"postgres://{facts['user']}{password}@{facts['host']}:{facts['port']}/{name}"


@dataclass(frozen=True)
class Installation:
    environment: dict[str, str]

    def manage(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )


@pytest.fixture(scope="module")
def installation(postgres_server: None, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An empty database and the variables of the README; no command has run yet."""
    LocalPostgres(DATA_DIR).ensure_database("install")
    # What a developer has in .env must not decide: an empty variable counts as not set and wins over it.
    example = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
    emptied = dict.fromkeys(re.findall(r"^# ([A-Z]\w+)=", example, re.MULTILINE), "")
    return Installation(
        {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        | emptied
        | {
            "DATABASE_URL": database_url("install"),
            "SECRET_KEY": "fifty characters of which an installation draws its own",
            "MQTT_BROKER_URL": "mqtts://carbontrack-ingest:word@localhost:8883",
            "DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "PYTHONUNBUFFERED": "1",
        }
    )


@pytest.fixture(scope="module")
def steps(installation: Installation) -> dict[str, subprocess.CompletedProcess[str]]:
    """What each step said, in the README's order."""
    person = {"DJANGO_SUPERUSER_EMAIL": EMAIL, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    return {
        "migrate": installation.manage("migrate"),
        "createsuperuser": installation.manage("createsuperuser", "--noinput", **person),
        "collectstatic": installation.manage("collectstatic", "--noinput"),
    }


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        raise  # it is up and says something else: no use in waiting
    except OSError:
        return False


@pytest.fixture(scope="module")
def site(
    installation: Installation,
    steps: dict[str, subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The address at which `runserver` serves."""
    address = f"127.0.0.1:{free_port()}"
    said_path = tmp_path_factory.mktemp("logs") / "runserver.log"
    with said_path.open("w") as said:
        process = subprocess.Popen(
            # One process instead of two that watch each other: what we start we must be able to end.
            [sys.executable, "manage.py", "runserver", "--noreload", address],
            cwd=BASE_DIR,
            env=installation.environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline_s = time.monotonic() + TIMEOUT_S
        while not answers(f"http://{address}/healthz"):
            assert process.poll() is None, said_path.read_text()
            assert time.monotonic() < deadline_s, said_path.read_text()
            time.sleep(0.1)  # runserver says that it starts, never that it listens
        yield f"http://{address}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Browser:
    """A browser without scripts: keeps cookies, follows redirects, sends forms with their hidden fields."""

    def __init__(self, site: str) -> None:
        self.site, self.address, self.page = site, "", ""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def open(self, path: str, data: bytes | None = None) -> str:
        url = urllib.parse.urljoin(self.site, path)
        request = urllib.request.Request(url, data, {"Referer": url, "Accept-Language": "en"})
        with self._opener.open(request, timeout=TIMEOUT_S) as answer:
            self.address = urllib.parse.urlsplit(answer.url).path
            self.page = answer.read().decode()
        return self.page

    def submit(self, path: str, **values: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)
        assert token is not None, self.page
        fields = values | {"csrfmiddlewaretoken": token[1]}
        return self.open(path, urllib.parse.urlencode(fields).encode())


def test_every_step_of_the_readme_succeeds(steps: dict[str, subprocess.CompletedProcess[str]]) -> None:
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")

    for name, done in steps.items():
        assert done.returncode == 0, f"{name}: {done.stderr}"
        assert f"python manage.py {name}" in readme
    assert "python manage.py runserver" in readme


def test_every_step_may_be_repeated(
    installation: Installation, steps: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    migrated = installation.manage("migrate")

    assert "No migrations to apply" in migrated.stdout
    assert installation.manage("migrate", "--check").returncode == 0


def test_migrate_alone_makes_what_readings_need(
    installation: Installation, steps: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    made = installation.manage("create_partitions")

    assert made.stdout.strip() == "partitions made: 0"


TABLES = """
SELECT c.relname, c.relkind,
  (SELECT json_agg(row(attnum, attname, format_type(atttypid, atttypmod), attnotnull) ORDER BY attnum)::text
     FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
  (SELECT json_agg(pg_get_constraintdef(oid) ORDER BY conname)::text FROM pg_constraint WHERE conrelid = c.oid),
  (SELECT json_agg(pg_get_indexdef(indexrelid) ORDER BY indexrelid::regclass::text)::text
     FROM pg_index WHERE indrelid = c.oid),
  (SELECT json_agg(pg_get_triggerdef(oid) ORDER BY tgname)::text
     FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal)
FROM pg_class c WHERE relnamespace = 'public'::regnamespace ORDER BY 1, 2
"""


@pytest.mark.django_db
def test_the_tests_work_on_the_tables_that_an_installation_has(
    installation: Installation, steps: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    """The tests' database is cloned from one that was migrated before (tests/database.py)."""
    installed = psycopg2.connect(installation.environment["DATABASE_URL"])
    with contextlib.closing(installed), installed.cursor() as theirs, connection.cursor() as ours:
        theirs.execute(TABLES)
        ours.execute(TABLES)
        made, tested = theirs.fetchall(), ours.fetchall()

    assert len(made) > 300
    assert tested == made


def test_runserver_shows_the_sign_in_page_with_its_style(site: str) -> None:
    browser = Browser(site)
    page = browser.open("/")
    style = re.search(r'href="(/static/css/[^"]+\.css)"', page)

    assert browser.address == "/accounts/login/"
    assert '<input type="password"' in page
    assert style is not None
    assert "{" in browser.open(style[1])


def test_the_first_sign_in_of_a_superuser_offers_to_create_the_organisation(site: str) -> None:
    browser = Browser(site)
    browser.open("/accounts/login/")

    browser.submit("/accounts/login/", login=EMAIL, password=PASSWORD)

    assert browser.address == "/organisations/"
    assert "Create an organisation" in browser.page


def test_without_a_broker_the_site_is_up_and_not_ready(site: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{site}/readyz", timeout=TIMEOUT_S)

    assert refused.value.code == 503
    assert '"database": true' in refused.value.read().decode()


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("MQTT_BROKER_URL", "mqtt://broker.hivemq.com:1883", "use mqtts:// and port 8883"),
        ("SECRET_KEY", "", "set SECRET_KEY to 50 random characters"),
        ("HTTP_PORT", "80000", "HTTP_PORT=80000 is outside 1 to 65535"),
    ],
)
def test_a_setting_that_cannot_be_stops_the_start_with_its_remedy(
    installation: Installation, name: str, value: str, remedy: str
) -> None:
    refused = installation.manage("check", **{name: value})

    assert refused.returncode != 0
    assert remedy in refused.stderr


def test_a_broker_in_the_clear_is_taken_on_this_machine(installation: Installation) -> None:
    taken = installation.manage("check", MQTT_BROKER_URL="mqtt://localhost:1883")

    assert taken.returncode == 0, taken.stderr


def test_the_line_that_starts_only_the_embedded_postgresql_does(tmp_path: Path) -> None:
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
    line = re.search(r'^    python -c "(import pathlib, .*)"$', readme, re.MULTILINE)
    assert line is not None
    server = LocalPostgres(tmp_path)
    tmp_path.chmod(0o755)  # the server may run as another user, who must be able to come in
    process = subprocess.Popen(
        [sys.executable, "-c", line[1].replace("'var'", repr(str(tmp_path)))],
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        prompt = process.stdout.read(len("PostgreSQL runs"))
        pid_while_it_runs = server.running_pid()
        process.communicate("\n", timeout=TIMEOUT_S)
    finally:
        process.kill()
        process.wait()

    assert prompt == "PostgreSQL runs"
    assert pid_while_it_runs is not None
    assert process.returncode == 0
    assert server.running_pid() is None
