"""Channels, settings, gateways, roster and deliveries by the API, and the rules behind them."""

import json
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from alerts import channels, notices
from alerts.delivery import send_next
from alerts.notice_models import Channel, Delivery, Gateway, NoticeSettings, RosterShift
from tests.alerts.notice_world import gateway, open_alarm, proven, sms
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
MAIL = {"kind": "email", "fields_given": {"email": "litein@test.example"}}
AFRICAS_TALKING = {"kind": "africas_talking", "fields_given": {"username": "ktda", "api_key": "atsk_secret"}}


def ask(client: Client, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    text = json.dumps(body) if body is not None else ""
    response = client.generic(method, f"/api/{path}", text, content_type="application/json")
    return response.status_code, response.json() if response.content else None


def code_of(answer: tuple[int, Any], field: str) -> str:
    return str(answer[1]["fields"][field][0]["code"])


def code_of_mail() -> str:
    send_next()
    return str(re.findall(r"\b\d{6}\b", str(mail.outbox[-1].body))[0])


def test_a_channel_is_used_after_its_code_was_typed_in(cast: Cast, manager: Client) -> None:
    status, made = ask(manager, "POST", "notice-channels/", MAIL)
    assert (status, made["is_used"], made["label"]) == (201, False, "litein@test.example")
    code = code_of_mail()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    assert ask(manager, "POST", f"notice-channels/{made['id']}/prove/", {"code": wrong})[0] == 400
    status, proved = ask(manager, "POST", f"notice-channels/{made['id']}/prove/", {"code": f"{code[:3]} {code[3:]}"})

    assert (status, proved["is_used"]) == (200, True)
    assert code not in str(Channel.objects.values())


def test_five_wrong_codes_use_up_a_code(cast: Cast, manager: Client) -> None:
    made = ask(manager, "POST", "notice-channels/", MAIL)[1]
    code = code_of_mail()
    path = f"notice-channels/{made['id']}/prove/"
    for _try in range(5):
        assert code_of(ask(manager, "POST", path, {"code": "x"}), "code") == "wrong_code"

    assert code_of(ask(manager, "POST", path, {"code": code}), "code") == "code_over"


def test_codes_and_channels_are_limited(cast: Cast, manager: Client) -> None:
    made = ask(manager, "POST", "notice-channels/", MAIL)[1]
    for _again in range(4):
        assert ask(manager, "POST", f"notice-channels/{made['id']}/code/")[0] == 200
    assert ask(manager, "POST", f"notice-channels/{made['id']}/code/")[1]["code"] == "too_many_codes"
    for _more in range(9):
        proven(cast.litein_manager)
    assert ask(manager, "POST", "notice-channels/", MAIL)[1]["code"] == "too_many_channels"


def test_nobody_reaches_a_channel_of_another(cast: Cast, hq: Client) -> None:
    other = proven(cast.litein_manager)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "prove/"), ("POST", "code/")):
        body = {"code": "1"} if path == "prove/" else None
        assert ask(hq, method, f"notice-channels/{other.pk}/{path}", body)[0] == 404
    assert ask(hq, "GET", "notice-channels/")[1]["count"] == 0


def test_an_address_inside_is_refused_with_a_code(manager: Client) -> None:
    body = {"kind": "webhook", "fields_given": {"address": "https://127.0.0.1/x"}}

    answer = ask(manager, "POST", "notice-channels/", body)

    assert (answer[0], code_of(answer, "address")) == (400, "private_address")


def test_an_sms_needs_a_gateway(cast: Cast, manager: Client) -> None:
    body = {"kind": "sms", "fields_given": {"phone": "0712345678"}}
    assert code_of(ask(manager, "POST", "notice-channels/", body), "kind") == "no_gateway"
    gateway(cast.organisation)
    assert ask(manager, "POST", "notice-channels/", body)[1]["label"] == "+254712345678"


def test_settings_are_kept_and_refused_by_halves(cast: Cast, manager: Client) -> None:
    assert ask(manager, "GET", "notice-settings/")[1]["wants_brief"] is False
    given = {"quiet_from": "22:00:00", "quiet_to": "06:00:00", "wants_brief": True}
    assert ask(manager, "PATCH", "notice-settings/", given)[0] == 200
    assert code_of(ask(manager, "PATCH", "notice-settings/", {"quiet_to": None}), "quiet_to") == "required"
    row = NoticeSettings.objects.get(user=cast.litein_manager)
    assert (str(row.quiet_from), row.wants_brief, row.hears_all) == ("22:00:00", True, False)


def test_headquarters_sets_a_gateway_whose_secret_stays_inside(cast: Cast, hq: Client) -> None:
    body = AFRICAS_TALKING | {"cost_per_message": "0.8", "monthly_cap": "2000"}
    status, made = ask(hq, "POST", "notice-gateways/", body)
    assert (status, made["carries"], made["spent_this_month"]) == (201, "sms", "0")
    assert "atsk_secret" not in str(ask(hq, "GET", "notice-gateways/")) + str(Gateway.objects.values())

    changed = {"kind": "africas_talking", "fields_given": {"username": "other"}, "monthly_cap": None}
    assert ask(hq, "POST", "notice-gateways/", changed)[0] == 201

    row = Gateway.objects.get()
    assert channels.opened(row.sealed_fields) == {"username": "other", "api_key": "atsk_secret"}
    assert row.monthly_cap is None
    assert ask(hq, "DELETE", f"notice-gateways/{row.pk}/")[0] == 204


def test_a_gateway_of_another_service_replaces_it_and_needs_its_own_secret(cast: Cast, hq: Client) -> None:
    gateway(cast.organisation)
    fields = {"api_key": "a" * 8, "sender": "+15551230000"}
    body = {"kind": "vonage", "fields_given": fields}
    assert code_of(ask(hq, "POST", "notice-gateways/", body), "api_secret") == "required"
    fields["api_secret"] = "b" * 16
    assert ask(hq, "POST", "notice-gateways/", body)[0] == 201
    assert Gateway.objects.get().kind == "vonage"


def test_a_gateway_of_another_organisation_is_not_there(cast: Cast, hq: Client) -> None:
    row = gateway(cast.elsewhere.organisation)
    assert ask(hq, "GET", f"notice-gateways/{row.pk}/")[0] == 404
    assert ask(hq, "POST", "notice-gateways/", AFRICAS_TALKING | {"organisation": row.organisation_id})[0] == 404


def test_the_roster_by_the_api(cast: Cast, hq: Client) -> None:
    people = [cast.litein_manager.pk, cast.hq.pk]
    body = {"name": "Night", "begins": "18:00", "ends": "06:00", "factory": cast.litein.pk, "people": people}
    status, made = ask(hq, "POST", "roster-shifts/", body)
    assert (status, made["people"], made["weekdays"]) == (201, people, [1, 2, 3, 4, 5, 6, 7])

    status, changed = ask(hq, "PATCH", f"roster-shifts/{made['id']}/", {"people": people[::-1], "weekdays": [7, 6]})
    assert (status, changed["people"], changed["weekdays"]) == (200, people[::-1], [6, 7])
    assert changed["begins"] == "18:00:00"

    for wrong, code in (
        ({"people": [cast.outsider.pk]}, "no_member"),
        ({"factory": cast.elsewhere.pk}, "unknown_factory"),
    ):
        answer = ask(hq, "PATCH", f"roster-shifts/{made['id']}/", wrong)
        assert code_of(answer, next(iter(wrong))) == code
    assert ask(hq, "DELETE", f"roster-shifts/{made['id']}/")[0] == 204
    assert RosterShift.pgh_event_model.objects.count() >= 3  # type: ignore[attr-defined]


def test_deliveries_are_ones_own_and_headquarters_sees_all(
    cast: Cast, hq: Client, manager: Client, as_user: AsUser
) -> None:
    proven(cast.litein_manager)
    sms(cast.litein_manager)
    open_alarm(cast.litein)
    notices.claim_events()
    while send_next():
        pass

    rows = ask(hq, "GET", "notices/?state=suppressed")[1]["results"]
    assert [(row["channel_kind"], row["suppressed_by"], row["user"]) for row in rows] == [
        ("sms", "no_gateway", cast.litein_manager.pk)
    ]
    assert ask(manager, "GET", "notices/")[1]["count"] == 2
    assert ask(as_user(cast.momul_manager), "GET", "notices/")[1]["count"] == 0
    assert ask(as_user(cast.outsider), "GET", "notices/")[1]["count"] == 0
    assert b"no_gateway" in hq.get("/api/notices/?as=csv").getvalue()


def test_a_code_of_another_person_is_nobodys_business(cast: Cast, hq: Client, manager: Client) -> None:
    gateway(cast.organisation)
    ask(manager, "POST", "notice-channels/", {"kind": "sms", "fields_given": {"phone": "0712345678"}})

    assert Delivery.objects.count() == 1
    assert ask(hq, "GET", "notices/")[1]["count"] == 0
