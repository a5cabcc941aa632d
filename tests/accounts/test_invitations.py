"""Invitations: one use, an end, revoked, for one person or for the bearer; of two who race, one wins."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.invitations import accept
from accounts.models import Invitation, Membership, User
from accounts.roles import Role, Scope
from lib.errors import ApiError, FieldErrors
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import at_once, queries_of

pytestmark = pytest.mark.django_db
JOINING = {"first_name": "Chepkoech", "contact": "+254712345678", "password": make.PASSWORD}


def invite(client: Client, **body: Any) -> Any:
    return client.post("/api/invitations/", body, content_type="application/json")


def accept_by_api(client: Client, token: str, **body: Any) -> Any:
    body = {"phone": "+254712345678", "first_name": "Chepkoech", "password": make.PASSWORD} | body
    return client.post("/api/invitations/accept/", {"token": token, **body}, content_type="application/json")


# --- HQ makes one ------------------------------------------------------------------------------
def test_the_link_is_answered_once_and_only_its_hash_is_kept(cast: Cast, as_user: AsUser) -> None:
    hq = as_user(cast.hq)
    made = invite(hq, role="factory_manager", factory=cast.litein.pk)
    token = made.json()["link"].rstrip("/").rpartition("/")[2]

    kept = str(Invitation.objects.values().get()) + hq.get("/api/invitations/").content.decode()

    assert made.status_code == 201
    assert token not in kept
    assert timedelta(days=13, hours=23) < Invitation.objects.get().expires_at - timezone.now() <= timedelta(days=14)


@pytest.mark.parametrize("who", ["litein_manager", "auditor", "integrator", "installer", "nobody"])
def test_nobody_but_hq_invites(cast: Cast, as_user: AsUser, who: str) -> None:
    response = invite(as_user(getattr(cast, who)), role="factory_manager", factory=cast.litein.pk)

    assert response.status_code == 403


def test_hq_of_a_county_invites_nobody(cast: Cast, as_user: AsUser) -> None:
    regional = make.make_user()
    make.make_membership(user=regional, role=Role.HQ_MANAGER, organisation=cast.organisation, county="Kericho")

    assert invite(as_user(regional), role="factory_manager", factory=cast.litein.pk).status_code == 403
    assert as_user(regional).get("/api/members/").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "factory_manager", "factory": "elsewhere"}, "factory"),
        ({"role": "hq_manager", "organisation": "other"}, "organisation"),
        ({"role": "installer"}, "factory"),
        ({"role": "auditor", "county": "Nandi"}, "county"),
        ({"role": "auditor", "county": "Kericho", "factory": "litein"}, "county"),
        ({"role": "auditor", "phone": "0712"}, "phone"),
    ],
)
def test_hq_invites_into_its_own_organisation_alone(
    cast: Cast, as_user: AsUser, body: dict[str, Any], field: str
) -> None:
    ids = {"elsewhere": cast.elsewhere.pk, "other": cast.elsewhere.organisation_id, "litein": cast.litein.pk}

    response = invite(as_user(cast.hq), **{name: ids.get(value, value) for name, value in body.items()})

    assert response.status_code == 400
    assert field in response.json()["fields"]


def test_a_token_that_is_no_sign_in_or_of_one_factory_invites_nobody(cast: Cast) -> None:
    for fields in ({"scopes": [Scope.READ]}, {"scopes": [Scope.ALL], "factory": cast.litein}):
        scopes = fields.pop("scopes")
        client = Client(headers={"Authorization": f"Token {make.make_token(cast.hq, *scopes, **fields)}"})
        assert invite(client, role="factory_manager", factory=cast.litein.pk).status_code == 403


def test_a_county_is_known_in_any_case(cast: Cast, as_user: AsUser) -> None:
    assert invite(as_user(cast.hq), role="auditor", county=" kericho ").json()["county"] == "Kericho"


def test_of_two_counties_that_differ_in_case_the_one_that_is_named_is_given(cast: Cast, as_user: AsUser) -> None:
    make.make_factory(organisation=cast.organisation, county="kericho")

    for county in ("Kericho", "kericho"):
        assert invite(as_user(cast.hq), role="auditor", county=county).json()["county"] == county


# --- Whoever opens it --------------------------------------------------------------------------
def test_looking_at_the_link_uses_nothing_up(client: Client, cast: Cast) -> None:
    token = make.make_invitation(cast.hq, cast.litein)

    pages = [client.get(f"/join/{token}/") for _ in range(2)] + [client.head(f"/join/{token}/")]

    assert {page.status_code for page in pages} == {200}
    assert "Litein Tea Factory" in pages[0].content.decode()
    assert "no-store" in pages[0]["Cache-Control"]
    assert Invitation.objects.get().accepted_at is None


def test_a_new_account_joins_and_is_signed_in(client: Client, cast: Cast) -> None:
    token = make.make_invitation(cast.hq, cast.litein)

    response = client.post(f"/join/{token}/", JOINING)

    user = User.objects.get(phone="+254712345678")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/api/me/").json()["id"] == user.pk
    assert user.memberships.get().factory == cast.litein
    assert Invitation.objects.get().accepted_by == user


def test_a_signed_in_user_joins_as_themselves(cast: Cast, as_user: AsUser) -> None:
    token = make.make_invitation(cast.hq, cast.litein)

    as_user(cast.nobody).post(f"/join/{token}/")

    assert cast.nobody.memberships.get().role == Role.FACTORY_MANAGER


def test_joining_where_one_is_already_changes_nothing_and_uses_the_link(cast: Cast, as_user: AsUser) -> None:
    token = make.make_invitation(cast.hq, cast.litein)

    accept(token, user=cast.litein_manager)

    assert cast.litein_manager.memberships.count() == 1
    assert Invitation.objects.get().accepted_by == cast.litein_manager


@pytest.mark.parametrize(
    ("state", "word", "code"),
    [
        ("accepted", "used already", "invitation_used"),
        ("revoked", "revoked", "invitation_revoked"),
        ("expired", "valid until", "invitation_expired"),
    ],
)
def test_a_link_that_is_over_says_why_and_what_to_do(
    client: Client, cast: Cast, state: str, word: str, code: str
) -> None:
    token = make.make_invitation(cast.hq, cast.litein)
    now = timezone.now()
    Invitation.objects.update(
        **{
            "accepted": {"accepted_by": cast.auditor, "accepted_at": now},
            "revoked": {"revoked_at": now},
            "expired": {"expires_at": now},
        }[state]
    )

    page, posted = client.get(f"/join/{token}/"), client.post(f"/join/{token}/", JOINING)
    answer = accept_by_api(client, token)

    assert (page.status_code, posted.status_code, answer.status_code) == (410, 410, 409)
    assert word in page.content.decode()
    assert answer.json()["code"] == code
    assert not User.objects.filter(phone="+254712345678").exists()


@pytest.mark.parametrize("token", ["x", "%00", "a" * 300, "ünknown"])
def test_an_unknown_link_says_so(client: Client, cast: Cast, token: str) -> None:
    assert client.get(f"/join/{token}/").status_code == 404


def test_an_invitation_for_somebody_is_for_nobody_else(client: Client, cast: Cast, as_user: AsUser) -> None:
    token = make.make_invitation(cast.hq, cast.litein, phone="+254700111222")

    refused = as_user(cast.nobody).post(f"/join/{token}/")
    joined = accept_by_api(client, token, phone="+254799999999", email="other@test.example")

    assert "+254700111222" in refused.content.decode()
    assert cast.nobody.memberships.count() == 0
    assert joined.json()["phone"] == "+254700111222"
    assert not User.objects.filter(email="other@test.example").exists()


def test_an_account_that_is_there_is_not_taken_over(client: Client, cast: Cast) -> None:
    token = make.make_invitation(cast.hq, cast.litein)

    response = accept_by_api(client, token, phone="", email="HQ@test.example")

    assert response.status_code == 400
    assert response.json()["fields"]["email"][0]["code"] == "taken"
    assert cast.hq.memberships.count() == 1


@pytest.mark.parametrize("password", ["", "short", "1234567890123", "password123"])
def test_a_weak_password_is_refused_and_the_link_still_works(client: Client, cast: Cast, password: str) -> None:
    token = make.make_invitation(cast.hq, cast.litein)

    refused = accept_by_api(client, token, password=password)

    assert refused.status_code == 400
    assert "password" in refused.json()["fields"]
    assert accept_by_api(client, token).status_code == 201


@pytest.mark.parametrize("change", ["demoted", "removed", "left", "county"])
def test_an_invitation_ends_with_its_sender(client: Client, cast: Cast, as_user: AsUser, change: str) -> None:
    sender = make.make_user()
    make.make_membership(user=sender, role=Role.HQ_MANAGER, organisation=cast.organisation)
    token = make.make_invitation(sender, cast.litein, role=Role.HQ_MANAGER)

    match change:
        case "demoted":
            sender.memberships.update(role=Role.AUDITOR)
        case "removed":
            sender.memberships.all().delete()
        case "left":
            User.objects.filter(pk=sender.pk).update(is_active=False)
        case "county":
            sender.memberships.update(county="Kericho")
    page, posted = client.get(f"/join/{token}/"), client.post(f"/join/{token}/", JOINING)
    answer = accept_by_api(as_user(cast.nobody), token)

    assert (page.status_code, posted.status_code, answer.status_code) == (410, 410, 409)
    assert "its sender may no longer invite" in page.content.decode()
    assert answer.json()["code"] == "invitation_ended"
    assert cast.nobody.memberships.count() == 0
    assert as_user(cast.hq).get("/api/invitations/").json()["results"][0]["state"] == "ended"
    assert "the sender may no longer invite" in as_user(cast.hq).get("/members/").content.decode()


def test_the_state_of_many_invitations_costs_no_more_queries(cast: Cast, as_user: AsUser) -> None:
    hq = as_user(cast.hq)
    make.make_invitation(cast.hq, cast.litein)
    few = [queries_of(hq, url) for url in ("/api/invitations/", "/members/")]
    for _ in range(5):
        sender = make.make_user()
        make.make_membership(user=sender, role=Role.HQ_MANAGER, organisation=cast.organisation)
        make.make_invitation(sender, cast.litein)

    assert [queries_of(hq, url) for url in ("/api/invitations/", "/members/")] == few


def test_a_program_accepts_no_invitation(cast: Cast) -> None:
    token = make.make_invitation(cast.hq, cast.litein, role=Role.HQ_MANAGER)
    program = Client(headers={"Authorization": f"Token {make.make_token(cast.auditor, Scope.READ)}"})

    answer = accept_by_api(program, token)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert Invitation.objects.get().accepted_at is None


def test_revoked_twice_is_revoked_once_and_an_accepted_one_conflicts(cast: Cast, as_user: AsUser) -> None:
    hq = as_user(cast.hq)
    make.make_invitation(cast.hq, cast.litein)
    pk = Invitation.objects.get().pk
    accepted = make.make_invitation(cast.hq, cast.litein)
    accept(accepted, user=cast.nobody)

    statuses = [hq.delete(f"/api/invitations/{pk}/").status_code for _ in range(2)]

    assert statuses == [204, 204]
    assert hq.delete(f"/api/invitations/{Invitation.objects.latest('pk').pk}/").json()["code"] == "invitation_used"


@pytest.mark.django_db(transaction=True)
def test_of_several_who_race_for_one_link_one_wins(cast: Cast) -> None:
    token = make.make_invitation(cast.hq, cast.litein)

    def join(number: int) -> str:
        try:
            accept(token, phone=f"+25471234567{number}", first_name="R", password=make.PASSWORD)
        except ApiError as error:
            return error.code
        return "joined"

    assert sorted(at_once(4, join)) == ["invitation_used"] * 3 + ["joined"]
    assert User.objects.filter(phone__startswith="+25471234567").count() == 1
    assert Membership.objects.filter(factory=cast.litein, user__first_name="R").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_links_that_race_for_one_phone_number_one_wins(cast: Cast) -> None:
    tokens = [make.make_invitation(cast.hq, cast.litein) for _ in range(3)]

    def join(number: int) -> list[str]:
        try:
            accept(tokens[number], phone="0712 345 678", password=make.PASSWORD)
        except ApiError as error:
            return [one["code"] for one in error.fields["phone"]]
        return []

    assert sorted(at_once(3, join)) == [[], ["taken"], ["taken"]]


def test_a_link_that_looked_before_another_took_its_number_is_told_taken(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (make.make_invitation(cast.hq, cast.litein) for _ in range(2))
    accept(first, phone="0712 345 678", password=make.PASSWORD)
    look, answers = invitations._taken, iter([FieldErrors()])  # the first look finds nobody yet
    monkeypatch.setattr(invitations, "_taken", lambda *contact: next(answers, look(*contact)))

    with pytest.raises(ApiError) as raised:
        accept(second, phone="0712 345 678", password=make.PASSWORD)

    assert [one["code"] for one in raised.value.fields["phone"]] == ["taken"]


@pytest.mark.parametrize("text", ["0712 345 678", "254712345678", "+254 712 345 678"])
def test_a_phone_number_is_of_the_country_of_the_organisation(
    client: Client, cast: Cast, as_user: AsUser, text: str
) -> None:
    make.make_organisation(country="TZ")  # has the same number with +255
    anybody = make.make_invitation(cast.hq, cast.litein)

    made = invite(as_user(cast.hq), role="factory_manager", factory=cast.litein.pk, phone=text)
    joined = accept_by_api(client, anybody, phone=text)

    assert (made.json()["phone"], joined.json()["phone"]) == ("+254712345678", "+254712345678")
