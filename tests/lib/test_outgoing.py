"""Connections to addresses that people choose reach the public internet only, and end in time."""

import socket
import threading
import tracemalloc
from contextvars import copy_context
from ipaddress import ip_network
from time import monotonic
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from lib import outgoing
from lib.outgoing import PrivateAddressError, is_public, public_only
from tests.alerts.receiver import TRICKLE_S, bomb, packed_zeros, receiving, trickle

PRIVATE = """
    127.0.0.1 127.8.8.8 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255
    ::1 :: fe80::1 fe80::1%eth0 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b:1::a00:1
    2002:7f00:1::1 2001:0:7f00:1::1 192.0.2.1 198.18.0.1 240.0.0.1 64:ff9b:1:a00:1:0:808:808
""".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(address)


@given(st.text(max_size=40))
def test_any_other_text_is_not_public(text: str) -> None:
    is_public(text)
    assert not is_public(f"{text}.example")


def test_inside_nothing_reaches_this_machine_and_outside_all_is_as_before() -> None:
    with receiving() as receiver:
        with public_only(5) as guard, pytest.raises(requests.ConnectionError):
            requests.post(receiver.address, json={}, timeout=2)

        assert guard.refused == ["127.0.0.1"]
        assert requests.post(receiver.address, json={}, timeout=2).status_code == 200
    assert len(receiver.bodies) == 1


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name was public when it was looked at, and private when it is connected to."""
    answers = iter(["8.8.8.8", "127.0.0.1"])

    def rebinding(_host: Any, port: Any, *_args: Any, **_kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    with receiving() as receiver:
        port = receiver.server.server_address[1]
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        assert is_public(socket.getaddrinfo("rebinds.example", port)[0][4][0])
        with public_only(5) as guard, pytest.raises(requests.ConnectionError):
            requests.post(f"http://rebinds.example:{port}", json={}, timeout=2)
    assert (guard.refused, receiver.bodies) == (["127.0.0.1"], [])


def test_each_step_of_a_redirect_is_looked_at(settings: Any) -> None:
    with receiving() as outside, receiving() as inside:
        settings.OUTGOING_ALLOWED = [ip_network("127.0.0.1/32")]
        outside.status, outside.location = 307, inside.address.replace("127.0.0.1", "127.0.0.2")
        with public_only(5) as guard, pytest.raises(requests.ConnectionError):
            requests.post(outside.address, json={}, timeout=2)
    assert (len(outside.bodies), inside.bodies, guard.refused) == (1, [], ["127.0.0.2"])


def test_a_name_that_is_not_resolved_and_a_socket_of_this_machine_are_refused(tmp_path: Any) -> None:
    with public_only(5), socket.socket() as one, pytest.raises(PrivateAddressError):
        one.connect(("localhost", 9))
    with public_only(5), socket.socket(socket.AF_UNIX) as one, pytest.raises(PrivateAddressError):
        one.connect(str(tmp_path / "socket"))
    with public_only(5), socket.socket(type=socket.SOCK_DGRAM) as one, pytest.raises(PrivateAddressError):
        one.sendto(b"", ("127.0.0.1", 9))


def test_a_thread_that_copies_the_context_is_guarded_too() -> None:
    refused: list[type[BaseException]] = []

    def connect() -> None:
        with socket.socket() as one:
            try:
                one.connect(("127.0.0.1", 9))
            except OSError as error:
                refused.append(type(error))

    with public_only(5):
        thread = threading.Thread(target=copy_context().run, args=(connect,))
        thread.start()
        thread.join()
    assert refused == [PrivateAddressError]


def test_an_answer_that_never_ends_is_cut_off(settings: Any) -> None:
    settings.OUTGOING_ALLOWED = [ip_network("127.0.0.0/8")]
    with receiving() as receiver:
        receiver.answer = trickle
        began_s = monotonic()
        with public_only(0.3) as guard:
            requests.post(receiver.address, json={}, timeout=5)
    assert monotonic() - began_s < TRICKLE_S
    assert guard.is_late
    assert guard.descriptors == []


@pytest.mark.parametrize("status", [200, 302])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_an_answer_that_unpacks_to_much_is_not_kept(settings: Any, status: int, is_chunked: bool) -> None:
    """50 MB of zeros are 50 kB on the wire. A redirect that is not followed is read too."""
    settings.OUTGOING_ALLOWED = [ip_network("127.0.0.0/8")]
    with receiving() as receiver:
        receiver.answer = lambda handler: bomb(handler, status, is_chunked=is_chunked)
        packed_zeros()
        tracemalloc.start()
        with public_only(5):
            answer = requests.post(receiver.address, json={}, timeout=5, allow_redirects=False)
        most_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (answer.status_code, len(answer.content)) == (status, outgoing.ANSWER_BYTES)
    assert most_bytes < 5_000_000


def test_the_guard_ends_with_its_block() -> None:
    with public_only(5):
        assert outgoing._guard.get() is not None
    assert outgoing._guard.get() is None
