"""Checks what people fill in for a channel or gateway, keeps it encrypted, and sends by Apprise.

The kinds are in `channel_kinds.py`. Whatever connects does so inside `lib.outgoing.public_only`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.exception import AppriseException
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from alerts.channel_kinds import CHANNELS, GATEWAYS, Fields, Message, ServiceRow
from alerts.notice_choices import ChannelKind, GatewayKind
from lib.errors import invalid
from lib.outgoing import is_public, public_only
from lib.phones import one_number
from lib.sealing import seal, unseal

ANSWERS_WITHIN_S = 10.0
LONGEST_FIELD = 2000
LONGEST_ERROR = 300
_SHOWN_END = 4
_ASSET = AppriseAsset(app_id="CarbonTrack", app_desc="Carbon Track", http_redirects=False, service_timeout=0)


# --- What people typed -----------------------------------------------------------------------------
def row_of(kind: ChannelKind | GatewayKind) -> ServiceRow:
    return CHANNELS[kind] if isinstance(kind, ChannelKind) else GATEWAYS[kind]


def checked(kind: ChannelKind | GatewayKind, given: Mapping[str, str], countries: list[str]) -> dict[str, str]:
    """The fields of a channel or gateway as they are kept. Raises ApiError 400 that names the field.

    `countries` are those that a phone number without country code may be of.
    """
    row = row_of(kind)
    kept = {}
    for one in row.fields:
        text = str(given.get(one.name) or "").strip()
        if not text and not one.is_required:
            continue
        if not text:
            raise invalid(one.name, "required", _("%(label)s is missing.") % {"label": one.label})
        if len(text) > LONGEST_FIELD or not re.fullmatch(one.pattern, text):
            words = one.says or _("This is not what the service calls its %(label)s. Copy it once more.") % {
                "label": one.label
            }
            raise invalid(one.name, "invalid", str(words))
        kept[one.name] = text
    if "phone" in kept:
        kept["phone"] = _phone(kept["phone"], countries)
    if "email" in kept:
        _refuse_no_email(kept["email"])
    if "address" in kept:
        _refuse_address(kind, kept)
    return kept


def _phone(text: str, countries: list[str]) -> str:
    number = one_number(text, countries)
    if number is None:
        raise invalid("phone", "invalid_phone", _("Write the phone number with its country code, like +254712345678."))
    return number


def _refuse_no_email(text: str) -> None:
    try:
        validate_email(text)
    except ValidationError as error:
        raise invalid("email", "invalid", " ".join(error.messages)) from None


def _refuse_address(kind: ChannelKind | GatewayKind, fields: Fields) -> None:
    """A first look, to say it beside the field. What counts is the address that is connected to: `lib.outgoing`."""
    try:
        url = urlsplit(fields["address"])
        host, _port = url.hostname or "", url.port
    except ValueError:
        host = ""
    is_name = re.fullmatch(r"(?=.*[a-z])[a-z0-9-]+(\.[a-z0-9-]+)+", host) and not host.endswith((".local", ".internal"))
    if not is_name and not is_public(host):
        words = _("This address leads into a private network or to this server. Give one on the public internet.")
        raise invalid("address", "private_address", words)
    if url.scheme != "https" and not (is_public(host) and settings.OUTGOING_ALLOWED):
        raise invalid("address", "not_https", _("Write an address that begins with https://."))
    if url.username or url.password:
        raise invalid("address", "has_password", _("Leave user and password out of the address; give a token."))
    if plugin_of(kind, fields, "", Message("", "")) is None:
        raise invalid("address", "other_service", _("This is no such address. Copy it from the service once more."))


def sealed(fields: Fields) -> str:
    return seal(json.dumps(dict(fields), sort_keys=True))


def opened(sealed_fields: str) -> dict[str, str]:
    """Empty if the key that encrypted them is gone."""
    return dict(json.loads(unseal(sealed_fields) or "{}"))


def label_of(kind: ChannelKind | GatewayKind, fields: Fields) -> str:
    """What lists show: of a secret address its host and its last characters."""
    row = row_of(kind)
    text = fields[row.shown]
    if row.shown != "address":
        return text[:80]
    return f"{urlsplit(text).hostname}/...{text[-_SHOWN_END:]}"[:80]


# --- Sending ---------------------------------------------------------------------------------------
def plugin_of(kind: ChannelKind | GatewayKind, fields: Fields, to: str, message: Message) -> Any:
    """The Apprise plugin that sends, or None if it does not take these fields."""
    row = row_of(kind)
    assert row.plugin is not None
    try:
        return Apprise.instantiate(row.plugin(fields, to, message), asset=_ASSET, suppress_exceptions=False)
    except (AppriseException, TypeError, ValueError, KeyError):
        return None


def send(kind: ChannelKind, fields: Fields, message: Message, gateway: tuple[GatewayKind, Fields] | None) -> str:
    """Send it now, within `ANSWERS_WITHIN_S`. Returns why it failed, empty when it went out."""
    if kind == ChannelKind.EMAIL:
        return _mail(fields["email"], message)
    to = next(iter(fields.values()), "")
    by_kind, by_fields = gateway or (kind, fields)
    service = plugin_of(by_kind, by_fields, to, message)
    if service is None or len(service) == 0:
        return _("The stored fields are not usable. Enter them again.")
    title, body = message.title, message.body
    if kind == ChannelKind.WHATSAPP:  # the variable of a template may have no line break
        title, body = "", " ".join(f"{title}. {body}".split())
    # Telegram refuses a text that is no HTML; for Teams the characters of the link would be escaped.
    body_format = None if kind == ChannelKind.TEAMS else NotifyFormat.TEXT
    with public_only(ANSWERS_WITHIN_S) as guard:
        sender = Apprise(asset=_ASSET)
        sender.add(service)
        with sender.notify(title=title, body=body, body_format=body_format) as result:
            if result:
                return ""
            said = [entry.message for entry in result.logs()]
    if guard.refused:
        return _("The address leads into a private network or to this server (%(address)s).") % {
            "address": guard.refused[-1]
        }
    if guard.is_late:
        return _("No complete answer within %(seconds)d s.") % {"seconds": ANSWERS_WITHIN_S}
    return _without_secrets(said[-1] if said else _("The service refused the message."), by_fields)


def _mail(address: str, message: Message) -> str:
    """By the server's own mail settings, which are the operator's."""
    try:
        send_mail(" ".join(message.title.split()), message.body, None, [address])
    except OSError as error:  # smtplib's errors are OSErrors
        return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    return ""


def _without_secrets(text: str, fields: Fields) -> str:
    for value in sorted(fields.values(), key=len, reverse=True):  # one may be part of another
        text = text.replace(value, "***")
    return text.replace("\0", "")[:LONGEST_ERROR]  # PostgreSQL takes no NUL
