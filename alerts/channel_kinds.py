"""The kinds of channels and gateways: one row each, with the fields that people fill in, and how Apprise sends by them.

What people type never becomes an Apprise URL, whose parameters could name files of this server: its parts go to the
plugin as they are, and only the plugins named here are used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from apprise.plugins.slack import NotifySlack
from apprise.plugins.workflows import NotifyWorkflows
from django.utils.translation import gettext_lazy

from alerts.notice_choices import ChannelKind, GatewayKind

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """`data` is for receivers that are programs; the others get the texts."""

    title: str
    body: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """What a person fills in. `pattern` is of the whole text."""

    name: str
    label: Any
    help: Any = ""
    pattern: str = r".{1,200}"
    is_secret: bool = False
    is_required: bool = True
    says: Any = ""  # what is wrong when the pattern does not fit


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """`plugin` makes the parts of one Apprise plugin of the fields (of a gateway: and of the person's address)."""

    fields: tuple[Field, ...]
    shown: str  # the field that a list shows
    plugin: Callable[[Fields, str, Message], dict[str, Any]] | None = None
    carries: ChannelKind | None = None  # of a gateway


def _address_field(label: Any, example: Any) -> Field:
    return Field("address", label, example, pattern=r"https?://\S{3,1900}", is_secret=True)


def _slack(fields: Fields, _to: str, _message: Message) -> dict[str, Any]:
    return _native(NotifySlack, fields["address"])


def _teams(fields: Fields, _to: str, _message: Message) -> dict[str, Any]:
    return _native(NotifyWorkflows, fields["address"], "api-version", "sp", "sv", "sig")


def _native(plugin: Any, address: str, *parameters: str) -> dict[str, Any]:
    """What the plugin reads in the address that its service shows to people; it takes those of its service only.

    Of its parameters only the service's own are left: `template` would read a file, `redirect` follow a redirect.
    """
    url = urlsplit(address)
    kept = {name: values[-1] for name, values in parse_qs(url.query).items() if name in parameters}
    parts = plugin.parse_native_url(url._replace(query=urlencode(kept), fragment="").geturl())
    if parts is None:
        raise ValueError("not an address of this service")
    return dict(parts)


def _webhook(fields: Fields, _to: str, message: Message) -> dict[str, Any]:
    url = urlsplit(fields["address"])
    return {
        # Plain http only reaches what OUTGOING_ALLOWED names, which nothing but tests sets.
        "schema": "jsons" if url.scheme == "https" else "json",
        "host": url.hostname,
        "port": url.port,
        "fullpath": url.path or "/",
        "params": {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()},
        "headers": {"Authorization": f"Bearer {fields['token']}"} if fields.get("token") else {},
        "payload": message.data,
    }


def _africas_talking(fields: Fields, to: str, _message: Message) -> dict[str, Any]:
    sender = {"sender": fields["sender"]} if fields.get("sender") else {}
    mode = "sandbox" if fields["username"] == "sandbox" else "bulksms"
    parts = {"appuser": fields["username"], "apikey": fields["api_key"], "targets": [to], "mode": mode}
    return {"schema": "atalk", **parts, **sender}


def _twilio(fields: Fields, to: str, _message: Message) -> dict[str, Any]:
    parts = {"account_sid": fields["account_sid"], "auth_token": fields["auth_token"], "source": fields["sender"]}
    return {"schema": "twilio", **parts, "targets": [to]}


def _vonage(fields: Fields, to: str, _message: Message) -> dict[str, Any]:
    parts = {"apikey": fields["api_key"], "secret": fields["api_secret"], "source": fields["sender"]}
    return {"schema": "vonage", **parts, "targets": [to]}


def _whatsapp(fields: Fields, to: str, _message: Message) -> dict[str, Any]:
    parts = {"token": fields["token"], "from_phone_id": fields["phone_id"], "targets": [to]}
    # Outside the 24 hours after a person's own message, WhatsApp delivers approved templates only.
    template = {"template": fields.get("template"), "language": fields.get("language") or "en"}
    return {
        "schema": "whatsapp",
        **parts,
        **(template | {"template_mapping": {"body": "1"}} if template["template"] else {}),
    }


def _telegram(fields: Fields, to: str, _message: Message) -> dict[str, Any]:
    return {"schema": "tgram", "bot_token": fields["bot_token"], "targets": [to], "detect_owner": False}


_PHONE = Field(
    "phone", gettext_lazy("Phone number"), gettext_lazy("like 0712 345678, or with the country code"), r".{5,40}"
)
_KEY = r"[A-Za-z0-9_-]{1,200}"
_SENDER = r"\+?[0-9]{3,15}|[A-Za-z0-9 ]{1,11}"
_PHONE_OR_NAME = gettext_lazy("a phone number with country code, or up to 11 letters and digits")

CHANNELS: dict[ChannelKind, ServiceRow] = {
    ChannelKind.EMAIL: ServiceRow((Field("email", gettext_lazy("E-mail address"), pattern=r"\S{3,254}"),), "email"),
    ChannelKind.SMS: ServiceRow((_PHONE,), "phone"),
    ChannelKind.WHATSAPP: ServiceRow((_PHONE,), "phone"),
    ChannelKind.TELEGRAM: ServiceRow(
        (
            Field(
                "chat_id",
                gettext_lazy("Chat number"),
                gettext_lazy("Write to your organisation's bot once, then ask @userinfobot for your number."),
                r"-?[0-9]{3,20}",
                says=gettext_lazy("Write the number of the chat, digits only."),
            ),
        ),
        "chat_id",
    ),
    ChannelKind.SLACK: ServiceRow(
        (
            _address_field(
                gettext_lazy("Incoming webhook"),
                gettext_lazy("as Slack shows it: https://hooks.slack.com/services/..."),
            ),
        ),
        "address",
        _slack,
    ),
    ChannelKind.TEAMS: ServiceRow(
        (
            _address_field(
                gettext_lazy("Workflow address"),
                gettext_lazy("as Teams shows it: https://....logic.azure.com/workflows/..."),
            ),
        ),
        "address",
        _teams,
    ),
    ChannelKind.WEBHOOK: ServiceRow(
        (
            _address_field(gettext_lazy("Address"), gettext_lazy("https://, on the public internet")),
            Field(
                "token",
                gettext_lazy("Token"),
                gettext_lazy("sent as Authorization: Bearer, so that your program knows us"),
                r"[!-~]{1,200}",
                is_secret=True,
                is_required=False,
            ),
        ),
        "address",
        _webhook,
    ),
}

GATEWAYS: dict[GatewayKind, ServiceRow] = {
    GatewayKind.AFRICAS_TALKING: ServiceRow(
        (
            Field("username", gettext_lazy("User name"), gettext_lazy("sandbox for their simulator"), _KEY),
            Field("api_key", gettext_lazy("API key"), pattern=_KEY, is_secret=True),
            Field("sender", gettext_lazy("Sender"), _PHONE_OR_NAME, _SENDER, is_required=False),
        ),
        "username",
        _africas_talking,
        ChannelKind.SMS,
    ),
    GatewayKind.TWILIO: ServiceRow(
        (
            Field("account_sid", "Account SID", pattern=r"AC[a-fA-F0-9]{32}"),
            Field("auth_token", "Auth token", pattern=r"[a-zA-Z0-9]{32}", is_secret=True),
            Field("sender", gettext_lazy("Sender"), gettext_lazy("a phone number of the account"), r"\+[0-9]{7,15}"),
        ),
        "sender",
        _twilio,
        ChannelKind.SMS,
    ),
    GatewayKind.VONAGE: ServiceRow(
        (
            Field("api_key", gettext_lazy("API key"), pattern=r"[a-zA-Z0-9]{8}"),
            Field("api_secret", gettext_lazy("API secret"), pattern=r"[a-zA-Z0-9]{16}", is_secret=True),
            Field("sender", gettext_lazy("Sender"), gettext_lazy("a phone number of the account"), r"\+[0-9]{7,15}"),
        ),
        "sender",
        _vonage,
        ChannelKind.SMS,
    ),
    GatewayKind.WHATSAPP_CLOUD: ServiceRow(
        (
            Field(
                "phone_id",
                gettext_lazy("Phone number ID"),
                gettext_lazy("of the sender, as Meta shows it"),
                r"[0-9]{5,30}",
            ),
            Field("token", gettext_lazy("Access token"), pattern=r"[A-Za-z0-9]{20,600}", is_secret=True),
            Field(
                "template",
                gettext_lazy("Template"),
                gettext_lazy("an approved one with one variable; without it only people who wrote first are reached"),
                r"[a-z0-9_]{1,200}",
                is_required=False,
            ),
            Field(
                "language",
                gettext_lazy("Language of the template"),
                "en, sw, en_US",
                r"[a-z]{2}(_[A-Z]{2})?",
                is_required=False,
            ),
        ),
        "phone_id",
        _whatsapp,
        ChannelKind.WHATSAPP,
    ),
    GatewayKind.TELEGRAM_BOT: ServiceRow(
        (
            Field("bot_name", gettext_lazy("Name of the bot"), pattern=r"@?[A-Za-z0-9_]{3,40}"),
            Field(
                "bot_token",
                gettext_lazy("Token"),
                gettext_lazy("as @BotFather shows it"),
                r"[0-9]{5,15}:[A-Za-z0-9_-]{20,80}",
                is_secret=True,
            ),
        ),
        "bot_name",
        _telegram,
        ChannelKind.TELEGRAM,
    ),
}
NEEDS_GATEWAY = frozenset(kind.carries for kind in GATEWAYS.values())
