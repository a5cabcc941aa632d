"""Who may exist: e-mail or phone, each once; memberships that name one place; tokens that keep no secret."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError

from accounts.models import ApiToken, Membership, User
from accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db


def test_a_user_needs_an_email_or_a_phone() -> None:
    with pytest.raises(ValidationError, match="at least one"):
        User.objects.create_user(password="x")


def test_the_database_itself_refuses_a_user_with_neither() -> None:
    with pytest.raises(IntegrityError, match="user_has_email_or_phone"):
        User.objects.create(password="x")


def test_an_email_is_taken_in_any_case() -> None:
    make.make_user(email="Jane@Test.example")

    with pytest.raises(ValidationError):
        make.make_user(email="jANE@test.EXAMPLE")
    with pytest.raises(IntegrityError, match="user_email_unique_any_case"):
        User.objects.create(email="JANE@test.example")


def test_an_email_is_kept_in_small_letters() -> None:
    assert make.make_user(email="Jane.Doe@Test.Example").email == "jane.doe@test.example"


def test_several_users_have_no_email() -> None:
    make.make_user(email=None, phone="+254712345678")
    make.make_user(email="", phone="+254712345679")

    assert User.objects.filter(email=None).count() == 2


@pytest.mark.parametrize("phone", ["+254712345678", "+12345678", "+919876543210", "+123456789012345"])
def test_a_phone_number_has_its_country_code(phone: str) -> None:
    assert make.make_user(email=None, phone=phone).phone == phone


@pytest.mark.parametrize(
    "phone",
    [
        "0712345678",
        "254712345678",
        "+0712345678",
        "+1234567",
        "+1234567890123456",
        "+25471234567x",
        "+254 712 345678",
        "+254712345678\n",
        "+25471234567\u0668",
    ],
)
def test_anything_else_is_no_phone_number(phone: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make.make_user(email=None, phone=phone)

    assert set(caught.value.message_dict) == {"phone"}


def test_a_phone_number_is_taken_once() -> None:
    make.make_user(email=None, phone="+254712345678")

    with pytest.raises(ValidationError):
        make.make_user(email=None, phone="+254712345678")


def test_a_person_is_called_by_name_or_by_what_we_know() -> None:
    named = make.make_user(first_name="Jane", last_name="Cherono")
    by_phone = make.make_user(email=None, phone="+254712345678")

    assert (str(named), named.get_short_name()) == ("Jane Cherono", "Jane")
    assert str(by_phone) == "+254712345678"


def test_a_superuser_is_made_without_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", make.PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "Root@Test.example", verbosity=0)

    root = User.objects.get(email="root@test.example")
    assert (root.is_superuser, root.is_staff) == (True, True)
    assert root.check_password(make.PASSWORD)


# --- Memberships -------------------------------------------------------------------------------
def test_a_membership_is_given_once() -> None:
    factory, user = make.make_factory(), make.make_user()
    make.make_membership(user=user, role=Role.AUDITOR, organisation=factory.organisation)

    with pytest.raises(IntegrityError, match="membership_once"):
        make.make_membership(user=user, role=Role.AUDITOR, organisation=factory.organisation)


def test_a_membership_is_of_a_factory_or_a_county() -> None:
    factory = make.make_factory()

    with pytest.raises(IntegrityError, match="membership_factory_or_county"):
        make.make_membership(user=make.make_user(), role=Role.AUDITOR, factory=factory, county="Kericho")


def test_a_role_that_nobody_defined_is_refused() -> None:
    with pytest.raises(IntegrityError, match="membership_known_role"):
        Membership.objects.create(user=make.make_user(), organisation=make.make_organisation(), role="boss")


def test_a_membership_names_a_factory_of_its_own_organisation() -> None:
    membership = Membership(
        user=make.make_user(), organisation=make.make_organisation(), factory=make.make_factory(), role=Role.AUDITOR
    )

    with pytest.raises(ValidationError, match="another organisation"):
        membership.full_clean()


# --- Tokens ------------------------------------------------------------------------------------
def test_a_token_is_kept_as_a_hash_alone() -> None:
    token = make.make_token(make.make_user())

    record = ApiToken.objects.get()
    kept = " ".join(map(str, ApiToken.objects.values_list()[0]))
    assert token not in kept
    assert record.digest not in token
    assert token.startswith("ct_")
