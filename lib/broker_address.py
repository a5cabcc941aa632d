"""The address of the broker, and how all our clients sign in: login, TLS, TCP options."""

import socket
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt

CONNECT_TIMEOUT_S = 10.0


class BrokerSettingsError(RuntimeError):
    """A wrong setting, so no broker can be reached; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and how to sign in, from MQTT_BROKER_URL and MQTT_CA_FILE."""

    host: str
    port: int
    is_tls: bool
    username: str | None
    password: str | None = field(repr=False)
    ca_file: str | None

    @classmethod
    def from_url(cls, url: str, ca_file: str = "") -> "BrokerAddress":
        parts = urlsplit(url)
        is_tls = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (8883 if is_tls else 1883),
            is_tls=is_tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            ca_file=ca_file or None,
        )

    def of_worker(self, name: str) -> "BrokerAddress":
        """The same with the login of an ingest worker: a broker that takes the user name as client id ends the
        connection of the one worker when another signs in under the same name."""
        return replace(self, username=f"{self.username}-{name}") if name and self.username else self

    def __str__(self) -> str:
        return f"{'mqtts' if self.is_tls else 'mqtt'}://{self.host}:{self.port}"


def set_up_client(client: mqtt.Client, address: BrokerAddress) -> None:
    """Login, TLS and TCP options, the same for every client of ours.

    Raises BrokerSettingsError when the CA file cannot be used.
    """
    if address.username:
        client.username_pw_set(address.username, address.password)
    if address.is_tls:
        try:
            client.tls_set(ca_certs=address.ca_file)
        except OSError as error:  # missing, unreadable, or no certificate in it
            raise BrokerSettingsError(
                f"MQTT_CA_FILE={address.ca_file!r} cannot be used ({error}): name a PEM file with the "
                "certificate of the broker's authority, or leave it empty for those the system trusts"
            ) from error
    client.on_socket_open = _without_delay
    client.connect_timeout = CONNECT_TIMEOUT_S


def _without_delay(client: mqtt.Client, userdata: Any, sock: Any) -> None:
    # Nagle's algorithm would delay a small acknowledgement until the previous one is confirmed.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
