"""People in the admin site: added by e-mail or phone, memberships that fit, tokens without their secret."""

import pytest
from django.test import Client

from accounts.models import ApiToken, Membership, User
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
NO_MEMBERSHIPS = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


@pytest.fixture
def root(as_user: AsUser) -> Client:
    return as_user(make.make_user(email="root@test.example", is_superuser=True, is_staff=True))


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"email": "new@test.example"}, ("new@test.example", None)),
        ({"phone": "+254712345678"}, (None, "+254712345678")),
        ({"phone": "0712 345 678"}, (None, "+254712345678")),
    ],
)
def test_a_user_is_added_by_email_or_phone(
    root: Client, fields: dict[str, str], kept: tuple[str | None, str | None]
) -> None:
    make.make_organisation(country="KE")
    blank = {"email": "", "phone": "", "first_name": "", "last_name": "", "password": make.PASSWORD}

    response = root.post("/admin/accounts/user/add/", NO_MEMBERSHIPS | blank | fields)

    assert response.status_code == 302
    user = User.objects.order_by("pk").last()
    assert user is not None
    assert (user.email, user.phone) == kept
    assert user.check_password(make.PASSWORD)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"email": "ROOT@test.example"},
        {"phone": "0712345"},
        {"email": "new@test.example", "password": "short"},
        {"email": "new@test.example", "password": "1234567890"},
    ],
)
def test_a_user_that_cannot_be_is_not_added(root: Client, fields: dict[str, str]) -> None:
    make.make_organisation(country="KE")
    blank = {"email": "", "phone": "", "first_name": "", "last_name": "", "password": make.PASSWORD}

    response = root.post("/admin/accounts/user/add/", NO_MEMBERSHIPS | blank | fields)

    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert User.objects.count() == 1


def test_a_user_is_changed_and_may_lose_the_email(root: Client) -> None:
    user = make.make_user(phone="+254712345678")
    fields = {
        "email": "",
        "phone": "+254712345678",
        "first_name": "Jane",
        "last_name": "",
        "language": "",
        "is_active": "on",
    }

    response = root.post(f"/admin/accounts/user/{user.pk}/change/", NO_MEMBERSHIPS | fields)

    user.refresh_from_db()
    assert response.status_code == 302
    assert (user.email, user.first_name) == (None, "Jane")
    assert user.check_password(make.PASSWORD)


def test_a_membership_in_a_factory_of_others_is_refused(root: Client, cast: Cast) -> None:
    before = Membership.objects.count()
    fields = {"user": cast.nobody.pk, "organisation": cast.organisation.pk, "county": "", "role": "auditor"}

    wrong = root.post("/admin/accounts/membership/add/", fields | {"factory": cast.elsewhere.pk})
    right = root.post("/admin/accounts/membership/add/", fields | {"factory": cast.litein.pk})

    assert "another organisation" in wrong.content.decode()
    assert right.status_code == 302
    assert Membership.objects.count() == before + 1


def test_a_token_is_seen_and_ended_but_its_secret_is_not_shown(root: Client) -> None:
    token = make.make_token(make.make_user())
    record = ApiToken.objects.get()

    page = root.get(f"/admin/accounts/apitoken/{record.pk}/change/").content.decode()
    root.post(f"/admin/accounts/apitoken/{record.pk}/delete/", {"post": "yes"})

    assert token not in page
    assert Client(headers={"Authorization": f"Token {token}"}).get("/api/me/").status_code == 401
