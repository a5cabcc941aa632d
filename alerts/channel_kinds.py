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
from django.utils.translation import gettext_lazy as _

from alerts.notice_choices import ChannelKind, GatewayKind

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """`data` is for receivers that are programs; the others get the texts."""

    title: str
    body: str
    data: dict[str, Any] = field(default_factory=dict)


Plugin = Callable[[Fields, str, Message], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ServiceField:
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

    fields: tuple[ServiceField, ...]
    shown: str  # the field that a list shows
    plugin: Plugin | None = None
    carries: ChannelKind | None = None  # of a gateway


def _address(label: Any, example: Any) -> ServiceField:
    return ServiceField("address", label, example, pattern=r"https?://\S{3,1900}", is_secret=True)


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


def _gateway(schema: str, parts: str) -> Plugin:
    """The plugin of a gateway: its parts, each with our field when that has another name."""
    pairs = [(part, name or part) for part, _equals, name in (pair.partition("=") for pair in parts.split())]

    def plugin(fields: Fields, to: str, _message: Message) -> dict[str, Any]:
        return {"schema": schema, "targets": [to]} | {part: fields[name] for part, name in pairs if fields.get(name)}

    return plugin


def _africas_talking(fields: Fields, to: str, message: Message) -> dict[str, Any]:
    mode = "sandbox" if fields["username"] == "sandbox" else "bulksms"
    return _gateway("atalk", "appuser=username apikey=api_key sender")(fields, to, message) | {"mode": mode}


def _whatsapp(fields: Fields, to: str, message: Message) -> dict[str, Any]:
    parts = _gateway("whatsapp", "token from_phone_id=phone_id template")(fields, to, message)
    # Outside the 24 hours after a person's own message, WhatsApp delivers approved templates only.
    template = {"language": fields.get("language") or "en", "template_mapping": {"body": "1"}}
    return parts | (template if "template" in parts else {})


def _telegram(fields: Fields, to: str, message: Message) -> dict[str, Any]:
    return _gateway("tgram", "bot_token")(fields, to, message) | {"detect_owner": False}


_PHONE = ServiceField("phone", _("Phone number"), _("like 0712 345678, or with the country code"), r".{5,40}")
_KEY = r"[A-Za-z0-9_-]{1,200}"
_BOT_TOKEN, _LANGUAGE = r"[0-9]{5,15}:[A-Za-z0-9_-]{20,80}", r"[a-z]{2}(_[A-Z]{2})?"
_SENDER = r"\+?[0-9]{3,15}|[A-Za-z0-9 ]{1,11}"
_SENDER_PHONE = ServiceField("sender", _("Sender"), _("a phone number of the account"), r"\+[0-9]{7,15}")
_PHONE_OR_NAME = _("a phone number with country code, or up to 11 letters and digits")

CHANNELS: dict[ChannelKind, ServiceRow] = {
    ChannelKind.EMAIL: ServiceRow((ServiceField("email", _("E-mail address"), pattern=r"\S{3,254}"),), "email"),
    ChannelKind.SMS: ServiceRow((_PHONE,), "phone"),
    ChannelKind.WHATSAPP: ServiceRow((_PHONE,), "phone"),
    ChannelKind.TELEGRAM: ServiceRow(
        (
            ServiceField(
                "chat_id",
                _("Chat number"),
                _("Write to your organisation's bot once, then ask @userinfobot for your number."),
                r"-?[0-9]{3,20}",
                says=_("Write the number of the chat, digits only."),
            ),
        ),
        "chat_id",
    ),
    ChannelKind.SLACK: ServiceRow(
        (_address(_("Incoming webhook"), _("as Slack shows it: https://hooks.slack.com/services/...")),),
        "address",
        _slack,
    ),
    ChannelKind.TEAMS: ServiceRow(
        (_address(_("Workflow address"), _("as Teams shows it: https://....logic.azure.com/workflows/...")),),
        "address",
        _teams,
    ),
    ChannelKind.WEBHOOK: ServiceRow(
        (
            _address(_("Address"), _("https://, on the public internet")),
            ServiceField(
                "token",
                _("Token"),
                _("sent as Authorization: Bearer, so that your program knows us"),
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
            ServiceField("username", _("User name"), _("sandbox for their simulator"), _KEY),
            ServiceField("api_key", _("API key"), pattern=_KEY, is_secret=True),
            ServiceField("sender", _("Sender"), _PHONE_OR_NAME, _SENDER, is_required=False),
        ),
        "username",
        _africas_talking,
        ChannelKind.SMS,
    ),
    GatewayKind.TWILIO: ServiceRow(
        (
            ServiceField("account_sid", "Account SID", pattern=r"AC[a-fA-F0-9]{32}"),
            ServiceField("auth_token", "Auth token", pattern=r"[a-zA-Z0-9]{32}", is_secret=True),
            _SENDER_PHONE,
        ),
        "sender",
        _gateway("twilio", "account_sid auth_token source=sender"),
        ChannelKind.SMS,
    ),
    GatewayKind.VONAGE: ServiceRow(
        (
            ServiceField("api_key", _("API key"), pattern=r"[a-zA-Z0-9]{8}"),
            ServiceField("api_secret", _("API secret"), pattern=r"[a-zA-Z0-9]{16}", is_secret=True),
            _SENDER_PHONE,
        ),
        "sender",
        _gateway("vonage", "apikey=api_key secret=api_secret source=sender"),
        ChannelKind.SMS,
    ),
    GatewayKind.WHATSAPP_CLOUD: ServiceRow(
        (
            ServiceField("phone_id", _("Phone number ID"), _("of the sender, as Meta shows it"), r"[0-9]{5,30}"),
            ServiceField("token", _("Access token"), pattern=r"[A-Za-z0-9]{20,600}", is_secret=True),
            ServiceField(
                "template",
                _("Template"),
                _("an approved one with one variable; without it only people who wrote first are reached"),
                r"[a-z0-9_]{1,200}",
                is_required=False,
            ),
            ServiceField("language", _("Language of the template"), "en, sw, en_US", _LANGUAGE, is_required=False),
        ),
        "phone_id",
        _whatsapp,
        ChannelKind.WHATSAPP,
    ),
    GatewayKind.TELEGRAM_BOT: ServiceRow(
        (
            ServiceField("bot_name", _("Name of the bot"), pattern=r"@?[A-Za-z0-9_]{3,40}"),
            ServiceField("bot_token", _("Token"), _("as @BotFather shows it"), _BOT_TOKEN, is_secret=True),
        ),
        "bot_name",
        _telegram,
        ChannelKind.TELEGRAM,
    ),
}
NEEDS_GATEWAY = frozenset(kind.carries for kind in GATEWAYS.values())
