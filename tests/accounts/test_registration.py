"""Asking for access: the same answer for everybody, nothing granted, seen by whom it concerns, answered once."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.grants import Grant
from accounts.models import AccessRequest, Invitation, Membership, RequestState, User
from accounts.registration import approve, ask_for_access, named_organisation
from accounts.roles import Role
from lib.errors import ApiError
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import at_once

pytestmark = pytest.mark.django_db


def ask(client: Client, **body: Any) -> Any:
    body = {"organisation": "Litein Tea Factory", "phone": "+254712345678", "first_name": "Chepkoech"} | body
    return client.post("/api/register/", body, content_type="application/json")


def test_asking_is_answered_alike_for_known_and_unknown_people(client: Client, cast: Cast) -> None:
    answers = [
        ask(client, email="hq@test.example"),
        ask(client, email="new@test.example"),
        ask(client, email="new@test.example"),
        ask(client, organisation="who knows"),
    ]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1


def test_asking_costs_the_same_whoever_asks(client: Client, cast: Cast) -> None:
    """What a clock would show, counted: queries, and no password is hashed for anybody."""
    ask(client, email="first@test.example")

    def statements(**body: Any) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            ask(client, phone="", **body)
        return [query["sql"].split()[0] for query in captured.captured_queries]

    known = statements(email="hq@test.example")

    assert known == statements(email="nobody-knows@test.example") == statements(email="hq@test.example")


def test_asking_grants_nothing(client: Client, cast: Cast) -> None:
    users, memberships = User.objects.count(), Membership.objects.count()

    ask(client, email="new@test.example")

    assert (User.objects.count(), Membership.objects.count(), Invitation.objects.count()) == (users, memberships, 0)
    assert AccessRequest.objects.get().state == RequestState.PENDING


def test_asking_twice_leaves_the_first_words(client: Client, cast: Cast) -> None:
    ask(client, message="first")
    ask(client, message="second, from somebody who knows my number")

    assert AccessRequest.objects.get().message == "first"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"phone": ""}, "email"),
        ({"phone": "0712345"}, "phone"),
        ({"email": "no address"}, "email"),
        ({"organisation": ""}, "organisation"),
        ({"message": "x" * 501}, "message"),
        ({"message": "a\x00"}, "message"),
    ],
)
def test_a_wrong_field_is_named(client: Client, cast: Cast, body: dict[str, Any], field: str) -> None:
    response = ask(client, **body)

    assert response.status_code == 400
    assert field in response.json()["fields"]


def test_too_many_requests_from_one_address_wait(client: Client, cast: Cast) -> None:
    statuses = [ask(client, email=f"a{n}@test.example").status_code for n in range(21)]
    page = client.post("/register/", {"first_name": "A", "contact": "b@test.example", "place": "Litein"})

    assert statuses == [202] * 20 + [429]
    assert page.status_code == 429


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("Tea Group", True),
        ("tea group", True),
        ("Litein", True),
        ("litein tea factory", True),
        ("Litein Tea Factory, Kericho", True),
        ("Other Group", False),
        ("Elsewhere", False),
        ("Nowhere", None),
        ("", None),
        ("Litein and Elsewhere", None),
    ],
)
def test_the_words_lead_to_the_organisation_they_name(cast: Cast, place: str, found: bool | None) -> None:
    other = cast.elsewhere.organisation_id

    assert named_organisation(place) == {True: cast.organisation.pk, False: other, None: None}[found]


def test_only_the_organisation_that_was_asked_sees_it(client: Client, cast: Cast, as_user: AsUser) -> None:
    ask(client, organisation="Litein")
    pk = AccessRequest.objects.get().pk

    assert [row["id"] for row in as_user(cast.hq).get("/api/registrations/").json()["results"]] == [pk]
    assert as_user(cast.outsider).get("/api/registrations/").json()["results"] == []
    assert as_user(cast.outsider).post(f"/api/registrations/{pk}/decline/").status_code == 404
    assert as_user(cast.litein_manager).get("/api/registrations/").status_code == 403


def test_approved_by_hq_they_join_by_the_link(client: Client, cast: Cast, as_user: AsUser) -> None:
    ask(client)
    hq, pk = as_user(cast.hq), AccessRequest.objects.get().pk

    approved = hq.post(
        f"/api/registrations/{pk}/approve/",
        {"role": "factory_manager", "factory": cast.litein.pk},
        content_type="application/json",
    )
    token = approved.json()["link"].rstrip("/").rpartition("/")[2]
    joined = client.post(
        "/api/invitations/accept/",
        {"token": token, "first_name": "Chepkoech", "password": make.PASSWORD},
        content_type="application/json",
    )

    assert (approved.status_code, joined.status_code) == (201, 201)
    assert approved["Cache-Control"] == "no-store"
    user = User.objects.get(phone="+254712345678")
    assert [(m.role, m.factory_id) for m in user.memberships.all()] == [("factory_manager", cast.litein.pk)]
    body = {"phone": "+254712345678", "password": make.PASSWORD}
    assert client.post("/api/login/", body, content_type="application/json").json()["user"]["factory"] == cast.litein.pk


@pytest.mark.parametrize(
    ("role", "place", "field"),
    [
        ("factory_manager", {"factory": "elsewhere"}, "factory"),
        ("hq_manager", {"county": "Nandi"}, "county"),
        ("factory_manager", {}, "factory"),
        ("owner", {}, "role"),
        ("hq_manager", {"factory": 2**31 - 1}, "factory"),
    ],
)
def test_hq_cannot_grant_outside_its_organisation_or_without_a_place(
    cast: Cast, as_user: AsUser, role: str, place: dict[str, Any], field: str
) -> None:
    request = make.make_access_request(cast.organisation)
    if place.get("factory") == "elsewhere":
        place = {"factory": cast.elsewhere.pk}

    response = as_user(cast.hq).post(
        f"/api/registrations/{request.pk}/approve/", {"role": role, **place}, content_type="application/json"
    )

    assert response.status_code == 400
    assert field in response.json()["fields"]
    assert Invitation.objects.count() == 0


def test_a_request_is_answered_once(cast: Cast, as_user: AsUser) -> None:
    request = make.make_access_request(cast.organisation)
    hq = as_user(cast.hq)

    statuses = [hq.post(f"/api/registrations/{request.pk}/decline/").status_code for _ in range(2)]

    request.refresh_from_db()
    assert statuses == [200, 409]
    assert (request.state, request.decided_by) == (RequestState.DECLINED, cast.hq)
    assert request.events.count() == 2  # asked, declined


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_make_one_invitation(cast: Cast) -> None:
    request = make.make_access_request(cast.organisation)
    grant = Grant(organisation_id=cast.organisation.pk, role=Role.AUDITOR)

    def answer(_number: int) -> str:
        try:
            approve(cast.hq, request.pk, grant)
        except ApiError as error:
            return error.code
        return "approved"

    assert sorted(at_once(2, answer)) == ["already_decided", "approved"]
    assert Invitation.objects.count() == 1


# --- Pages -------------------------------------------------------------------------------------
def test_the_sign_in_page_leads_to_asking(client: Client, cast: Cast) -> None:
    assert 'href="/register/"' in client.get("/accounts/login/").content.decode()


def test_asked_on_the_page_it_is_kept(client: Client, cast: Cast) -> None:
    response = client.post(
        "/register/", {"first_name": "Chepkoech", "contact": "+254712345678", "place": "Litein", "message": "log"}
    )

    assert response.status_code == 200
    assert AccessRequest.objects.get().organisation == cast.organisation


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(client: Client, cast: Cast) -> None:
    page = client.post("/register/", {"first_name": "A", "contact": "0712345", "place": "Litein"}).content.decode()

    assert "0712345" in page
    assert "country code" in page
    assert AccessRequest.objects.count() == 0


def test_hq_answers_on_the_page_and_gets_the_link_once(cast: Cast, as_user: AsUser) -> None:
    request = make.make_access_request(cast.organisation, phone="+254712345678")
    hq = as_user(cast.hq)
    listed = hq.get("/members/").content.decode()

    page = hq.post(
        f"/members/requests/{request.pk}/",
        {"act": "approve", "role": "factory_manager", "place": f"factory-{cast.litein.pk}"},
    ).content.decode()

    assert f"/members/requests/{request.pk}/" in listed
    assert "https://wa.me/254712345678?text=" in page
    assert "http://testserver/join/" in page
    assert "http://testserver/join/" not in hq.get("/members/").content.decode()


def test_a_hostile_request_is_shown_as_text(cast: Cast, as_user: AsUser) -> None:
    ask_for_access(place="Litein <script>alert(1)</script>", email="a@test.example", first_name="<img src=x>")

    page = as_user(cast.hq).get("/members/").content.decode()

    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page
