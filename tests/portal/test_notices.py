"""Pages of notices: a person's channels, an organisation's gateways and roster, and what was sent."""

import re

import pytest
from django.core import mail
from django.test import Client

from alerts import notices
from alerts.delivery import send_next
from alerts.notice_choices import ChannelKind
from alerts.notice_models import Channel, Delivery, Gateway, NoticeSettings, RosterShift
from tests.alerts.notice_world import gateway, open_alarm, proven, sms
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def text_of(client: Client, path: str, **data: object) -> str:
    response = client.post(path, data, follow=True) if data else client.get(path)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_manager_adds_a_mail_address_and_proves_it(cast: Cast, manager: Client) -> None:
    assert "No channel yet" in text_of(manager, "/account/notices/")
    assert 'value="litein@test.example"' in text_of(manager, "/account/notices/?add=email")

    given = {"email": "litein@test.example", "least_severity": "warning"}
    assert "A code is on its way" in text_of(manager, "/account/notices/?add=email", **given)
    send_next()
    code = re.findall(r"\b\d{6}\b", str(mail.outbox[0].body))[0]
    channel = Channel.objects.get()
    path = f"/account/notices/{channel.pk}/"
    assert "This is not the code." in text_of(manager, path, act="prove", code="12")
    assert "The channel works." in text_of(manager, path, act="prove", code=code)

    text_of(manager, path, act="severity", least_severity="critical")
    channel.refresh_from_db()
    assert (channel.is_used, channel.least_severity) == (True, "critical")
    assert "The channel is removed." in text_of(manager, path, act="remove")
    assert not Channel.objects.exists()


def test_an_error_stands_beside_its_field_and_keeps_what_was_typed(manager: Client) -> None:
    given = {"address": "https://10.0.0.7/hook", "least_severity": "info"}

    page = text_of(manager, "/account/notices/?add=webhook", **given)

    assert "private network" in page
    assert 'value="https://10.0.0.7/hook"' in page


def test_quiet_hours_and_the_brief(cast: Cast, manager: Client) -> None:
    assert "Give both ends" in text_of(manager, "/account/notices/", quiet_from="22:00")
    text_of(manager, "/account/notices/", quiet_from="22:00", quiet_to="06:00", wants_brief="on")

    row = NoticeSettings.objects.get(user=cast.litein_manager)
    assert (str(row.quiet_from), str(row.quiet_to), row.wants_brief) == ("22:00:00", "06:00:00", True)
    assert 'value="22:00"' in text_of(manager, "/account/notices/")


def test_headquarters_sets_up_a_gateway_and_sees_its_cost(cast: Cast, hq: Client) -> None:
    path = "/organisation/notices/?gateway=africas_talking"
    given = {"username": "ktda", "api_key": "atsk_secret", "cost_per_message": "0.80", "monthly_cap": "0.50"}
    text_of(hq, path, **given)
    sms(cast.litein_manager)
    open_alarm(cast.litein)
    notices.claim_events()
    send_next()

    page = text_of(hq, path)

    assert "1 notice was not sent: the cap is reached" in page
    assert "KES 0.80 a message; KES 0.00 this month" in page
    assert "atsk_secret" not in page
    text_of(hq, f"/organisation/notices/gateways/{Gateway.objects.get().pk}/remove/", act="x")
    assert not Gateway.objects.exists()


def test_headquarters_writes_the_roster(cast: Cast, hq: Client) -> None:
    given = {
        "name": "Night",
        "factory": cast.litein.pk,
        "weekdays": [6, 7],
        "begins": "18:00",
        "ends": "06:00",
        "escalate_after_min": 10,
        "person_1": cast.litein_manager.pk,
        "person_2": cast.hq.pk,
    }
    page = text_of(hq, "/organisation/notices/shifts/new/", **given)

    shift = RosterShift.objects.get()
    assert [place.user for place in shift.places.all()] == [cast.litein_manager, cast.hq]
    assert "next after 10 min" in page
    path = f"/organisation/notices/shifts/{shift.pk}/"
    assert 'value="18:00"' in text_of(hq, path)
    text_of(hq, path, act="remove")
    assert not RosterShift.objects.exists()


def test_what_was_sent_and_what_failed_is_a_page_and_a_file(cast: Cast, hq: Client, manager: Client) -> None:
    proven(cast.litein_manager)
    sms(cast.litein_manager)
    open_alarm(cast.litein)
    notices.claim_events()
    while send_next():
        pass

    assert "the organisation has no gateway for it" in text_of(manager, "/account/notices/")
    page = text_of(hq, "/notices/?state=suppressed")
    assert "the organisation has no gateway for it" in page
    assert "Litein Tea Factory: CO2 high" in text_of(manager, "/notices/")
    assert b"suppressed" in hq.get("/notices/?as=csv").getvalue()
    assert Delivery.objects.count() == 2


def test_an_sms_without_a_gateway_says_whom_to_ask(cast: Cast, manager: Client) -> None:
    given = {"phone": "0712345678", "least_severity": "info"}
    assert "Ask your headquarters" in text_of(manager, "/account/notices/?add=sms", **given)
    gateway(cast.organisation)
    text_of(manager, "/account/notices/?add=sms", **given)
    assert Channel.objects.get().kind == ChannelKind.SMS
