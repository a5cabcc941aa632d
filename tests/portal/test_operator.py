"""The operator of the server founds organisations on a page and over the API, and invites who manages them."""

import pytest
from django.test import Client

from accounts.models import Invitation, Membership
from accounts.roles import Role
from factories.models import Organisation
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(as_user: AsUser) -> Client:
    return as_user(make.make_user(is_superuser=True, is_staff=True))


def test_an_organisation_is_founded_and_its_first_manager_joins_by_the_link(root: Client, client: Client) -> None:
    made = root.post("/organisations/", {"name": "Tea Group", "country": "KE", "contact": "0712 345 678"})

    link = made.context["link"]["url"]
    joined = client.post(link, {"first_name": "Chepkoech", "password": "a long phrase of mine"})
    membership = Membership.objects.get()
    assert (membership.organisation.name, membership.role) == ("Tea Group", Role.HQ_MANAGER)
    assert membership.user.phone == "+254712345678"
    assert joined.status_code == 302
    assert client.get("/")["Location"] == "/morning/"
    assert root.get("/")["Location"] == "/organisations/"  # the operator has no part in it


def test_a_second_superuser_is_shown_the_organisations_and_need_not_make_one(cast: Cast, root: Client) -> None:
    page = root.get("/", follow=True)

    assert page.redirect_chain == [("/organisations/", 302)]
    assert cast.organisation.name in page.content.decode()


@pytest.mark.parametrize("extra", [{}, {"contact": "0712 345 678", "manages_it": "on"}, {"contact": "12"}])
def test_it_needs_one_way_to_a_manager_and_founds_nothing_without(root: Client, extra: dict[str, str]) -> None:
    response = root.post("/organisations/", {"name": "Tea Group", "country": "KE", **extra})

    assert response.context["form"].errors["contact"]
    assert not Organisation.objects.exists()
    assert not Invitation.objects.exists()


def test_a_lost_link_is_made_again_until_somebody_manages_the_organisation(cast: Cast, root: Client) -> None:
    lonely = make.make_organisation()

    again = root.post(f"/organisations/{lonely.pk}/invite/", {"contact": "boss@tea.example"})
    refused = root.post(f"/organisations/{cast.organisation.pk}/invite/", {"contact": "boss@tea.example"}, follow=True)

    assert "/join/" in again.context["link"]["url"]
    assert "who invites everybody else" in refused.content.decode()
    assert Invitation.objects.count() == 1


def test_a_new_link_ends_the_one_before(root: Client, client: Client) -> None:
    first = root.post("/organisations/", {"name": "Tea Group", "country": "KE", "contact": "0712 345 678"})
    url = f"/organisations/{Organisation.objects.get().pk}/invite/"
    second = root.post(url, {"contact": "0712 345 679"})

    assert "was revoked" in client.get(first.context["link"]["url"]).content.decode()
    assert "was revoked" not in client.get(second.context["link"]["url"]).content.decode()


def test_the_link_ends_with_the_operators_right(root: Client, client: Client) -> None:
    made = root.post("/organisations/", {"name": "Tea Group", "country": "KE", "contact": "0712 345 678"})
    Invitation.objects.get().invited_by.__class__.objects.filter(is_superuser=True).update(is_superuser=False)

    page = client.get(made.context["link"]["url"])

    assert "its sender may no longer invite" in page.content.decode()


def test_the_api_founds_an_organisation_and_shows_the_link_once(root: Client) -> None:
    made = root.post(
        "/api/organisations/",
        {"name": "Coal Group", "country": "IN", "email": "boss@coal.example"},
        content_type="application/json",
    )
    twice = root.post("/api/organisations/", {"name": "coal group", "country": "IN"}, content_type="application/json")
    nobody = root.post("/api/organisations/", {"name": "Other", "country": "IN"}, content_type="application/json")

    assert made.status_code == 201
    assert made.json()["organisation"]["currency"] == "INR"
    assert "/join/" in made.json()["invitation"]["link"]
    assert (twice.status_code, nobody.status_code) == (400, 400)
    assert [row["name"] for row in root.get("/api/organisations/").json()["results"]] == ["Coal Group"]
