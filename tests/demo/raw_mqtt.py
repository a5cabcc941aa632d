"""MQTT 3.1.1 by hand over TLS: what no client library would send."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.demo.running_broker import RunningBroker
from tests.waiting import TIMEOUT_S

ACCEPTED = b"\x20\x02\x00\x00"  # CONNACK


def field(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


def packet(first_byte: int, body: bytes = b"") -> bytes:
    size, length = len(body), bytearray()
    while size > 127:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([first_byte, *length, size]) + body


def connect_packet(
    username: str, password: str, *, keep_alive_s: int = 60, will: str = "", clean: bool = True
) -> bytes:
    """CONNECT under the user's own client id; with a will of QoS 1 on its status when one is given."""
    flags = 0xC2 | (0x0C if will else 0)
    body = field("MQTT") + bytes([4, flags]) + keep_alive_s.to_bytes(2, "big") + field(username)
    if will:
        body += field(f"carbontrack/v1/{username}/status") + field(will)
    return packet(0x10, body + field(username) + field(password))


@contextmanager
def raw_connection(broker: RunningBroker) -> Iterator[ssl.SSLSocket]:
    trusting = ssl.create_default_context(cafile=broker.certificates.ca_file)
    with (
        socket.create_connection(("127.0.0.1", broker.port), TIMEOUT_S) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        yield connection


@contextmanager
def raw_login(broker: RunningBroker, username: str, **options: object) -> Iterator[ssl.SSLSocket]:
    with raw_connection(broker) as connection:
        connection.sendall(connect_packet(username, broker.passwords[username], **options))  # type: ignore[arg-type]
        assert connection.recv(4) == ACCEPTED
        yield connection


def is_cut(connection: ssl.SSLSocket) -> bool:
    """Whether the broker ends the connection; what it sends before is not looked at."""
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True
