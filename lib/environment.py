"""Typed reading of environment variables: a wrong value stops the start with name, value and expectation.

Holds no settings of its own; `carbontrack/settings.py` calls it, `.env.example` lists every variable.
"""

import base64
import re
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def text(name: str, default: str) -> str:
    """The variable as text; unset and empty both give the default."""
    return env.str(name, default="").strip() or default


def boolean(name: str, default: bool) -> bool:
    raw = text(name, "")
    if not raw:
        return default
    if raw.lower() in {"1", "true", "yes", "on"}:
        return True
    if raw.lower() in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} is not a switch: use 1 or 0")


def integer(name: str, default: int, *, lowest: int, highest: int) -> int:
    raw = text(name, str(default))
    try:
        number = int(raw.replace("_", "x"))  # Python reads 1_0 as 10
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number from {lowest} to {highest}") from None
    if not lowest <= number <= highest:
        raise ImproperlyConfigured(f"{name}={number} is outside {lowest} to {highest}")
    return number


def one_of(name: str, default: str, choices: tuple[str, ...]) -> str:
    """One of a few words, in upper or lower case."""
    raw = text(name, default).upper()
    if raw not in choices:
        raise ImproperlyConfigured(f"{name}={raw!r} is not one of {', '.join(choices)}")
    return raw


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    raw = text(name, "")
    return [word.strip() for word in raw.split(",") if word.strip()] if raw else default


def names(name: str) -> list[str]:
    """A comma-separated list of names that may be part of a login: letters, digits, _ and -."""
    found = words(name, [])
    for word in found:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", word):
            raise ImproperlyConfigured(
                f"{name}={word!r} is not a name: use up to 32 letters, digits, _ and -, like a or ingest-2"
            )
    return found


def local_address(name: str) -> str:
    """A socket's path, or host:port; empty without one."""
    raw = text(name, "")
    host, _colon, port = raw.rpartition(":")
    if raw and not Path(raw).is_absolute() and not (host and port.isdecimal() and 0 < int(port) < 65_536):
        raise ImproperlyConfigured(f"{name}={raw!r} is neither the path of a socket nor host:port")
    return raw


def addresses(name: str, schemes: tuple[str, ...]) -> list[str]:
    """A comma-separated list of addresses, each of one of the schemes."""
    found = words(name, [])
    for address in found:
        if not address.startswith(schemes):
            raise ImproperlyConfigured(f"{name}={address!r} does not begin with one of {', '.join(schemes)}")
    return found


def public_url(name: str, default: str) -> str:
    """Where people reach this server: scheme and host, without a path."""
    raw = text(name, default).rstrip("/")
    if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+", raw):
        raise ImproperlyConfigured(f"{name}={raw!r} is not the address of a site: use https://carbontrack.example.org")
    return raw


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """A comma-separated list of networks, like 127.0.0.0/8."""
    try:
        return [ip_network(word) for word in words(name, [])]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}; write networks like 127.0.0.0/8") from None


def public_key(name: str) -> str:
    """An Ed25519 public key, its 32 bytes as base64; empty: none."""
    raw = text(name, "")
    try:
        is_key = not raw or len(base64.b64decode(raw, validate=True)) == 32
    except ValueError:
        is_key = False
    if not is_key:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a public key of Ed25519: give its 32 bytes as base64")
    return raw


def day(name: str) -> date | None:
    raw = text(name, "")
    try:
        return date.fromisoformat(raw) if raw else None
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a day: write it as 2027-06-30") from None


def database(name: str, url: str) -> dict[str, Any]:
    """Django's settings of a PostgreSQL database; other databases are refused. Never shows the password."""
    scheme = url.partition(":")[0] if ":" in url else ""
    expected = f"{name} is not a PostgreSQL address: use postgres://user:password@host:5432/database"
    if scheme not in {"postgres", "postgresql", "psql", "pgsql"}:
        raise ImproperlyConfigured(f"{expected} (its scheme is {scheme!r})")
    try:
        config = env.db_url_config(url)
    except (ValueError, ImproperlyConfigured):  # the message may contain the password
        raise ImproperlyConfigured(f"{expected} (its port is no number)") from None
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"{expected} (it names no database)")
    return dict(config)


def email(name: str, url: str) -> dict[str, Any]:
    """Django's EMAIL_ settings."""
    try:
        return dict(env.email_url_config(url))
    except (KeyError, ValueError, ImproperlyConfigured):
        raise ImproperlyConfigured(
            f"{name} is not the address of a mail server: use smtp+tls://user:password@host:587, "
            "smtp+ssl://user:password@host:465 or consolemail://"
        ) from None


def broker_url(name: str, default: str) -> str:
    """An MQTT address: mqtts:// anywhere, plain mqtt:// on this machine only.

    Raises ImproperlyConfigured for another scheme, no host, or mqtt:// to a host that is not this machine.
    """
    raw = text(name, default)
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError:  # never shows the text itself, because it contains a password
        raise ImproperlyConfigured(
            f"{name} has no host and port that can be read: use mqtts://user:password@host:8883, "
            "with / # ? @ : in the password written as %2F %23 %3F %40 %3A"
        ) from None
    shown = f"{parts.scheme}://{parts.hostname or ''}{f':{port}' if port else ''}"
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise ImproperlyConfigured(f"{name}={shown!r} is not an MQTT address: use mqtts://user:password@host:8883")
    if parts.scheme == "mqtt" and parts.hostname not in LOOPBACK_HOSTS:
        raise ImproperlyConfigured(
            f"{name}={shown!r} would send passwords and readings in the clear: "
            "use mqtts:// and port 8883 (mqtt:// is for localhost only)"
        )
    return raw
