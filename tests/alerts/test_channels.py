"""Channels: what people may fill in, what Apprise makes of it, and that nothing of it reaches this server's network."""

import json
import logging
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
import requests
from django.core import mail

from alerts import channels
from alerts.channel_kinds import CHANNELS, GATEWAYS, NEEDS_GATEWAY, Message
from alerts.notice_choices import ChannelKind, GatewayKind
from lib.errors import ApiError
from tests.alerts.receiver import Receiver, receiving

TEAMS = "https://prod-12.westus.logic.azure.com:443/workflows/643a93aeb5e14/triggers/manual/paths/invoke"
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
ALARM = Message("Litein: CO2 high", "9.8 % since 14:05. https://x.example/a/t", {"id": "7", "alarms": [{"id": 3}]})

GIVEN_GATEWAYS = {
    GatewayKind.AFRICAS_TALKING: {"username": "ktda", "api_key": "atsk_1", "sender": "KTDA"},
    GatewayKind.TWILIO: {"account_sid": "AC" + "a" * 32, "auth_token": "b" * 32, "sender": "+15551230000"},
    GatewayKind.VONAGE: {"api_key": "a" * 8, "api_secret": "b" * 16, "sender": "+15551230000"},
    GatewayKind.WHATSAPP_CLOUD: {"phone_id": "123456789", "token": "E" * 40, "template": "alarm", "language": "sw"},
    GatewayKind.TELEGRAM_BOT: {"bot_name": "ktda_bot", "bot_token": "123456789:" + "a" * 35},
}


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.OUTGOING_ALLOWED = [ip_network("127.0.0.0/8")]
    with receiving() as one:
        yield one


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What Apprise would have sent to the services, and their answer: yes."""
    sent: list[tuple[str, Any]] = []

    def post(url: str, data: Any = None, **options: Any) -> requests.Response:
        assert options["allow_redirects"] is False
        sent.append((url, data))
        response = requests.Response()
        response.status_code, response._content = 200, b"ok"
        return response

    monkeypatch.setattr(requests, "post", post)
    monkeypatch.setattr(requests, "request", lambda _method, url, **options: post(url, **options))
    return sent


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.7/x",
        "https://0x7f000001/x",
        "https://2130706433/x",
        "https://127.1/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://printer.local/x",
        "https://db.internal/x",
        "https://intranet/x",
        "http://hooks.example.com/x",
        "https://user:password@hooks.example.com/x",
        "https://hooks.example.com:99999/x",
        "json://127.0.0.1/x",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_leads_inside_is_refused_beside_its_field(address: str) -> None:
    with pytest.raises(ApiError) as refusal:
        channels.checked(ChannelKind.WEBHOOK, {"address": address}, ["KE"])
    assert set(refusal.value.fields) == {"address"}


def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise itself sends to 127.0.0.1; and a name says nothing about where it leads."""
    with receiving() as one:
        port = one.server.server_address[1]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_kwargs: [(2, 1, 6, "", ("127.0.0.1", port))])
        fields = channels.checked(ChannelKind.WEBHOOK, {"address": f"https://hooks.example.com:{port}/x"}, [])

        error = channels.send(ChannelKind.WEBHOOK, fields, ALARM, None)

    assert "127.0.0.1" in error
    assert "private network" in error
    assert one.bodies == []


def test_a_webhook_gets_the_texts_and_the_data(receiver: Receiver) -> None:
    given = {"address": f"{receiver.address}/a%2Fb/c d?x=1&y=ä".replace(" ", "%20"), "token": "s3cret"}
    fields = channels.checked(ChannelKind.WEBHOOK, given, [])

    assert channels.send(ChannelKind.WEBHOOK, fields, ALARM, None) == ""

    assert receiver.paths == ["/a%2Fb/c%20d?x=1&y=%C3%A4"]
    assert receiver.headers[0]["Authorization"] == "Bearer s3cret"
    body = receiver.bodies[0]
    assert (body["title"], body["message"]) == (ALARM.title, ALARM.body)
    assert (body["id"], body["alarms"]) == ("7", [{"id": 3}])


def test_a_failure_says_why_without_the_secrets(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.status = 500
    fields = channels.checked(ChannelKind.WEBHOOK, {"address": f"{receiver.address}/x", "token": "s3cret"}, [])

    # The settings keep it from the handlers of the server; here it is listened to.
    logging.getLogger("apprise").addHandler(caplog.handler)
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "apprise"):
        error = channels.send(ChannelKind.WEBHOOK, fields, ALARM, None)

    assert "error=500" in error
    assert "s3cret" not in error + caplog.text


def test_a_redirect_is_a_failure(receiver: Receiver) -> None:
    receiver.status, receiver.location = 302, "http://127.0.0.1:1/x"
    fields = channels.checked(ChannelKind.WEBHOOK, {"address": f"{receiver.address}/x"}, [])

    assert "error=302" in channels.send(ChannelKind.WEBHOOK, fields, ALARM, None)


@pytest.mark.parametrize("kind", list(GatewayKind))
def test_every_gateway_sends_by_apprise(kind: GatewayKind, posted: list[tuple[str, Any]]) -> None:
    gateway = channels.checked(kind, GIVEN_GATEWAYS[kind], [])
    carries = GATEWAYS[kind].carries
    assert carries is not None
    own = {"chat_id": "424242"} if carries == ChannelKind.TELEGRAM else {"phone": "0712 345 678"}
    fields = channels.checked(carries, own, ["KE"])

    assert channels.send(carries, fields, ALARM, (kind, gateway)) == ""

    (url, data) = posted[-1]
    assert url.startswith("https://")
    assert next(iter(fields.values())).lstrip("+") in str(data)
    assert "9.8 % since 14:05" in str(data) or "9.8+%25" in str(data)


def test_a_telegram_text_is_no_markup(posted: list[tuple[str, Any]]) -> None:
    """Telegram refuses a message with a bracket that begins no tag."""
    kind = GatewayKind.TELEGRAM_BOT
    gateway = (kind, channels.checked(kind, GIVEN_GATEWAYS[kind], []))
    message = Message("Mogogosiek & Sons: CO2 low", "CO2 < 1 %\nhttps://x.example/a/t")

    assert channels.send(ChannelKind.TELEGRAM, {"chat_id": "424242"}, message, gateway) == ""

    sent = json.loads(posted[0][1])
    assert sent["parse_mode"] == "HTML"
    assert "Mogogosiek &amp; Sons" in sent["text"]
    assert "CO2 &lt; 1 %" in sent["text"]
    assert "https://x.example/a/t" in sent["text"]


def test_a_whatsapp_message_is_one_line(posted: list[tuple[str, Any]]) -> None:
    """Meta refuses a line break in the variable of a template."""
    kind = GatewayKind.WHATSAPP_CLOUD
    gateway = (kind, channels.checked(kind, GIVEN_GATEWAYS[kind], []))
    message = Message("2 alarms at 1 site", "Litein: CO2 high\nMomul: silent\nhttps://x.example/a/t")

    assert channels.send(ChannelKind.WHATSAPP, {"phone": "+254712345678"}, message, gateway) == ""

    variables = json.loads(posted[0][1])["template"]["components"][0]["parameters"]
    text = "2 alarms at 1 site. Litein: CO2 high Momul: silent https://x.example/a/t"
    assert variables == [{"type": "text", "text": text}]


@pytest.mark.parametrize(
    ("kind", "address"), [(ChannelKind.SLACK, SLACK), (ChannelKind.TEAMS, TEAMS + "?sig=abc&sp=x")]
)
def test_a_chat_is_reached_at_the_address_that_it_shows(
    kind: ChannelKind, address: str, posted: list[tuple[str, Any]]
) -> None:
    fields = channels.checked(kind, {"address": address}, [])

    assert channels.send(kind, fields, ALARM, None) == ""

    assert posted[0][0].startswith(address.partition("?")[0])
    assert address[-8:] not in channels.label_of(kind, fields)


@pytest.mark.parametrize("extra", ["template=/etc/passwd", "redirect=yes", "verify=no", "rto=9999"])
@pytest.mark.parametrize(("kind", "address"), [(ChannelKind.SLACK, SLACK), (ChannelKind.TEAMS, TEAMS + "?sig=abc")])
def test_parameters_of_apprise_do_not_come_in_by_an_address(kind: ChannelKind, address: str, extra: str) -> None:
    plain = channels.plugin_of(kind, {"address": address}, "", ALARM)

    built = channels.plugin_of(kind, {"address": f"{address}{'&' if '?' in address else '?'}{extra}"}, "", ALARM)

    assert built.url() == plain.url()
    assert built.redirects is False
    assert built.verify_certificate is True


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (ChannelKind.SLACK, "https://hooks.slack.com.evil.example/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOX"),
        (ChannelKind.TEAMS, "https://evil.example/workflows/1/triggers/manual/paths/invoke?sig=a"),
    ],
)
def test_an_address_of_another_service_is_refused(kind: ChannelKind, address: str) -> None:
    with pytest.raises(ApiError) as refusal:
        channels.checked(kind, {"address": address}, [])
    assert refusal.value.fields["address"][0]["code"] == "other_service"


def test_a_mail_goes_by_the_servers_own_settings() -> None:
    fields = channels.checked(ChannelKind.EMAIL, {"email": "chepkoech@test.example"}, [])

    assert channels.send(ChannelKind.EMAIL, fields, ALARM, None) == ""

    assert (mail.outbox[0].subject, mail.outbox[0].to) == (ALARM.title, ["chepkoech@test.example"])


def test_what_is_kept_is_encrypted_and_lists_show_no_secret() -> None:
    fields = channels.checked(ChannelKind.SLACK, {"address": SLACK}, [])

    kept = channels.sealed(fields)

    assert "hooks" not in kept
    assert channels.opened(kept) == fields
    assert channels.label_of(ChannelKind.SLACK, fields) == "hooks.slack.com/...i7FQ"


def test_every_kind_has_a_row_and_every_missing_field_is_named() -> None:
    assert set(CHANNELS) == set(ChannelKind)
    assert set(GATEWAYS) == set(GatewayKind)
    assert {ChannelKind.SMS, ChannelKind.WHATSAPP, ChannelKind.TELEGRAM} == NEEDS_GATEWAY
    for kind in (*ChannelKind, *GatewayKind):
        with pytest.raises(ApiError) as refusal:
            channels.checked(kind, {}, [])
        assert next(iter(refusal.value.fields)) == channels.row_of(kind).fields[0].name
