"""What every test gets, and the rules for tests that need something of the machine. Builders: `make.py`, `cast.py`."""

import contextlib
import copy
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker

import bootstrap
from accounts.models import User
from factories.models import Factory
from leaderboard import sums
from lib import limits
from lib.local.postgres import DATABASE_NAME, LocalPostgres
from tests import background, database, mails, make, shared
from tests.cast import AsUser, Cast, make_cast, signed_in
from tests.environment import DATA_DIR

# The files that take longest, begun first: no worker is left alone with one of them at the end. Those that compute and
# those that wait take turns, so that neither has the processors to itself.
LONGEST_FILES = (
    "firmware/test_checks.py",
    "firmware/test_go_no_go.py",
    "end_to_end/test_pressure.py",
    "end_to_end/test_drill.py",
    "firmware/test_end_to_end.py",
    "firmware/test_fuzzing.py",
    "demo/test_fleet.py",
    "demo/test_firmware_node.py",
    "test_install.py",
    "end_to_end/test_reading_to_database.py",
    "demo/test_run_demo.py",
    "end_to_end/test_log_firewood.py",
    "test_access.py",
    "carbontrack/test_schemathesis.py",
)
REAL_DATA_VARIABLE = "CARBONTRACK_REAL_DATA"


@pytest.fixture(scope="session")
def postgres_server(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A throw-away PostgreSQL for the session, from the wheel."""
    with contextlib.ExitStack() as stack:
        with django_db_blocker.unblock():
            stack.enter_context(database.running(LocalPostgres(DATA_DIR, fsync=False)))
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server: None) -> None:
    """pytest-django asks for this before it makes the test database."""
    connection.settings_dict["TEST"] |= {"TEMPLATE": DATABASE_NAME}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's own; and a test that commits is undone without `flush`."""
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setattr("django.test.TransactionTestCase._fixture_teardown", database.go_back)
        with django_db_blocker.unblock():
            stack.enter_context(database.going_back())
        yield
        with django_db_blocker.unblock():
            shared.end()


@pytest.fixture
def _before_the_test(
    request: pytest.FixtureRequest, _language: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        shared.before(request)


@pytest.fixture
def _django_db_helper(_before_the_test: None, _django_db_helper: None) -> None:
    """pytest-django's own, which begins the transaction of the test."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    has_real_data = os.path.isdir(os.environ.get(REAL_DATA_VARIABLE, ""))
    kept, dropped = [], []
    for item in items:
        (kept if has_real_data or not item.get_closest_marker("real_data") else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
    begun_at = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: begun_at.get(item.path, len(begun_at)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    programs = [p for mark in item.iter_markers("needs") for p in mark.args]
    missing = [bootstrap.tool_name(program) for program in programs if not bootstrap.is_here(program)]
    if not missing:
        return
    reason = f"not on this machine: {', '.join(missing)} (as root on Debian, `make test` installs it)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """The shared cache is a table and rolls back with the test, but a transactional test leaves rows; and what this
    process counts and remembers."""
    if request.node.get_closest_marker("django_db") is not None:
        request.getfixturevalue("db" if "transactional_db" not in request.fixturenames else "transactional_db")
        cache.clear()
    limits._in_memory.clear()
    sums.forget()


@pytest.fixture(scope="session", autouse=True)
def _fast_passwords() -> Iterator[None]:
    """The real hasher is slow on purpose, and no test is about its strength."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def _language() -> None:
    """A request leaves its language to its thread, and tests share one."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _mails() -> Iterator[None]:
    """A mail that is still on its way does not come in the next test."""
    yield
    mails.sent()


@pytest.fixture(autouse=True)
def _worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a request waits for a background task, the worker does it."""
    monkeypatch.setattr("lib.background.sleep", lambda _seconds: background.run_next())


kept_cast = shared.shared("kept_cast", make_cast)


@pytest.fixture
def cast(kept_cast: Cast) -> Cast:
    return copy.deepcopy(kept_cast)


@pytest.fixture
def as_user() -> AsUser:
    """`as_user(user)` gives a browser client signed in as them; `as_user(None)` one that is not."""
    return signed_in


@pytest.fixture
def hq(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.hq)


@pytest.fixture
def manager(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.litein_manager)


@pytest.fixture
def litein(db: None) -> Factory:
    """A factory by itself, for tests without roles."""
    return make.make_factory(name="Litein Tea Factory")


@pytest.fixture
def user(db: None) -> User:
    return make.make_user(password=None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time that services read, 12:00 in Nairobi until a test moves it."""
    found = SimpleNamespace(now=datetime(2026, 11, 22, 9, tzinfo=UTC))
    monkeypatch.setattr(timezone, "now", lambda: found.now)
    return found
