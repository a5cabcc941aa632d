"""The certificate of the broker and the authorities that devices trust: when they end, and the roll-over to new ones.

`roll_over_ca` gives devices new authorities by the command `set_ca`; the worker looks once an hour when the
certificates end, for `/metrics`.
"""

import logging
import re
import socket
import ssl
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from lib.broker_address import CONNECT_TIMEOUT_S, BrokerAddress
from mqtt_ingest.arguments import LONGEST_CA_CHARS
from mqtt_ingest.choices import CommandKind
from mqtt_ingest.commands import message

logger = logging.getLogger(__name__)

# `contract/commands.schema.json`, and what a node takes in one message (less than kMessageBytes of
# firmware/lib/core/src/config.h).
MOST_CHARACTERS, MOST_MESSAGE_BYTES = LONGEST_CA_CHARS, 4_095
CACHE_KEY = "broker_certificates"
WARN_BEFORE = timedelta(days=30)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+?\n-----END CERTIFICATE-----\n")


class AuthorityError(ValueError):
    """Devices must not be given these certificates; the message says why and what to do."""


def read_bundle(path: Path, now: datetime) -> str:
    """`bundle_of` a file. Raises AuthorityError."""
    try:
        return bundle_of(path.read_text(encoding="ascii"), str(path), now)
    except (OSError, UnicodeDecodeError) as error:
        raise AuthorityError(f"{path} cannot be read: {error}.") from error


def bundle_of(text: str, name: str, now: datetime) -> str:
    """The certificates of authorities as a device takes them: PEM text without anything between.

    Raises AuthorityError, which calls the text by its name: no certificates, one that is not an authority's or not
    valid now, or too large.
    """
    text = text.replace("\r\n", "\n") + "\n"
    found = _PEM.findall(text)
    bundle = "".join(found)
    if not found:
        raise AuthorityError(f"{name} holds no certificate in PEM form.")
    if text.count("-----BEGIN ") != len(found):  # devices would get less than the person gave
        raise AuthorityError(
            f"{name} has {text.count('-----BEGIN ')} parts, and {len(found)} of them can be read as certificates: "
            "begin and end each on a line of its own."
        )
    try:
        certificates = x509.load_pem_x509_certificates(bundle.encode())
    except ValueError as error:
        raise AuthorityError(f"{name} cannot be read: {error}.") from error
    for one in certificates:
        subject = one.subject.rfc4514_string()
        if not _is_authority(one):
            raise AuthorityError(
                f"{subject} in {name} is not an authority's (no CA:TRUE): give the root's certificate."
            )
        if not one.not_valid_before_utc <= now < one.not_valid_after_utc:
            raise AuthorityError(
                f"{subject} in {name} holds from {one.not_valid_before_utc:%Y-%m-%d} to "
                f"{one.not_valid_after_utc:%Y-%m-%d}: give one that is valid now."
            )
    size_bytes = len(message(CommandKind.SET_CA, {"ca": bundle}, "x" * 36))
    if len(bundle) > MOST_CHARACTERS or size_bytes > MOST_MESSAGE_BYTES:
        raise AuthorityError(
            f"{name} has {len(bundle)} characters of certificates, as a message {size_bytes} bytes; a device "
            f"takes {MOST_CHARACTERS} and {MOST_MESSAGE_BYTES}. Give the two roots alone, old and new."
        )
    return bundle


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def check_trusts_broker(bundle: str) -> None:
    """Raises AuthorityError unless the broker's certificate of now is trusted by these authorities alone.

    Otherwise every device would lose its connection by the command.
    """
    address = BrokerAddress.from_url(settings.MQTT_BROKER_URL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=bundle)
    try:
        with _connected(address, context):
            pass
    except ssl.SSLCertVerificationError as error:
        raise AuthorityError(
            f"Broker {address} has a certificate that these authorities do not trust ({error.verify_message}): devices "
            "would lose their connection. Give the authority that is in use and the new one in one file."
        ) from error
    except OSError as error:
        raise AuthorityError(f"Broker {address} cannot be reached to check that ({error}): try again.") from error


def _connected(address: BrokerAddress, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection((address.host, address.port), CONNECT_TIMEOUT_S)
    try:
        return context.wrap_socket(plain, server_hostname=address.host)
    except OSError:
        plain.close()
        raise


# --- When certificates end ---------------------------------------------------------------------
def look_at_certificates() -> dict[str, float]:
    """When the broker's certificate and the first of its authorities end, Unix seconds; kept for `/metrics`.

    An ended certificate is read too. What cannot be read is left out and logged.
    """
    address = BrokerAddress.from_url(settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE)
    ends: dict[str, datetime] = {}
    if address.is_tls:
        try:
            ends["server"] = _server_certificate(address).not_valid_after_utc
        except (OSError, ValueError) as error:
            logger.warning("The certificate of broker %s cannot be read: %s", address, error)
    if (authority_ends_at := first_authority_end()) is not None:
        ends["authority"] = authority_ends_at
    for which, ends_at in ends.items():
        if ends_at - timezone.now() < WARN_BEFORE:
            logger.warning("The broker's certificate (%s) ends at %s", which, ends_at)
    seconds = {which: ends_at.timestamp() for which, ends_at in ends.items()}
    cache.set(CACHE_KEY, seconds, timeout=24 * 3600)
    return seconds


def first_authority_end() -> datetime | None:
    """When the first certificate of MQTT_CA_FILE ends; None without a file that can be read."""
    try:
        certificates = x509.load_pem_x509_certificates(Path(settings.MQTT_CA_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return min(one.not_valid_after_utc for one in certificates)


def certificate_ends() -> dict[str, float]:
    """What the worker saw in the last day, Unix seconds by `server` and `authority`."""
    return dict(cache.get(CACHE_KEY) or {})


def _server_certificate(address: BrokerAddress) -> x509.Certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent, and an ended one is read too
    with _connected(address, context) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")
