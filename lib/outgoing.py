"""Connections to addresses that people choose: to the public internet only, for a limited time.

The address is checked where a socket connects, by Python's own audit event. So it is the address that is connected to,
in any library: after DNS has answered (a name that answers differently the second time gains nothing), and at each step
of a redirect.
"""

import ipaddress
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

ANSWER_BYTES = 65_536  # of an answer, unpacked: 10 MB of gzip can unpack to 10 GB
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # carries an IPv4 address in its last 32 bits
_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class PrivateAddressError(OSError):
    """An address of this machine, its network, or of no single host."""


@dataclass(slots=True)
class Guard:
    """What happened inside `public_only`."""

    refused: list[str] = field(default_factory=list)
    is_late: bool = False
    descriptors: list[int] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)
    is_over: bool = False

    def keep(self, connection: socket.socket) -> None:
        with self.lock:
            if self.is_over or self.is_late:
                raise PrivateAddressError("the time for this connection is over")
            # TLS takes the socket over and leaves the old object without a descriptor; a duplicate stays.
            self.descriptors.append(os.dup(connection.fileno()))

    def cut(self) -> None:
        with self.lock:
            self.is_late = True
            for descriptor in self.descriptors:
                with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as one:
                    one.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        with self.lock:
            self.is_over = True
            for descriptor in self.descriptors:
                os.close(descriptor)
            self.descriptors.clear()


_guard: ContextVar[Guard | None] = ContextVar("outgoing_guard", default=None)
_installed = threading.Event()
_installing = threading.Lock()


def is_public(address: str) -> bool:
    """Whether an IP address, written as text, is one host of the public internet, or allowed by OUTGOING_ALLOWED."""
    try:
        ip: Any = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(ip in network for network in settings.OUTGOING_ALLOWED if network.version == ip.version):
        return True
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _meant(ip))


def _meant(ip: Any) -> list[Any]:
    """The address, or the IPv4 addresses in it: what a gateway makes of an IPv6 address counts."""
    if ip.version == 4:
        return [ip]
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    if ip in _NAT64:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)]
    return [ip, *filter(None, [ip.sixtofour, *(ip.teredo or ())])]


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event not in _EVENTS:
        return
    guard = _guard.get()
    if guard is None:
        return
    connection, address = args
    # Only addresses that are already resolved: a name would be looked up after this check.
    host = address[0] if isinstance(address, tuple) and connection.family in (socket.AF_INET, socket.AF_INET6) else ""
    if not is_public(str(host)):
        guard.refused.append(str(host))
        raise PrivateAddressError(f"{host!r} is no public address")
    guard.keep(connection)


_send = HTTPAdapter.send


def _send_bounded(adapter: HTTPAdapter, request: PreparedRequest, *args: Any, **options: Any) -> Response:
    """Here, because `requests` itself reads an answer whole, also that of a redirect which it does not follow."""
    response = _send(adapter, request, *args, **options)
    if _guard.get() is None:
        return response
    read = b""
    for part in response.iter_content(ANSWER_BYTES):
        read += part
        if len(read) >= ANSWER_BYTES:
            break
    response.close()
    response._content, response._content_consumed = read[:ANSWER_BYTES], True
    return response


@contextmanager
def public_only(limit_s: float) -> Iterator[Guard]:
    """Inside, this thread and those that copy its context connect to public addresses only; connections are shut after
    `limit_s`, however slowly the other side answers, and `requests` keeps the first `ANSWER_BYTES` of an answer.
    """
    with _installing:
        if not _installed.is_set():
            sys.addaudithook(_audit)
            HTTPAdapter.send = _send_bounded  # type: ignore[assignment, method-assign]
            _installed.set()
    guard = Guard()
    token = _guard.set(guard)
    timer = threading.Timer(limit_s, guard.cut)
    timer.daemon = True
    timer.start()
    try:
        yield guard
    finally:
        timer.cancel()
        _guard.reset(token)
        guard.end()
