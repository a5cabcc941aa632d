"""An e-mail address is proven before anything rests on it: sign-in, a new password, an invitation."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

from accounts.grants import Grant
from accounts.invitations import accept, invite
from accounts.models import User
from accounts.roles import Role
from lib.errors import ApiError
from tests import make
from tests.accounts.test_pages import sign_in
from tests.cast import AsUser, Cast
from tests.mails import sent

pytestmark = pytest.mark.django_db
NEW = "new@test.example"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def mail_to(email: str) -> Any:
    return next(one for one in reversed(sent()) if one.to == [email])


def code_in(message: Any) -> str:
    found = re.search(r"^([A-Z0-9]{3,4}-[A-Z0-9]{3,4})$", str(message.body), re.MULTILINE)
    assert found, message.body
    return found.group(1)


def addresses(user: User) -> list[tuple[str, bool, bool]]:
    return [(row.email, row.verified, row.primary) for row in EmailAddress.objects.filter(user=user)]


def reauthenticate(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": make.PASSWORD})


def add(client: Client, email: str) -> Any:
    return client.post("/accounts/email/", {"action_add": "", "email": email})


# --- A session alone -------------------------------------------------------------------------------
def test_a_session_alone_changes_no_address(cast: Cast, as_user: AsUser) -> None:
    stolen = as_user(cast.hq)

    asked = add(stolen, "thief@test.example")
    stolen.post("/accounts/email/", {"action_primary": "", "email": "thief@test.example"})
    Client().post("/accounts/password/reset/", {"email": "thief@test.example"})

    cast.hq.refresh_from_db()
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert cast.hq.email == "hq@test.example"
    assert sent() == []
    assert not EmailAddress.objects.filter(email="thief@test.example").exists()


def test_a_new_address_counts_once_its_mailbox_is_proven_and_the_old_one_is_told(client: Client, cast: Cast) -> None:
    sign_in(client, "hq@test.example")
    reauthenticate(client)

    add(client, NEW)
    before = User.objects.get(pk=cast.hq.pk).email
    client.post("/accounts/confirm-email/", {"code": code_in(sent()[0])})

    assert before == "hq@test.example"
    assert User.objects.get(pk=cast.hq.pk).email == NEW
    assert addresses(cast.hq) == [(NEW, True, True)]
    assert NEW in mail_to("hq@test.example").body


def test_an_address_that_waits_for_its_code_is_good_for_nothing(client: Client, cast: Cast) -> None:
    sign_in(client, "hq@test.example")
    reauthenticate(client)
    add(client, "stranger@test.example")
    client.post("/accounts/email/", {"action_primary": "", "email": "stranger@test.example"})
    assert len(sent()) == 1

    Client().post("/accounts/password/reset/", {"email": "stranger@test.example"})

    assert sign_in(Client(), "stranger@test.example").status_code == 200
    assert User.objects.get(pk=cast.hq.pk).email == "hq@test.example"
    assert len(sent()) == 1


@pytest.mark.parametrize("is_proven", [True, False])
def test_the_address_of_somebody_else_is_no_500_and_stays_theirs(client: Client, cast: Cast, is_proven: bool) -> None:
    make.make_user(email="taken@test.example", email_is_proven=is_proven)
    user = make.make_user(email=None, phone="+254712345678")
    sign_in(client, "+254712345678")
    reauthenticate(client)

    primary = client.post("/accounts/email/", {"action_primary": "", "email": "taken@test.example"})
    answers = [add(client, "free@test.example"), add(client, "taken@test.example")]
    confirmed = client.post("/accounts/confirm-email/", {"code": code_in(mail_to("taken@test.example"))})

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/accounts/confirm-email/")}
    assert (primary.status_code, confirmed.status_code) == (302, 200)
    assert "already" in str(confirmed.context["form"].errors)
    assert User.objects.get(pk=user.pk).email is None


@pytest.mark.parametrize("phone", [None, "+254712345678"])
def test_nobody_is_left_with_an_empty_address(client: Client, cast: Cast, phone: str | None) -> None:
    user = make.make_user(email="only@test.example", phone=phone)
    sign_in(client, "only@test.example")
    reauthenticate(client)

    removed = client.post("/accounts/email/", {"action_remove": "", "email": "only@test.example"})

    assert removed.status_code == 302
    assert User.objects.get(pk=user.pk).email == "only@test.example"
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="")


# --- Signing in ------------------------------------------------------------------------------------
def test_a_person_with_only_an_address_proves_it_before_the_first_sign_in(client: Client, cast: Cast) -> None:
    token = make.make_invitation(cast.hq, cast.litein)
    joining = {"first_name": "Chepkoech", "contact": NEW, "password": make.PASSWORD}

    joined = client.post(f"/join/{token}/", joining)
    inside = client.get("/api/me/").status_code
    api = client.post("/api/login/", {"email": NEW, "password": make.PASSWORD}, content_type="application/json")
    proven = client.post("/accounts/confirm-email/", {"code": code_in(sent()[0])})

    assert joined["Location"].startswith("/accounts/confirm-email/")
    assert inside == 401
    assert (api.status_code, api.json()["code"]) == (403, "email_not_proven")
    assert proven["Location"] == "/"
    assert client.get("/api/me/").json()["email"] == NEW
    assert EmailAddress.objects.get(email=NEW).verified


def test_who_typed_the_address_of_somebody_else_never_gets_in_and_its_owner_does(cast: Cast) -> None:
    squatter, owner = Client(), Client()
    joining = {"first_name": "X", "contact": NEW, "password": make.PASSWORD}
    squatter.post(f"/join/{make.make_invitation(cast.hq, cast.litein)}/", joining)
    signed_in = [squatter.get("/api/me/").status_code]
    assert len(sent()) == 1

    owner.post("/accounts/password/reset/", {"email": NEW})
    link = re.search(r"http://testserver(\S+)", sent()[1].body)
    assert link
    form = owner.get(link.group(1))["Location"]
    owner.post(form, {"password1": "a phrase of the owner", "password2": "a phrase of the owner"})
    squatter.post("/accounts/confirm-email/", {"code": "WRONG"})
    signed_in += [squatter.get("/api/me/").status_code]

    assert signed_in == [401, 401]
    assert sign_in(Client(), NEW).status_code == 200  # the password is no longer theirs
    assert sign_in(owner, NEW, "a phrase of the owner")["Location"].startswith("/accounts/confirm-email/")


def test_a_person_with_a_phone_number_signs_in_without_mail(client: Client, cast: Cast) -> None:
    make.make_user(email="wrong@test.example", phone="+254712345678", email_is_proven=False)

    sign_in(client, "+254712345678")

    assert client.get("/api/me/").status_code == 200
    assert sent() == []


def test_the_page_of_the_address_mails_a_code_to_one_that_is_not_proven(client: Client, cast: Cast) -> None:
    user = make.make_user(email="own@test.example", phone="+254712345678", email_is_proven=False)
    sign_in(client, "+254712345678")

    page = client.get("/accounts/email/").content.decode()
    client.post("/accounts/email/", {"action_send": "", "email": "own@test.example"})
    client.post("/accounts/confirm-email/", {"code": code_in(mail_to("own@test.example"))})

    assert "own@test.example is not confirmed yet." in page
    assert "style=" not in page  # the policy refuses it
    assert addresses(user) == [("own@test.example", True, True)]


# --- A new password --------------------------------------------------------------------------------
def test_an_unknown_address_is_sent_nothing_and_the_answer_is_the_same(client: Client, cast: Cast) -> None:
    answers = [client.post("/accounts/password/reset/", {"email": e}) for e in ("hq@test.example", "x@test.example")]

    assert {(a.status_code, a["Location"]) for a in answers} == {(302, "/accounts/password/reset/done/")}
    assert [m.to for m in sent()] == [["hq@test.example"]]


def test_an_unproven_address_beside_a_phone_number_resets_no_password(client: Client) -> None:
    make.make_user(email="typo@test.example", phone="+254712345678", email_is_proven=False)

    client.post("/accounts/password/reset/", {"email": "typo@test.example"})

    assert sent() == []


def test_a_mail_server_that_is_away_tells_nobody_who_has_an_account(
    client: Client, cast: Cast, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answer = client.post("/accounts/password/reset/", {"email": "hq@test.example"})

    assert answer.status_code == 302
    assert sent() == []
    assert "mail was not sent" in caplog.text
    assert "hq@test.example" not in caplog.text


# --- Invitations -----------------------------------------------------------------------------------
def hq_invitation(cast: Cast, **contact: str) -> str:
    return invite(cast.hq, Grant(organisation_id=cast.organisation.pk, role=Role.HQ_MANAGER), **contact)[1]


def test_an_address_that_was_never_proven_takes_no_invitation(cast: Cast) -> None:
    token = hq_invitation(cast, email="boss@test.example")
    user = make.make_user(email="boss@test.example", phone="+254712345678", email_is_proven=False)

    with pytest.raises(ApiError, match=r"boss@test\.example") as refused:
        accept(token, user=user)
    EmailAddress.objects.filter(user=user).update(verified=True)

    assert (refused.value.status_code, refused.value.code) == (403, "not_yours")
    assert accept(token, user=user).role == Role.HQ_MANAGER


def test_a_new_account_with_a_phone_number_takes_no_address_unproven(cast: Cast) -> None:
    token = hq_invitation(cast, email="boss@test.example", phone="+254712345678")

    user = accept(token, password=make.PASSWORD).user

    assert (user.phone, user.email) == ("+254712345678", None)


# --- The operator ----------------------------------------------------------------------------------
def type_email(cast: Cast, as_user: AsUser, email: str) -> None:
    root = make.make_user(is_superuser=True, is_staff=True)
    page = f"/admin/accounts/user/{cast.hq.pk}/change/"
    form = as_user(root).get(page).context["adminform"].form
    inlines = {f"memberships-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    given = {name: form.initial.get(name) or "" for name in form.fields} | inlines | {"email": email}
    saved = as_user(root).post(page, given)
    assert saved.status_code == 302, saved.context["errors"]


def test_an_address_that_the_operator_types_is_proven_by_its_owner(cast: Cast, as_user: AsUser) -> None:
    type_email(cast, as_user, "New@Test.example")

    assert User.objects.get(pk=cast.hq.pk).email == NEW
    assert addresses(cast.hq) == [(NEW, False, True)]
    assert sent()[0].to == ["hq@test.example"]


def test_an_address_typed_in_other_letters_is_the_same_and_stays_proven(cast: Cast, as_user: AsUser) -> None:
    type_email(cast, as_user, "HQ@Test.example")

    assert addresses(cast.hq) == [("hq@test.example", True, True)]
    assert sent() == []


def test_an_account_made_at_the_shell_is_of_its_operator(client: Client) -> None:
    User.objects.create_superuser("Root@Test.example", make.PASSWORD)

    sign_in(client, "root@test.example")

    assert client.get("/api/me/").status_code == 200
