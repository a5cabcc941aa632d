"""Members: change, end, undo, never without an HQ manager, never across organisations; password links."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.members import end_membership
from accounts.models import Membership, PasswordLink, User
from accounts.roles import Role, Scope
from accounts.tokens import tokens_of
from lib.errors import ApiError
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import at_once

pytestmark = pytest.mark.django_db


def of(user: Any) -> Membership:
    found: Membership = user.memberships.get()
    return found


def patch(client: Client, membership: Membership, **body: Any) -> Any:
    return client.patch(f"/api/members/{membership.pk}/", body, content_type="application/json")


def test_hq_sees_its_members_and_nobody_elses(hq: Client, cast: Cast) -> None:
    rows = hq.get("/api/members/").json()["results"]

    assert {row["organisation"] for row in rows} == {cast.organisation.pk}
    assert len(rows) == 6
    assert cast.outsider.pk not in {row["user"] for row in rows}


def test_a_role_and_a_place_are_changed_together(hq: Client, cast: Cast) -> None:
    response = patch(hq, of(cast.litein_manager), role="auditor", factory=None)

    assert response.status_code == 200
    changed = of(cast.litein_manager)
    assert (changed.role, changed.factory) == (Role.AUDITOR, None)


def test_what_is_left_out_stays(hq: Client, cast: Cast) -> None:
    patch(hq, of(cast.litein_manager), factory=cast.momul.pk)

    changed = of(cast.litein_manager)
    assert (changed.role, changed.factory) == (Role.FACTORY_MANAGER, cast.momul)


def test_a_member_cannot_be_moved_into_another_organisation(hq: Client, cast: Cast) -> None:
    response = patch(hq, of(cast.litein_manager), factory=cast.elsewhere.pk)

    assert response.status_code == 400
    assert of(cast.litein_manager).factory == cast.litein


def test_a_role_that_they_have_there_already_conflicts(hq: Client, cast: Cast) -> None:
    second = make.make_membership(user=cast.litein_manager, role=Role.AUDITOR, organisation=cast.organisation)
    first = cast.litein_manager.memberships.exclude(pk=second.pk).get()

    response = patch(hq, first, role="auditor", factory=None)

    assert (response.status_code, response.json()["code"]) == (409, "membership_exists")


def test_an_ended_member_sees_nothing_from_the_next_request_on(hq: Client, cast: Cast, as_user: AsUser) -> None:
    manager = as_user(cast.litein_manager)
    before = manager.get(f"/api/factories/{cast.litein.pk}/").status_code

    ended = hq.delete(f"/api/members/{of(cast.litein_manager).pk}/").status_code

    assert (before, ended) == (200, 204)
    assert manager.get(f"/api/factories/{cast.litein.pk}/").status_code in (403, 404)


# --- The last HQ manager -----------------------------------------------------------------------
@pytest.mark.parametrize("body", [{"role": "auditor"}, {"county": "Kericho"}, None])
def test_the_last_hq_manager_stays(hq: Client, cast: Cast, body: dict[str, Any] | None) -> None:
    own = of(cast.hq)

    response = hq.delete(f"/api/members/{own.pk}/") if body is None else patch(hq, own, **body)

    assert (response.status_code, response.json()["code"]) == (409, "last_hq_manager")
    assert of(cast.hq).role == Role.HQ_MANAGER


def test_an_hq_manager_who_left_or_is_of_a_county_does_not_count(hq: Client, cast: Cast) -> None:
    gone = make.make_user(is_active=False)
    make.make_membership(user=gone, role=Role.HQ_MANAGER, organisation=cast.organisation)
    regional = make.make_user()
    make.make_membership(user=regional, role=Role.HQ_MANAGER, organisation=cast.organisation, county="Kericho")

    assert hq.delete(f"/api/members/{of(cast.hq).pk}/").status_code == 409


@pytest.mark.django_db(transaction=True)
def test_two_hq_managers_who_end_each_other_at_once_leave_one(cast: Cast) -> None:
    second = make.make_user()
    make.make_membership(user=second, role=Role.HQ_MANAGER, organisation=cast.organisation)
    memberships = [of(cast.hq).pk, of(second).pk]

    def end(number: int) -> str:
        try:
            end_membership(memberships[number])
        except ApiError as error:
            return error.code
        return "ended"

    assert sorted(at_once(2, end)) == ["ended", "last_hq_manager"]
    assert Membership.objects.filter(organisation=cast.organisation, role=Role.HQ_MANAGER).count() == 1


# --- Undo --------------------------------------------------------------------------------------
@pytest.mark.parametrize("act", ["end", "change"])
def test_undone_it_is_as_it_was_and_undone_twice_too(hq: Client, cast: Cast, act: str) -> None:
    before = of(cast.litein_manager)
    if act == "end":
        hq.delete(f"/api/members/{before.pk}/")
    else:
        patch(hq, before, role="auditor", factory=None)

    statuses = [hq.post(f"/api/members/{before.pk}/undo/").status_code for _ in range(2)]

    after = of(cast.litein_manager)
    assert statuses == [200, 200]
    assert (after.pk, after.role, after.factory, after.created_at) == (
        before.pk,
        before.role,
        before.factory,
        before.created_at,
    )


def test_after_ten_minutes_nothing_is_undone(hq: Client, cast: Cast) -> None:
    own = of(cast.litein_manager)
    hq.delete(f"/api/members/{own.pk}/")

    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=5)):
        response = hq.post(f"/api/members/{own.pk}/undo/")

    assert (response.status_code, response.json()["code"]) == (409, "undo_expired")
    assert not cast.litein_manager.memberships.exists()


def test_nobody_undoes_in_another_organisation(hq: Client, cast: Cast, as_user: AsUser) -> None:
    own = of(cast.litein_manager)
    hq.delete(f"/api/members/{own.pk}/")

    assert as_user(cast.outsider).post(f"/api/members/{own.pk}/undo/").status_code == 404


def test_the_history_says_who_did_it(hq: Client, cast: Cast) -> None:
    own = of(cast.litein_manager)
    patch(hq, own, role="auditor", factory=None)

    events = own.events.order_by("pgh_id").select_related("pgh_context")

    assert [(event.pgh_label, event.role) for event in events] == [("insert", "factory_manager"), ("update", "auditor")]
    assert events[1].pgh_context.metadata["user"] == cast.hq.pk


# --- Password links ----------------------------------------------------------------------------
def password_link(client: Client, user: Any) -> Any:
    return client.post(f"/api/members/{of(user).pk}/password-link/")


def test_a_password_link_sets_a_password_once_and_signs_out_everywhere(
    hq: Client, cast: Cast, as_user: AsUser, client: Client
) -> None:
    elsewhere, sign_in = as_user(cast.litein_manager), make.make_token(cast.litein_manager, is_sign_in=True)
    make.make_token(cast.litein_manager, Scope.READ, name="scada")
    path = password_link(hq, cast.litein_manager).json()["link"].removeprefix("http://testserver")

    looked = client.get(path)
    first = client.post(path, {"password": "a new phrase of mine"})
    second = client.post(path, {"password": "another phrase of mine"})

    cast.litein_manager.refresh_from_db()
    assert (looked.status_code, first.status_code, second.status_code) == (200, 302, 404)
    assert cast.litein_manager.check_password("a new phrase of mine")
    assert elsewhere.get("/api/me/").status_code == 401
    assert client.get("/api/me/", headers={"Authorization": f"Token {sign_in}"}).status_code == 401
    assert [token.name for token in tokens_of(cast.litein_manager)] == ["scada"]
    assert path.split("/")[2] not in str(PasswordLink.objects.values().get())


def test_a_new_password_link_ends_the_one_before(hq: Client, cast: Cast, client: Client) -> None:
    first, second = (
        password_link(hq, cast.litein_manager).json()["link"].removeprefix("http://testserver") for _ in range(2)
    )

    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)


def test_a_password_link_ends_after_a_day(hq: Client, cast: Cast, client: Client) -> None:
    path = password_link(hq, cast.litein_manager).json()["link"].removeprefix("http://testserver")

    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        assert client.post(path, {"password": "a new phrase of mine"}).status_code == 404


def test_a_weak_password_is_refused_beside_its_field(hq: Client, cast: Cast, client: Client) -> None:
    path = password_link(hq, cast.litein_manager).json()["link"].removeprefix("http://testserver")

    page = client.post(path, {"password": "short"})

    assert page.status_code == 200
    assert "10 characters" in page.content.decode()


def test_nobody_is_taken_over_by_a_password_link(hq: Client, cast: Cast) -> None:
    """The link would take over people who also belong elsewhere or run the server; a user's own password has a menu."""
    make.make_membership(user=cast.momul_manager, role=Role.AUDITOR, organisation=cast.elsewhere.organisation)
    cast.auditor.is_superuser = True
    cast.auditor.save()

    codes = [password_link(hq, user) for user in (cast.auditor, cast.hq)]
    pk = cast.momul_manager.memberships.get(organisation=cast.organisation).pk
    shared = hq.post(f"/api/members/{pk}/password-link/")

    assert [answer.json()["code"] for answer in [*codes, shared]] == [
        "belongs_elsewhere",
        "own_account",
        "belongs_elsewhere",
    ]
    assert PasswordLink.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    ["sender demoted", "sender removed", "sender left", "member elsewhere", "member left", "staff", "superuser"],
)
def test_a_password_link_ends_with_the_right_it_rests_on(hq: Client, cast: Cast, client: Client, change: str) -> None:
    person, sender = cast.litein_manager, cast.hq
    path = password_link(hq, person).json()["link"].removeprefix("http://testserver")
    hash_before = person.password

    match change:
        case "sender demoted":
            sender.memberships.update(role=Role.AUDITOR)
        case "sender removed":
            sender.memberships.all().delete()
        case "sender left":
            User.objects.filter(pk=sender.pk).update(is_active=False)
        case "member elsewhere":
            make.make_membership(user=person, role=Role.HQ_MANAGER, organisation=cast.elsewhere.organisation)
        case "member left":
            person.memberships.all().delete()
        case "staff" | "superuser":
            User.objects.filter(pk=person.pk).update(**{f"is_{change}": True})
    looked, posted = client.get(path), client.post(path, {"password": "a phrase of the sender"})

    person.refresh_from_db()
    assert (looked.status_code, posted.status_code) == (404, 404)
    assert "no longer manages your account" in looked.content.decode()
    assert person.password == hash_before


# --- Pages -------------------------------------------------------------------------------------
def test_on_the_page_an_end_can_be_undone_by_a_button(hq: Client, cast: Cast) -> None:
    own = of(cast.litein_manager)

    hq.post(f"/members/{own.pk}/", {"act": "end"})
    offered = hq.get("/members/").content.decode()
    hq.post(f"/members/{own.pk}/undo/")

    assert f"/members/{own.pk}/undo/" in offered
    assert of(cast.litein_manager).pk == own.pk
    assert f"/members/{own.pk}/undo/" not in hq.get("/members/").content.decode()


def test_on_the_page_ones_own_end_is_asked_twice(hq: Client, cast: Cast) -> None:
    second = make.make_user()
    make.make_membership(user=second, role=Role.HQ_MANAGER, organisation=cast.organisation)
    own = of(cast.hq)

    asked = hq.post(f"/members/{own.pk}/", {"act": "end"})
    still_there = cast.hq.memberships.exists()
    done = hq.post(f"/members/{own.pk}/", {"act": "end", "confirmed": "yes"})

    assert 'name="confirmed"' in asked.content.decode()
    assert still_there
    assert done.status_code == 302
    assert not cast.hq.memberships.exists()


def test_on_the_page_a_refusal_is_a_sentence(hq: Client, cast: Cast) -> None:
    page = hq.post(f"/members/{of(cast.hq).pk}/", {"act": "change", "role": "auditor", "place": "organisation"})

    assert page.status_code == 200
    assert "give another person that role first" in page.content.decode()


def test_the_page_of_members_asks_as_many_queries_for_many_as_for_few(
    hq: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        make.make_membership(user=make.make_user(), role=Role.AUDITOR, organisation=cast.organisation)
        make.make_access_request(cast.organisation)
        make.make_invitation(cast.hq, cast.litein)

    with django_assert_max_num_queries(16):
        assert hq.get("/members/").status_code == 200


@pytest.mark.parametrize(("q", "count"), [("litein", 2), ("momul@", 1), ("nobody-like-this", 0), ("\x00", 6)])
def test_members_are_found_by_name_factory_or_contact(hq: Client, cast: Cast, q: str, count: int) -> None:
    assert len(hq.get("/members/", {"q": q}).context["page_obj"]) == count


@pytest.mark.parametrize("q", ["0712 345 678", "254712345678", "+254 712-345-678"])
def test_a_member_is_found_by_every_spelling_of_a_phone_number(hq: Client, cast: Cast, q: str) -> None:
    person = make.make_user(email=None, phone="+254712345678")
    make.make_membership(user=person, role=Role.AUDITOR, organisation=cast.organisation)

    assert [row.user for row in hq.get("/members/", {"q": q}).context["page_obj"]] == [person]
