"""A live stream ends with the right it rests on, within seconds; its limit holds across processes."""

import contextlib
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken
from accounts.roles import Role, Scope
from accounts.services import sign_out_everywhere
from accounts.standing import Credential, standings
from devices.models import Assignment
from emissions import live_hub
from factories.models import Organisation
from tests import make
from tests.emissions.listening import Stream, listen, server, store, world
from tests.measuring import at_once
from tests.waiting import TIMEOUT_S, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["listen", "server", "world"]  # fixtures

Act = Callable[[SimpleNamespace], object]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hub, "CHECK_S", 0.2)


def _new_password(world: SimpleNamespace) -> None:
    world.reader.set_password("another long password")
    world.reader.save()


def _move_the_device(world: SimpleNamespace) -> None:
    Assignment.objects.filter(device=world.one).delete()  # an assigned device cannot
    world.one.factory = world.elsewhere
    world.one.save()


@pytest.mark.parametrize(
    "act",
    [
        lambda world: ApiToken.objects.filter(user=world.reader).delete(),
        lambda world: ApiToken.objects.filter(user=world.reader).update(expiry=timezone.now() - timedelta(seconds=1)),
        lambda world: type(world.reader).objects.filter(pk=world.reader.pk).update(is_active=False),
        lambda world: world.reader.memberships.all().delete(),
        lambda world: world.reader.memberships.update(role=Role.INSTALLER),
        _new_password,
        _move_the_device,
    ],
    ids=["revoked", "expired", "deactivated", "membership ended", "role changed", "password changed", "device moved"],
)
def test_a_stream_of_a_token_ends_with_the_right(
    listen: Callable[..., Stream], world: SimpleNamespace, act: Act
) -> None:
    stream = listen()
    store(world.two, seq=1)
    assert stream.readings(1)

    act(world)
    began_s = time.monotonic()

    assert stream.event() is None
    assert time.monotonic() - began_s < TIMEOUT_S / 2


@pytest.mark.parametrize("everywhere", [False, True], ids=["here", "everywhere"])
def test_a_stream_of_a_browser_ends_with_signing_out(server: str, world: SimpleNamespace, everywhere: bool) -> None:
    browser = Client()
    browser.force_login(world.reader, backend="allauth.account.auth_backends.AuthenticationBackend")
    stream = Stream(server, Cookie=f"sessionid={browser.cookies['sessionid'].value}")
    assert stream.is_open_after_hello()

    if everywhere:
        sign_out_everywhere(world.reader)
    else:
        browser.logout()

    assert stream.event() is None
    stream.close()


def test_a_stream_ends_when_a_second_factor_is_required_and_missing(
    listen: Callable[..., Stream], world: SimpleNamespace
) -> None:
    """That of a sign-in; a program with a named token goes on, as with other requests."""
    world.reader.memberships.update(role=Role.HQ_MANAGER)
    named = listen()
    signed_in = listen(Authorization=f"Token {make.make_token(world.reader, Scope.ALL)}")

    Organisation.objects.update(second_factor_required=True)

    assert signed_in.event() is None
    store(world.one, seq=1)
    assert [row["seq"] for row in named.readings(1)] == [1]


def test_a_stream_goes_on_while_nothing_changes(listen: Callable[..., Stream], world: SimpleNamespace) -> None:
    stream = listen()
    time.sleep(1.0)  # five checks
    ApiToken.objects.filter(user=world.reader).update(last_used_at=timezone.now())
    store(world.one, seq=1)

    assert [row["seq"] for row in stream.readings(1)] == [1]


def test_many_streams_are_checked_by_as_many_queries_as_one(world: SimpleNamespace) -> None:
    def queries(count: int) -> int:
        asked = {
            Credential(world.reader.pk, ApiToken.objects.create(user=world.reader)[0].digest, "") for _ in range(count)
        }
        with CaptureQueriesContext(connection) as captured:
            assert len(standings(asked)) == count
        return len(captured)

    assert queries(1) == queries(30) == 3  # without a session no query for one


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# --- Twenty of a user --------------------------------------------------------------------------
def test_of_thirty_streams_opened_at_once_twenty_are(server: str, world: SimpleNamespace) -> None:
    streams = at_once(30, lambda _number: Stream(server, Authorization=f"Token {world.token}"))

    statuses = sorted(stream.status for stream in streams)
    for stream in streams:
        stream.close()
    assert statuses == [200] * 20 + [429] * 10


@pytest.fixture
def other_process(world: SimpleNamespace) -> Iterator[subprocess.Popen[str]]:
    """Another web process with nineteen streams of the reader; what counts is its hub."""
    name = connection.settings_dict["NAME"]
    program = f"""
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = {name!r}
from django.db import connections
connections.settings["default"]["NAME"] = {name!r}
from accounts.standing import Credential
from emissions.live_hub import StreamReader, hub
for _ in range(19):
    hub.open(StreamReader(Credential({world.reader.pk}, "", ""), (), {{}}))
print("open", flush=True)
input()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.wait()


def assert_one_more_opens(server: str, world: SimpleNamespace) -> None:
    def opens() -> bool:
        with contextlib.closing(Stream(server, Authorization=f"Token {world.token}")) as stream:
            assert stream.status in (200, 429)
            return stream.status == 200

    wait_until(opens, every_s=0.1)


def test_the_limit_holds_across_processes_and_a_killed_one_gives_its_places_back(
    server: str, world: SimpleNamespace, listen: Callable[..., Stream], other_process: subprocess.Popen[str]
) -> None:
    listen()
    refused = Stream(server, Authorization=f"Token {world.token}")
    assert refused.status == 429

    other_process.kill()
    other_process.wait()
    assert_one_more_opens(server, world)


def test_a_closed_stream_gives_its_place_back(
    server: str, world: SimpleNamespace, listen: Callable[..., Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emissions.live.HEARTBEAT_S", 0.1)  # how soon the server notices that a reader has gone
    streams = [listen() for _ in range(20)]
    streams[0].close()

    assert_one_more_opens(server, world)


def test_a_client_that_goes_before_the_first_byte_keeps_no_place(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "BEGUN_WITHIN_S", 0.1)
    credential = Credential(world.reader.pk, "", "")
    live_hub.hub.open(live_hub.StreamReader(credential, (), {}))
    thread = live_hub.hub._thread
    assert thread is not None

    thread.join(TIMEOUT_S)

    assert live_hub.hub.open_count(world.reader.pk) == 0


def test_a_client_that_goes_while_its_first_event_is_sent_keeps_no_place(
    server: str, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its stream is cut off between two events, where Python ends a generator when nothing refers to it any more."""
    is_sending, has_gone = threading.Event(), threading.Event()

    def close_all() -> None:
        is_sending.set()
        has_gone.wait(TIMEOUT_S)

    monkeypatch.setattr("carbontrack.bounds.connections", SimpleNamespace(close_all=close_all))
    with without_collector():
        stream = Stream(server, Authorization=f"Token {world.token}")
        assert is_sending.wait(TIMEOUT_S)
        stream.close()
        time.sleep(0.5)
        has_gone.set()
        wait_until(lambda: live_hub.hub.open_count(world.reader.pk) == 0)


def test_a_process_has_a_limit_of_its_own(
    server: str, world: SimpleNamespace, listen: Callable[..., Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until(lambda: not live_hub.hub._open)  # streams of the test before, which the server has not missed yet
    monkeypatch.setattr(live_hub, "STREAMS_PER_PROCESS", 1)
    listen()
    refused = Stream(server, Authorization=f"Token {world.token}")

    assert refused.status == 503
    assert refused.response.headers["Retry-After"] == "5"
    assert refused.body()["code"] == "busy"


def test_the_scope_of_a_token_is_part_of_the_right(world: SimpleNamespace) -> None:
    record = ApiToken.objects.get(user=world.reader)
    credential = Credential(world.reader.pk, record.digest, "")
    before = standings([credential])[credential]
    ApiToken.objects.filter(pk=record.pk).update(scopes=[Scope.WRITE_ENERGY])

    assert standings([credential])[credential] != before
    assert standings([Credential(world.reader.pk, "", "")]) == {}
